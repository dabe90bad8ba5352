-- SPDX-License-Identifier: Apache-2.0
-- What consumers of Kafka report of their batches, from which `kafka_efficient_batch_events` is
-- computed. Sums, not batches: one row a member and five seconds, of the last five minutes.

-- Unlogged: a report costs no WAL, and what a crash takes is reported anew within minutes.
CREATE UNLOGGED TABLE homeostat.batch_report (
  bucket         timestamptz      NOT NULL,  -- the five seconds in which it was reported begin here
  consumer_group text             NOT NULL,
  member         text             NOT NULL,
  reported_at    timestamptz      NOT NULL,  -- the newest report in it
  batches        bigint           NOT NULL,
  events         double precision NOT NULL,  -- sum of n, the events of a batch
  busy_seconds   double precision NOT NULL,  -- sum of t, the seconds it took
  events_squared double precision NOT NULL,  -- sum of n * n
  events_busy    double precision NOT NULL,  -- sum of n * t
  PRIMARY KEY (bucket, consumer_group, member)
);

-- What is wrong with a report; null when nothing is.
CREATE FUNCTION homeostat.batch_report_problem(
  p_consumer_group text, p_member text, p_batches bigint, p_events bigint,
  p_busy_seconds double precision, p_events_squared double precision,
  p_events_busy double precision) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT CASE
    WHEN coalesce(length(p_consumer_group), 0) NOT BETWEEN 1 AND 255
      THEN 'consumer_group has 1 to 255 characters'
    WHEN coalesce(length(p_member), 0) NOT BETWEEN 1 AND 255
      THEN 'member has 1 to 255 characters'
    WHEN p_batches IS NULL OR p_events IS NULL OR p_busy_seconds IS NULL
         OR p_events_squared IS NULL OR p_events_busy IS NULL
      THEN 'a sum is null'
    -- NaN is greater than every number.
    WHEN NOT (p_batches BETWEEN 0 AND 1e12 AND p_events BETWEEN 0 AND 1e15
              AND p_busy_seconds BETWEEN 0 AND 1e9 AND p_events_squared BETWEEN 0 AND 1e30
              AND p_events_busy BETWEEN 0 AND 1e24)
      THEN 'a sum is negative, or too large to be one'
    WHEN p_batches = 0 AND (p_events > 0 OR p_busy_seconds > 0 OR p_events_squared > 0
                            OR p_events_busy > 0)
      THEN 'no batches, and yet sums over them'
    -- Cauchy and Schwarz, with room for the rounding of who added them up.
    WHEN p_events_squared * p_batches < p_events::double precision * p_events * (1 - 1e-6)
      THEN 'events_squared is less than any batches of so many events have'
  END
$$;

-- Sums over the batches that `member` has written since its last report: `batches`, `events` (sum
-- of n), `busy_seconds` (sum of t, a batch's time from its first statement to after its commit),
-- `events_squared` (sum of n * n), `events_busy` (sum of n * t). Zeros are a report, too: of a
-- member that had nothing to do. A few seconds apart, in a transaction of its own: nobody's batch
-- is to fail with it. Returns at once; what is older than five minutes goes.
CREATE FUNCTION homeostat.report_batches(
  consumer_group text, member text, batches bigint, events bigint,
  busy_seconds double precision, events_squared double precision, events_busy double precision)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, homeostat, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  v_now     CONSTANT timestamptz := clock_timestamp();
  v_problem CONSTANT text :=
    homeostat.batch_report_problem($1, $2, $3, $4, $5, $6, $7);
BEGIN
  IF v_problem IS NOT NULL THEN
    RAISE EXCEPTION 'homeostat.report_batches: %', v_problem
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO homeostat.batch_report AS r
    VALUES (date_bin('5 seconds', v_now, timestamptz 'epoch'), $1, $2, v_now, $3, $4, $5, $6, $7)
    ON CONFLICT ON CONSTRAINT batch_report_pkey DO UPDATE
      SET reported_at = excluded.reported_at,
          batches = r.batches + excluded.batches,
          events = r.events + excluded.events,
          busy_seconds = r.busy_seconds + excluded.busy_seconds,
          events_squared = r.events_squared + excluded.events_squared,
          events_busy = r.events_busy + excluded.events_busy;
  -- Whoever comes first takes out the old; the others do not wait for it.
  DELETE FROM homeostat.batch_report o USING (
    SELECT d.bucket, d.consumer_group, d.member FROM homeostat.batch_report d
     WHERE d.bucket < v_now - interval '305 seconds' FOR UPDATE SKIP LOCKED) AS old
   WHERE o.bucket = old.bucket AND o.consumer_group = old.consumer_group
     AND o.member = old.member;
END
$$;

REVOKE ALL ON FUNCTION homeostat.batch_report_problem, homeostat.report_batches FROM PUBLIC;
GRANT SELECT ON homeostat.batch_report TO homeostat_monitor;
