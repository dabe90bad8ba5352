-- SPDX-License-Identifier: Apache-2.0
-- Listeners are spread evenly, but those whose shards lie on the first worker listen five times as
-- much: the cluster is as uneven as one whose busiest listeners happened to land together.
\set ON_ERROR_STOP on
SET ROLE melodyud_owner;
SET search_path = melodyud;

CREATE TEMPORARY TABLE busy AS
  SELECT u.user_id
    FROM generate_series(1, 6000) AS u(user_id)
    JOIN pg_dist_placement p ON p.shardid = get_shard_id_for_distribution_column('listener', u.user_id)
   WHERE p.groupid = (SELECT min(groupid) FROM pg_dist_node WHERE shouldhaveshards);

INSERT INTO listener SELECT u, 0 FROM generate_series(1, 6000) AS u;
INSERT INTO play SELECT u, i FROM generate_series(1, 6000) AS u, generate_series(1, 5) AS i;
INSERT INTO play SELECT user_id, i FROM busy, generate_series(6, 25) AS i;
INSERT INTO royalty
  SELECT c, i, 100 * i FROM unnest(ARRAY['de', 'at', 'fr', 'it', 'se', 'pl', 'us', 'br']) AS c,
         generate_series(1, 500) AS i;
UPDATE listener SET plays = n FROM (
  SELECT user_id, count(*) AS n FROM play GROUP BY user_id) AS counted
 WHERE counted.user_id = listener.user_id;
DROP TABLE busy;
