-- SPDX-License-Identifier: Apache-2.0
-- What MelodyUD's batch consumer (deploy/demo/pipeline) needs: how far it has come, stored in the same
-- transaction as what came of the events, and the functions it calls. Run after schema.sql, in the
-- same database.

\set ON_ERROR_STOP on
BEGIN;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'melodyud_pipeline') THEN
    CREATE ROLE melodyud_pipeline LOGIN;  -- the consumer
  END IF;
END $$;
-- Longer than a stall that is to be sat out; a batch takes milliseconds.
ALTER ROLE melodyud_pipeline SET statement_timeout = '30s';

SET LOCAL search_path = melodyud;

-- The truth about what has been applied; what is committed to Kafka only tells others about it.
CREATE TABLE consumer_offset (
  consumer_group text NOT NULL,
  topic          text NOT NULL,
  partition      integer NOT NULL,
  next_offset    bigint NOT NULL DEFAULT 0 CHECK (next_offset >= 0),  -- first that is not applied
  -- Grows each time a consumer takes the partition over: who holds a lower one writes no more.
  owner_epoch    bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (consumer_group, topic, partition)
) WITH (fillfactor = 50);

-- Makes the caller the owner of these partitions, and says where it goes on. A transaction of the
-- owner before is waited for: it counts, or it is turned away, never both.
CREATE FUNCTION claim_partitions(of_group text, of_topic text, partitions integer[])
RETURNS TABLE (partition integer, next_offset bigint, owner_epoch bigint)
LANGUAGE sql SET search_path = melodyud, pg_temp AS $$
  INSERT INTO consumer_offset AS o (consumer_group, topic, partition, owner_epoch)
  SELECT of_group, of_topic, p, 1 FROM unnest(partitions) AS p ORDER BY p
  ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET owner_epoch = o.owner_epoch + 1
  RETURNING o.partition, o.next_offset, o.owner_epoch;
$$;

-- Moves the offsets of a batch on. Raises MU001, so that nothing of the batch is kept, if any of its
-- partitions has another owner by now, or stands elsewhere than where the batch begins: further on, or,
-- after a crash that cost PostgreSQL its last commits, before.
CREATE FUNCTION advance_offsets(of_group text, of_topic text, partitions integer[],
                                owner_epochs bigint[], first_offsets bigint[],
                                next_offsets bigint[])
RETURNS bigint LANGUAGE plpgsql SET search_path = melodyud, pg_temp AS $$
DECLARE advanced bigint;
BEGIN
  UPDATE consumer_offset AS o SET next_offset = b.next_offset
    FROM unnest(partitions, owner_epochs, first_offsets, next_offsets)
      AS b (partition, owner_epoch, first_offset, next_offset)
   WHERE o.consumer_group = of_group AND o.topic = of_topic AND o.partition = b.partition
     AND o.owner_epoch = b.owner_epoch AND o.next_offset = b.first_offset;
  GET DIAGNOSTICS advanced = ROW_COUNT;
  IF advanced <> cardinality(partitions) THEN
    RAISE EXCEPTION 'of % partitions only % are still this consumer''s', cardinality(partitions),
      advanced USING ERRCODE = 'MU001';
  END IF;
  RETURN advanced;
END $$;

-- The batch's ad impressions: append only, a row each. When they were seen is our clock's word, not
-- the producer's.
CREATE FUNCTION add_impressions(users bigint[], tracks bigint[], campaigns integer[])
RETURNS bigint LANGUAGE sql SET search_path = melodyud, pg_temp AS $$
  WITH added AS (
    INSERT INTO ad_impression (user_id, track_id, campaign)
    SELECT * FROM unnest(users, tracks, campaigns)
    RETURNING 1
  )
  SELECT count(*) FROM added;
$$;

GRANT USAGE ON SCHEMA melodyud TO melodyud_pipeline;
GRANT SELECT, INSERT, UPDATE ON consumer_offset TO melodyud_pipeline;
GRANT SELECT, UPDATE ON track_stats TO melodyud_pipeline;
GRANT SELECT, INSERT ON ad_impression TO melodyud_pipeline;

COMMIT;
