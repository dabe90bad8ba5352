-- SPDX-License-Identifier: Apache-2.0
-- The database's own judgement: do transactions wait for locks, or is a distributed database out of
-- balance, beyond what the live policies call too much? It looks and says; it changes nothing.

-- What each condition of the live policies calls too much; the leader writes it.
CREATE TABLE homeostat.threshold (
  policy       text             NOT NULL,
  arm          integer          NOT NULL,  -- the condition's place in its policy, from 1
  kind         text             NOT NULL,
  mode         text             NOT NULL CHECK (mode IN ('shadow', 'canary', 'enforce')),
  signal       text             NOT NULL,
  comparison   text             NOT NULL CHECK (comparison IN ('above', 'below')),
  level        double precision NOT NULL,
  decides      boolean          NOT NULL,  -- it opens the policy by itself: no `all` of several
  -- A cusum's prior: so many transactions a sample, such a share of them blocked. 0: the plain ratio.
  prior_weight double precision NOT NULL CHECK (prior_weight >= 0),
  prior_ratio  double precision NOT NULL CHECK (prior_ratio BETWEEN 0 AND 1),
  policy_hash  text             NOT NULL,
  identity     text             NOT NULL DEFAULT homeostat.identity(),
  PRIMARY KEY (policy, arm)
);

-- Makes the thresholds exactly these.
CREATE FUNCTION homeostat.register_thresholds(p_epoch bigint, p_thresholds jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  DELETE FROM homeostat.threshold;
  INSERT INTO homeostat.threshold (policy, arm, kind, mode, signal, comparison, level, decides,
      prior_weight, prior_ratio, policy_hash)
    SELECT t.policy, t.arm, t.kind, t.mode, t.signal, t.comparison, t.level, t.decides,
           t.prior_weight, t.prior_ratio, t.policy_hash
      FROM jsonb_to_recordset(p_thresholds) AS t(policy text, arm integer, kind text, mode text,
           signal text, comparison text, level double precision, decides boolean,
           prior_weight double precision, prior_ratio double precision, policy_hash text);
END
$$;

-- The thresholds on a signal; where no live policy has one, the source document's number, of no
-- policy and no mode.
CREATE FUNCTION homeostat.thresholds_on(p_signal text, p_source double precision)
RETURNS SETOF homeostat.threshold
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM homeostat.threshold t
    WHERE t.signal = p_signal AND t.identity = homeostat.identity() ORDER BY t.policy, t.arm;
  IF NOT FOUND THEN
    RETURN QUERY SELECT NULL::text, 1, 'breaker', NULL::text, p_signal, 'above', p_source, true,
      0::double precision, 0::double precision, NULL::text, homeostat.identity();
  END IF;
END
$$;

-- One reading of the sessions, counted as sql/queries/pg_locks_sample.sql counts them: clients'
-- transactions that are open, and those of them that wait for another transaction. Our own
-- sessions are not, by role or by application_name. `hidden`: sessions that we may not see.
CREATE FUNCTION homeostat.lock_sample(
  OUT blocked bigint, OUT open_transactions bigint, OUT hidden bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT pg_stat_clear_snapshot();  -- within one transaction the sessions would stand still
  SELECT count(*) FILTER (WHERE client.open AND CASE a.wait_event_type
             WHEN 'Lock' THEN a.wait_event IN ('relation', 'tuple', 'transactionid')
             WHEN 'LWLock' THEN a.wait_event = 'LockManager'
           END),
         count(*) FILTER (WHERE client.open),
         count(*) FILTER (WHERE a.backend_type IS NULL)
    FROM pg_stat_get_activity(NULL) a
   CROSS JOIN LATERAL (SELECT a.backend_type = 'client backend' AND a.xact_start IS NOT NULL
                          AND a.pid <> pg_backend_pid()
                          AND NOT starts_with(a.application_name, 'homeostat')
                          AND a.usesysid NOT IN (
                            SELECT r.oid FROM pg_roles r
                             WHERE r.rolname IN ('homeostat_owner', 'homeostat_monitor',
                                                 'homeostat_actuator', 'homeostat_guard')) AS open
                       OFFSET 0) client  -- OFFSET 0: computed once a session
$$;

-- What a policy compares with its level, of counts summed up over samples; null: nobody at work.
CREATE FUNCTION homeostat.judged_ratio(
  p_blocked bigint, p_open bigint, p_samples integer, p_weight double precision,
  p_ratio double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT CASE WHEN p_open > 0
    THEN (p_blocked + p_weight * p_ratio * p_samples) / (p_open + p_weight * p_samples) END
$$;

CREATE FUNCTION homeostat.verdict_on(
  p_comparison text, p_value double precision, p_level double precision) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT CASE WHEN CASE p_comparison WHEN 'above' THEN p_value > p_level ELSE p_value < p_level END
              THEN 'breached' ELSE 'healthy' END
$$;

-- What a verdict rests on, in words.
CREATE FUNCTION homeostat.comparison_text(p_value double precision, p_threshold homeostat.threshold)
RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT ARRAY[format('%s is %s than %s', round(p_value::numeric, 4),
           CASE homeostat.verdict_on(p_threshold.comparison, p_value, p_threshold.level)
             WHEN 'healthy' THEN 'not ' ELSE '' END
           || CASE p_threshold.comparison WHEN 'above' THEN 'more' ELSE 'less' END,
           p_threshold.level)]
      || CASE WHEN p_threshold.policy IS NULL
              THEN ARRAY['no live policy has a threshold for it: this is the source document''s']
              ELSE '{}' END
$$;

-- Is this database a Citus coordinator with distributed tables?
CREATE FUNCTION homeostat.distributed() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found boolean := false;
BEGIN
  IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL
     AND to_regprocedure('pg_catalog.citus_is_coordinator()') IS NOT NULL THEN
    EXECUTE 'SELECT pg_catalog.citus_is_coordinator() AND EXISTS (SELECT FROM'
            ' pg_catalog.pg_dist_partition p WHERE p.partmethod <> ''n'')' INTO v_found;
  END IF;
  RETURN v_found;
END
$$;

-- Lock contention: a row for each threshold of a live policy. Samples are summed up, so that one of
-- them, which may catch everybody or nobody waiting, does not decide. Verdicts: `healthy`,
-- `breached`, `empty` (no transaction is open: never a breach), `unknown`.
CREATE FUNCTION homeostat.lock_health(p_samples integer, p_apart interval)
RETURNS TABLE (signal text, policy text, verdict text, value double precision,
               threshold double precision, reasons text[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_sample  record;
  v_blocked bigint := 0;
  v_open    bigint := 0;
  v_hidden  bigint := 0;
  v_note    text[] := '{}';
  v_limit   homeostat.threshold;
BEGIN
  IF NOT coalesce(p_samples BETWEEN 1 AND 10 AND p_apart BETWEEN '0' AND '1 second', false) THEN
    RAISE EXCEPTION 'homeostat: 1 to 10 samples, at most a second apart'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR v_number IN 1..p_samples LOOP
    IF v_number > 1 THEN
      PERFORM pg_sleep(extract(epoch FROM p_apart));
    END IF;
    SELECT * INTO v_sample FROM homeostat.lock_sample();
    v_blocked := v_blocked + v_sample.blocked;
    v_open := v_open + v_sample.open_transactions;
    v_hidden := v_hidden + v_sample.hidden;
  END LOOP;
  IF homeostat.distributed() THEN
    v_note := ARRAY['this is a Citus coordinator: rows are waited for on the workers, which it '
                    'cannot see'];
  END IF;

  FOR v_limit IN SELECT * FROM homeostat.thresholds_on('pg_blocked_ratio', 0.20) LOOP
    signal := v_limit.signal;
    policy := v_limit.policy;
    threshold := v_limit.level;
    value := NULL;
    IF v_hidden > 0 THEN
      verdict := 'unknown';
      reasons := ARRAY['other sessions cannot be seen: GRANT ' || homeostat.statistics_grant()];
    ELSIF NOT current_setting('track_activities')::boolean THEN
      verdict := 'unknown';
      reasons := ARRAY['track_activities is off'];
    ELSIF v_open = 0 THEN
      verdict := 'empty';
      reasons := ARRAY[format('no transaction was open in %s samples', p_samples)];
    ELSE
      value := homeostat.judged_ratio(v_blocked, v_open, p_samples, v_limit.prior_weight,
                                      v_limit.prior_ratio);
      verdict := homeostat.verdict_on(v_limit.comparison, value, threshold);
      reasons := ARRAY[format('%s of %s open transactions waited for a lock, in %s samples',
                              v_blocked, v_open, p_samples)]
        || CASE WHEN v_limit.prior_weight > 0
                THEN ARRAY[format('weighed with %s transactions a sample at %s, as the policy does',
                                  v_limit.prior_weight, v_limit.prior_ratio)]
                ELSE '{}' END
        || homeostat.comparison_text(value, v_limit);
    END IF;
    reasons := reasons || v_note;
    RETURN NEXT;
  END LOOP;
END
$$;

-- Imbalance: how much the Citus nodes differ in the bytes of distributed tables (standard deviation
-- by mean). Asks the workers: call it with a deadline of your own, not from inside the database.
CREATE FUNCTION homeostat.balance_health()
RETURNS TABLE (signal text, policy text, verdict text, value double precision,
               threshold double precision, reasons text[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, homeostat, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  v_nodes    bigint;
  v_unknown  bigint;
  v_distance double precision;
  v_problem  text;
  v_limit    homeostat.threshold;
BEGIN
  signal := 'citus_node_cv';
  IF NOT homeostat.distributed() THEN
    verdict := 'not_applicable';
    reasons := ARRAY['no distributed table in this database: there is nothing to balance'];
    RETURN NEXT;
    RETURN;
  END IF;
  BEGIN
    EXECUTE $citus$
      WITH placement AS (
        SELECT p.groupid, z.size
          FROM pg_catalog.pg_dist_partition t
          JOIN pg_catalog.pg_dist_shard s USING (logicalrelid)
          JOIN pg_catalog.pg_dist_placement p ON p.shardid = s.shardid AND p.shardstate = 1
          LEFT JOIN pg_catalog.citus_shard_sizes() z ON z.shard_id = s.shardid
         WHERE t.partmethod <> 'n'
      ), node AS (
        SELECT coalesce(sum(p.size), 0)::double precision AS bytes
          FROM pg_catalog.pg_dist_node n LEFT JOIN placement p USING (groupid)
         WHERE n.noderole = 'primary' AND n.shouldhaveshards
         GROUP BY n.groupid
      )
      SELECT count(*), stddev_pop(bytes) / nullif(avg(bytes), 0),
             (SELECT count(*) FROM placement WHERE size IS NULL)
        FROM node
    $citus$ INTO v_nodes, v_distance, v_unknown;
    v_problem := CASE WHEN v_unknown > 0
      THEN format('%s shards did not tell their size: a worker does not answer', v_unknown) END;
  EXCEPTION WHEN OTHERS THEN
    v_problem := SQLERRM;
  END;
  FOR v_limit IN SELECT * FROM homeostat.thresholds_on('citus_node_cv', 0.3) LOOP
    policy := v_limit.policy;
    threshold := v_limit.level;
    value := CASE WHEN v_problem IS NULL THEN v_distance END;
    IF v_problem IS NOT NULL THEN
      verdict := 'unknown';
      reasons := ARRAY[v_problem];
    ELSIF value IS NULL THEN
      verdict := 'empty';
      reasons := ARRAY['the distributed tables are empty'];
    ELSE
      verdict := homeostat.verdict_on(v_limit.comparison, value, threshold);
      reasons := ARRAY[format('%s nodes compared by bytes of distributed tables', v_nodes)]
        || homeostat.comparison_text(value, v_limit);
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

-- Both. Takes (samples - 1) times `apart`, and what the workers take to answer.
CREATE FUNCTION homeostat.health(
  samples integer DEFAULT 3, apart interval DEFAULT '200 milliseconds')
RETURNS TABLE (signal text, policy text, verdict text, value double precision,
               threshold double precision, reasons text[])
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT * FROM homeostat.lock_health(health.samples, health.apart)
  UNION ALL
  SELECT * FROM homeostat.balance_health()
$$;

REVOKE ALL ON FUNCTION homeostat.register_thresholds(bigint, jsonb),
  homeostat.thresholds_on(text, double precision), homeostat.lock_sample(),
  homeostat.judged_ratio(bigint, bigint, integer, double precision, double precision),
  homeostat.verdict_on(text, double precision, double precision),
  homeostat.comparison_text(double precision, homeostat.threshold), homeostat.distributed(),
  homeostat.lock_health(integer, interval), homeostat.balance_health(),
  homeostat.health(integer, interval) FROM PUBLIC;
GRANT SELECT ON homeostat.threshold TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.register_thresholds(bigint, jsonb) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.lock_health(integer, interval),
  homeostat.health(integer, interval) TO homeostat_monitor, homeostat_actuator;
