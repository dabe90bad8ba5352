-- SPDX-License-Identifier: Apache-2.0
-- MelodyUD on Citus, as far as the demo of shards needs it: two colocation groups, whose shards are
-- planned together. Run once by a superuser on the coordinator, in an empty database.
\set ON_ERROR_STOP on

CREATE ROLE melodyud_owner LOGIN;  -- owns what is moved
CREATE ROLE melodyud_app LOGIN;    -- listeners' requests
CREATE SCHEMA melodyud AUTHORIZATION melodyud_owner;
GRANT USAGE ON SCHEMA melodyud TO melodyud_app;

SET ROLE melodyud_owner;
SET search_path = melodyud;
SET citus.shard_count = 12;
SET citus.shard_replication_factor = 1;

CREATE TABLE listener (
  user_id bigint PRIMARY KEY,
  plays   bigint NOT NULL DEFAULT 0
);
CREATE TABLE play (
  user_id bigint NOT NULL,
  play_id bigint NOT NULL,
  at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, play_id)
);
CREATE TABLE royalty (
  country text NOT NULL,
  creator bigint NOT NULL,
  cents   bigint NOT NULL,
  PRIMARY KEY (country, creator)
);
SELECT create_distributed_table('listener', 'user_id');
SELECT create_distributed_table('play', 'user_id', colocate_with => 'listener');
SELECT create_distributed_table('royalty', 'country', colocate_with => 'none');
GRANT SELECT, INSERT, UPDATE ON listener, play TO melodyud_app;
