-- SPDX-License-Identifier: Apache-2.0
-- Imbalance, on a stand-in for the parts of Citus' catalog that health() reads: what they hold is
-- ours to say. Whether Citus' own answer the same is for tests on a real Citus.
BEGIN;
SELECT plan(16);

SELECT is(verdict, 'not_applicable', 'without Citus there is nothing to balance')
  FROM homeostat.balance_health();
SELECT matches(array_to_string(reasons, ' '), 'no distributed table', 'and health() says so')
  FROM homeostat.balance_health();
SELECT is(count(*), 2::bigint, 'health() is both judgements')
  FROM homeostat.health(1, '0 s');

SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid oid, partmethod "char");
CREATE TABLE pg_catalog.pg_dist_shard (logicalrelid oid, shardid bigint);
CREATE TABLE pg_catalog.pg_dist_placement (shardid bigint, shardstate int, groupid int);
CREATE TABLE pg_catalog.pg_dist_node (groupid int, noderole text, shouldhaveshards boolean);
CREATE TABLE pg_catalog.stand_in_size (shard_id int, size bigint);
CREATE TABLE pg_catalog.stand_in_role (coordinator boolean);
CREATE FUNCTION pg_catalog.citus_is_coordinator() RETURNS boolean LANGUAGE sql
  AS 'SELECT coordinator FROM pg_catalog.stand_in_role';
CREATE FUNCTION pg_catalog.citus_shard_sizes(OUT shard_id int, OUT size bigint)
  RETURNS SETOF record LANGUAGE sql AS 'SELECT shard_id, size FROM pg_catalog.stand_in_size';
GRANT SELECT ON pg_catalog.pg_dist_partition, pg_catalog.pg_dist_shard,
  pg_catalog.pg_dist_placement, pg_catalog.pg_dist_node, pg_catalog.stand_in_size,
  pg_catalog.stand_in_role TO PUBLIC;
INSERT INTO pg_catalog.stand_in_role VALUES (true);

-- Three nodes with shards, and the coordinator, which has none.
INSERT INTO pg_catalog.pg_dist_node VALUES
  (0, 'primary', false), (1, 'primary', true), (2, 'primary', true), (3, 'primary', true);
INSERT INTO pg_catalog.pg_dist_partition VALUES (1, 'n');  -- a reference table
SELECT is(verdict, 'not_applicable', 'a reference table is not distributed')
  FROM homeostat.balance_health();

INSERT INTO pg_catalog.pg_dist_partition VALUES (2, 'h');
INSERT INTO pg_catalog.pg_dist_shard SELECT 2, 102000 + i FROM generate_series(1, 6) AS i;
INSERT INTO pg_catalog.pg_dist_placement SELECT 102000 + i, 1, 1 + i % 3
  FROM generate_series(1, 6) AS i;
INSERT INTO pg_catalog.stand_in_size SELECT 102000 + i, 1000 FROM generate_series(1, 6) AS i;

SELECT is(verdict, 'healthy', 'equal nodes are in balance') FROM homeostat.balance_health();
SELECT is(value, 0::double precision, 'exactly') FROM homeostat.balance_health();
SELECT is(threshold, 0.3::double precision, 'by the source document''s number until policies have one')
  FROM homeostat.balance_health();
SELECT matches(array_to_string(reasons, ' '), 'source document', 'which is said')
  FROM homeostat.balance_health();

-- 1000, 2000 and 6000 bytes: mean 3000, standard deviation 2160.
UPDATE pg_catalog.stand_in_size SET size = CASE WHEN shard_id % 3 = 0 THEN 500
  WHEN shard_id % 3 = 1 THEN 1000 ELSE 3000 END;
SELECT is(verdict, 'breached', 'unequal ones are not') FROM homeostat.balance_health();
SELECT is(round(value::numeric, 4), 0.7201, 'standard deviation by mean')
  FROM homeostat.balance_health();

INSERT INTO homeostat.threshold VALUES
  ('circuit-breaker', 2, 'breaker', 'enforce', 'citus_node_cv', 'above', 0.8, true, 0, 0, 'cafe');
SELECT is(verdict, 'healthy', 'by the live policy''s number as soon as there is one')
  FROM homeostat.balance_health();

DELETE FROM pg_catalog.stand_in_size WHERE shard_id = 102003;
SELECT is(verdict, 'unknown', 'a worker that does not answer is not an empty one')
  FROM homeostat.balance_health();
SELECT matches(array_to_string(reasons, ' '), '1 shards did not tell', 'and is named')
  FROM homeostat.balance_health();

UPDATE pg_catalog.stand_in_size SET size = 0;
INSERT INTO pg_catalog.stand_in_size VALUES (102003, 0);
SELECT is(verdict, 'empty', 'empty tables are neither balanced nor not')
  FROM homeostat.balance_health();

SELECT matches(array_to_string(reasons, ' '), 'cannot see',
  'a coordinator says that it does not see who waits on the workers')
  FROM homeostat.lock_health(1, '0 s');
UPDATE pg_catalog.stand_in_role SET coordinator = false;
SELECT is(verdict, 'not_applicable', 'a worker leaves the balance to its coordinator')
  FROM homeostat.balance_health();

SELECT * FROM finish();
ROLLBACK;
