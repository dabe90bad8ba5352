-- SPDX-License-Identifier: Apache-2.0
-- The lever `split` isolates as well: where one tenant has at least half of the group's rows, its
-- hash gets a shard of its own. Nothing less would help, for the side of any cut that has this tenant
-- is no smaller than the tenant; and of a smaller one the rest would be more than half.
--
-- Which tenant that is stays where its rows are: its own worker answers with the hash and the share
-- (homeostat_citus.largest_tenant(), in sql/citus_role.sql). Rows are counted, whatever is to be even.

ALTER TABLE homeostat.split_run
  -- Whether the larger part goes to right_node when a tenant is isolated: else the rest does.
  ADD COLUMN larger_leaves boolean NOT NULL DEFAULT false,
  ADD COLUMN points integer[],  -- the last hash of every part but the uppermost; null: not known yet
  ADD COLUMN nodes  integer[],  -- pg_dist_node.nodeid of each part, the lowest first
  ADD COLUMN what   text;       -- for people: how it is split

-- As before (0016), with what finds the tenant.
CREATE OR REPLACE FUNCTION homeostat.split_problem() RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_problem CONSTANT text := homeostat.rebalance_problem();
BEGIN
  IF v_problem IS NOT NULL THEN
    RETURN v_problem;
  ELSIF to_regprocedure('homeostat_citus.split(bigint, integer[], integer[])') IS NULL
        OR to_regprocedure('homeostat_citus.largest_tenant(bigint)') IS NULL THEN
    RETURN 'what splits shards is missing: run homeostat grants --citus again';
  ELSIF homeostat.rebalance_under_way() IS NOT NULL THEN
    RETURN format('job %s of Citus is rebalancing', homeostat.rebalance_under_way());
  ELSIF homeostat.split_session() IS NOT NULL THEN
    RETURN 'a shard is being split already';
  END IF;
  RETURN NULL;
END
$$;

-- As before (0016), {"shard": 102008, "node": 3, "bytes": 1000, "larger_leaves": true}; a missing
-- larger_leaves is false.
CREATE OR REPLACE FUNCTION homeostat.take_split(p_split jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_low   bigint;
  v_high  bigint;
  v_left  integer;
  v_right integer;
BEGIN
  SELECT s.shardminvalue::bigint, s.shardmaxvalue::bigint, n.nodeid INTO v_low, v_high, v_left
    FROM pg_dist_shard s JOIN pg_dist_placement l USING (shardid)
    JOIN pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary'
   WHERE s.shardid = (p_split->>'shard')::bigint;
  SELECT n.nodeid INTO v_right FROM pg_dist_node n
   WHERE n.groupid = (p_split->>'node')::integer AND n.noderole = 'primary' AND n.isactive
     AND n.shouldhaveshards;
  IF v_low IS NULL OR v_right IS NULL THEN
    RAISE EXCEPTION 'homeostat: there is no shard % any more, or node group % takes none',
      p_split->>'shard', p_split->>'node' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  DELETE FROM homeostat.split_run;
  INSERT INTO homeostat.split_run (shard_id, point, left_node, right_node, bytes, larger_leaves)
  VALUES ((p_split->>'shard')::bigint, floor((v_low + v_high) / 2.0), v_left, v_right,
          (p_split->>'bytes')::bigint, coalesce((p_split->>'larger_leaves')::boolean, false));
END
$$;

-- Why this shard's group is not split, in words; null: it can be, or is not there.
CREATE FUNCTION homeostat.split_hopeless(p_shard bigint) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM FROM pg_dist_shard s WHERE s.shardid = p_shard AND s.shardminvalue = s.shardmaxvalue;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN format('the group of shard %s is a single tenant''s: nothing splits it; what is left is a '
                'node of more capacity (postgres.citus.capacity)', p_shard);
END
$$;

-- As before (0016); a group that is a single tenant's is refused.
CREATE OR REPLACE FUNCTION homeostat.split_apply(
  p_epoch bigint, p_sequence bigint, p_target text, p_value jsonb, p_ttl_us bigint,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text, p_reason text,
  p_split jsonb, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'apply', 'split', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  IF p_target IS DISTINCT FROM 'cluster' THEN
    RAISE EXCEPTION 'homeostat: the only target of split is cluster'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  detail := homeostat.split_problem();
  IF detail IS NULL THEN
    detail := homeostat.split_hopeless((p_split->>'shard')::bigint);
  END IF;
  IF detail IS NOT NULL THEN
    outcome := 'refused';
    RETURN;
  END IF;
  PERFORM homeostat.take_split(p_split);
  PERFORM homeostat.ledger_stand(p_epoch, p_sequence, 'split', p_target, NULL, p_value,
    p_ttl_us, p_policy, p_subject, p_rung, p_policy_hash, p_reason);
  outcome := 'applied';
END
$$;

-- Raises unless this session carries out the split.
CREATE FUNCTION homeostat.split_mine() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  IF homeostat.split_session() IS DISTINCT FROM pg_backend_pid() THEN
    RAISE EXCEPTION 'homeostat: this session has begun no split'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$$;

-- Writes down how the shard is split, and says it. Asks the worker that has the shard, and may hang
-- as long as that does. REQUIRES: split_begin() in this session.
CREATE FUNCTION homeostat.split_study() RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_run    homeostat.split_run;
  v_low    bigint;
  v_high   bigint;
  v_hash   integer;
  v_share  real;
  v_points integer[];
  v_nodes  integer[];
  v_its    integer;
  v_others integer;
  v_what   text;
BEGIN
  PERFORM homeostat.split_mine();
  SELECT * INTO STRICT v_run FROM homeostat.split_run;
  SELECT s.shardminvalue::bigint, s.shardmaxvalue::bigint INTO STRICT v_low, v_high
    FROM pg_dist_shard s WHERE s.shardid = v_run.shard_id;
  SELECT t.hash, t.share INTO v_hash, v_share FROM homeostat_citus.largest_tenant(v_run.shard_id) t;
  IF v_share >= 0.5 AND v_hash BETWEEN v_low AND v_high THEN
    v_its := CASE WHEN v_run.larger_leaves THEN v_run.right_node ELSE v_run.left_node END;
    v_others := CASE WHEN v_run.larger_leaves THEN v_run.left_node ELSE v_run.right_node END;
    v_nodes := ARRAY[v_its];
    IF v_hash > v_low THEN
      v_points := ARRAY[v_hash - 1];
      v_nodes := v_others || v_nodes;
    END IF;
    IF v_hash < v_high THEN
      v_points := v_points || v_hash;
      v_nodes := v_nodes || v_others;
    END IF;
    v_what := format('isolates the largest tenant (%s %% of the group)',
                     least(round(100 * v_share::numeric), 100));
  ELSE
    v_points := ARRAY[v_run.point];
    v_nodes := ARRAY[v_run.left_node, v_run.right_node];
    v_what := 'halves the group in the middle of its hashes: no tenant has half of its rows';
  END IF;
  UPDATE homeostat.split_run SET points = v_points, nodes = v_nodes, what = v_what;
  RETURN v_what;
END
$$;

-- Splits. REQUIRES: split_study() in this session.
CREATE OR REPLACE FUNCTION homeostat.split_carry() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_run homeostat.split_run;
BEGIN
  PERFORM homeostat.split_mine();
  -- Whoever calls it off before this found nothing to cancel: wait until that can be read. Whoever
  -- does so afterwards cancels this.
  PERFORM pg_advisory_lock(homeostat.split_class(), 2);
  PERFORM pg_advisory_unlock(homeostat.split_class(), 2);
  SELECT * INTO STRICT v_run FROM homeostat.split_run;
  IF v_run.message IS NOT NULL THEN
    RAISE EXCEPTION 'homeostat: the split was called off: %', v_run.message
      USING ERRCODE = 'query_canceled';
  ELSIF v_run.points IS NULL THEN
    RAISE EXCEPTION 'homeostat: nobody has said yet how it is split'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  -- The study may have taken long. Not locked: who leads renews this row while the split goes on.
  PERFORM FROM homeostat.lever l
   WHERE l.lever = 'split' AND l.target = 'cluster' AND l.status = 'open'
     AND l.expires_at > clock_timestamp() AND l.identity = homeostat.identity();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'homeostat: no split is ordered any more' USING ERRCODE = 'query_canceled';
  END IF;
  PERFORM homeostat_citus.split(v_run.shard_id, v_run.points, v_run.nodes);
END
$$;

-- As before (0016); a split between two of its statements hears of it, too.
CREATE OR REPLACE FUNCTION homeostat.split_halt(p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_pid integer;
BEGIN
  -- Held by split_carry(), it is in a statement that can be cancelled; by anybody else, it must not
  -- keep this waiting.
  PERFORM pg_try_advisory_xact_lock(homeostat.split_class(), 2);
  v_pid := homeostat.split_session();
  UPDATE homeostat.split_run SET begun_at = clock_timestamp(), message = p_why
   WHERE begun_at IS NULL;
  IF v_pid IS NULL THEN
    RETURN false;
  END IF;
  UPDATE homeostat.split_run SET message = p_why;
  RETURN pg_cancel_backend(v_pid);
END
$$;

REVOKE ALL ON FUNCTION homeostat.split_hopeless, homeostat.split_mine, homeostat.split_study
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat.split_study() TO homeostat_actuator;
