-- SPDX-License-Identifier: Apache-2.0
-- The lever `split`: halves a group of shards of Citus that is too large for any node, and puts the
-- upper half of its hash range on another node. Not reversible: what is split stays so. A value here
-- is {"deviation": 0.1, "weight": "rows"}, for the record: what is split is in the run.
--
-- Citus does it within one statement, which lasts as long as the copying. It runs in a session of its
-- own, which holds an advisory lock while it lives: so everybody can see whether it does.

-- The split that was ordered last. The lower half stays where the shards are.
CREATE TABLE homeostat.split_run (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  shard_id   bigint  NOT NULL,   -- one of the group; the others are split with it
  point      integer NOT NULL,   -- the last hash of the lower half
  left_node  integer NOT NULL,   -- pg_dist_node.nodeid
  right_node integer NOT NULL,
  bytes      bigint  NOT NULL CHECK (bytes >= 0),
  begun_at   timestamptz,        -- null: it has not been
  message    text,               -- why it did not come to its end; null: it has, or nobody knows
  identity   text    NOT NULL DEFAULT homeostat.identity()
);

-- The class of the advisory lock of whoever splits: met by an application's own by chance only.
CREATE FUNCTION homeostat.split_class() RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS 'SELECT 1752395122';

-- The session that carries out a split; null: none lives.
CREATE FUNCTION homeostat.split_session() RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT max(l.pid) FROM pg_locks l
   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
     AND l.classid = homeostat.split_class()::oid AND l.objid = 1::oid
     AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
$$;

-- Why no shard can be split by us, in words; null: one can.
CREATE FUNCTION homeostat.split_problem() RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_problem CONSTANT text := homeostat.rebalance_problem();
BEGIN
  IF v_problem IS NOT NULL THEN
    RETURN v_problem;
  ELSIF to_regprocedure('homeostat_citus.split(bigint, integer, integer, integer)') IS NULL THEN
    RETURN 'what splits shards is missing: run homeostat grants --citus again';
  ELSIF homeostat.rebalance_under_way() IS NOT NULL THEN
    RETURN format('job %s of Citus is rebalancing', homeostat.rebalance_under_way());
  ELSIF homeostat.split_session() IS NOT NULL THEN
    RETURN 'a shard is being split already';
  END IF;
  RETURN NULL;
END
$$;

-- Takes over what is to be split, {"shard": 102008, "node": 3, "bytes": 1000}: a shard of the group,
-- and the node of the upper half by its group (pg_dist_node.groupid).
CREATE FUNCTION homeostat.take_split(p_split jsonb) RETURNS void
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
  ELSIF v_low = v_high THEN
    RAISE EXCEPTION 'homeostat: shard % holds a single hash: it cannot be split', p_split->>'shard'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  DELETE FROM homeostat.split_run;
  INSERT INTO homeostat.split_run (shard_id, point, left_node, right_node, bytes)
  VALUES ((p_split->>'shard')::bigint, floor((v_low + v_high) / 2.0), v_left, v_right,
          (p_split->>'bytes')::bigint);
END
$$;

-- Writes down what is to be split, under the fence. split_begin() and split_carry() do it, when this
-- is durable.
CREATE FUNCTION homeostat.split_apply(
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

-- Makes this session the one that carries out the split, until it ends. False, and why: there is
-- none to carry out. A split is begun once: what did not come to its end is ordered again, or not.
CREATE FUNCTION homeostat.split_begin(p_epoch bigint, OUT begun boolean, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  begun := false;
  PERFORM FROM homeostat.lease s WHERE s.epoch = p_epoch FOR SHARE;
  IF NOT FOUND THEN
    detail := 'somebody else leads';
    RETURN;
  END IF;
  PERFORM FROM homeostat.lever l
   WHERE l.lever = 'split' AND l.target = 'cluster' AND l.status = 'open'
     AND l.expires_at > clock_timestamp() AND l.identity = homeostat.identity() FOR SHARE;
  IF NOT FOUND THEN
    detail := 'no split is ordered any more';
    RETURN;
  END IF;
  UPDATE homeostat.split_run SET begun_at = clock_timestamp()
   WHERE begun_at IS NULL AND identity = homeostat.identity();
  IF NOT FOUND THEN
    detail := 'it is begun already';
    RETURN;
  END IF;
  detail := homeostat.split_problem();
  IF detail IS NULL AND pg_try_advisory_lock(homeostat.split_class(), 1) THEN
    begun := true;
    RETURN;
  END IF;
  UPDATE homeostat.split_run SET message = coalesce(detail, 'a shard is being split already');
END
$$;

-- Splits. REQUIRES: split_begin() in this session.
CREATE FUNCTION homeostat.split_carry() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_run homeostat.split_run;
BEGIN
  IF homeostat.split_session() IS DISTINCT FROM pg_backend_pid() THEN
    RAISE EXCEPTION 'homeostat: this session has begun no split'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  SELECT * INTO STRICT v_run FROM homeostat.split_run;
  PERFORM homeostat_citus.split(v_run.shard_id, v_run.point, v_run.left_node, v_run.right_node);
END
$$;

-- Of a split that did not come to its end: why, as its session was told.
CREATE FUNCTION homeostat.split_failed(p_message text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  UPDATE homeostat.split_run SET message = left(p_message, 300)
$$;

-- Cancels the split that is under way, if any; Citus then leaves everything as it was.
CREATE FUNCTION homeostat.split_halt(p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_pid CONSTANT integer := homeostat.split_session();
BEGIN
  UPDATE homeostat.split_run SET begun_at = clock_timestamp(), message = p_why
   WHERE begun_at IS NULL;
  IF v_pid IS NULL THEN
    RETURN false;
  END IF;
  UPDATE homeostat.split_run SET message = p_why;
  RETURN pg_cancel_backend(v_pid);
END
$$;

CREATE FUNCTION homeostat.split_renew(
  p_epoch bigint, p_sequence bigint, p_target text, p_ttl_us bigint, p_policy text,
  p_subject text, p_rung integer, p_policy_hash text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'renew', 'split', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  PERFORM FROM homeostat.lever l
   WHERE l.lever = 'split' AND l.target = p_target AND l.status = 'open'
     AND l.identity = homeostat.identity() FOR UPDATE;
  IF NOT FOUND THEN
    outcome := 'refused';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  PERFORM homeostat.ledger_renew(p_epoch, p_sequence, 'split', p_target, p_ttl_us, p_policy,
    p_subject, p_rung, p_policy_hash);
  outcome := 'applied';
END
$$;

-- By revert and by expire(). REQUIRES: the ledger's row, locked.
CREATE FUNCTION homeostat.split_lift(
  p_epoch bigint, p_sequence bigint, p_lever homeostat.lever, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  IF homeostat.split_halt(p_reason) THEN
    detail := 'the split is cancelled';
  END IF;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'revert', 'reverted', 'split',
    p_lever.target, p_lever.value, NULL, p_lever.policy, p_lever.subject, 0, p_lever.policy_hash,
    p_reason);
  outcome := 'applied';
END
$$;

CREATE FUNCTION homeostat.split_revert(
  p_epoch bigint, p_sequence bigint, p_target text, p_policy text, p_subject text,
  p_reason text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_lever homeostat.lever;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'revert', 'split', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  SELECT * INTO v_lever FROM homeostat.lever l
   WHERE l.lever = 'split' AND l.target = p_target AND l.status = 'open'
     AND l.identity = homeostat.identity() FOR UPDATE;
  IF NOT FOUND THEN
    outcome := 'applied';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  v_lever.policy := p_policy;
  v_lever.subject := p_subject;
  SELECT * INTO outcome, detail
    FROM homeostat.split_lift(p_epoch, p_sequence, v_lever, p_reason);
END
$$;

-- Where the ledger says that the target stands; null: nowhere.
CREATE FUNCTION homeostat.split_read(p_target text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT l.value FROM homeostat.lever l
   WHERE l.lever = 'split' AND l.target = p_target AND l.status = 'open'
     AND l.identity = homeostat.identity()
$$;

-- How the newest split stands. No row: none was ordered, on this server.
--   phase  ordered, running, finished or failed; finished: the shard is gone, its halves are there
CREATE FUNCTION homeostat.split_look(
  OUT phase text, OUT age_us bigint, OUT bytes bigint, OUT message text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_run   homeostat.split_run;
  v_whole boolean;
BEGIN
  SELECT * INTO v_run FROM homeostat.split_run r WHERE r.identity = homeostat.identity();
  IF NOT FOUND OR to_regclass('pg_catalog.pg_dist_shard') IS NULL THEN
    RETURN;
  END IF;
  -- The session first: one that ends in between has done its work, or not, by then.
  phase := CASE WHEN v_run.begun_at IS NULL THEN 'ordered'
                WHEN homeostat.split_session() IS NOT NULL THEN 'running' END;
  v_whole := EXISTS (SELECT FROM pg_dist_shard s WHERE s.shardid = v_run.shard_id);
  phase := coalesce(phase, CASE WHEN v_whole THEN 'failed' ELSE 'finished' END);
  age_us := extract(epoch FROM clock_timestamp() - v_run.begun_at) * 1000000;
  bytes := v_run.bytes;
  message := v_run.message;
  RETURN NEXT;
END
$$;

-- As before (0015), for one lever more.
CREATE OR REPLACE FUNCTION homeostat.lift(
  p_epoch bigint, p_sequence bigint, p_lever homeostat.lever, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  CASE p_lever.lever
    WHEN 'feature' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.feature_lift(p_epoch, p_sequence, p_lever, p_reason);
    WHEN 'planner_profile' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.profile_lift(p_epoch, p_sequence, 'revert', p_lever, p_reason);
    WHEN 'end_session' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.sessions_lift(p_epoch, p_sequence, p_lever, p_reason);
    WHEN 'batch_window' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.window_lift(p_epoch, p_sequence, p_lever, p_reason);
    WHEN 'admission' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.zone_lift(p_epoch, p_sequence, p_lever, p_lever.policy, p_lever.subject,
                                 p_reason);
    WHEN 'rebalance' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.rebalance_lift(p_epoch, p_sequence, p_lever, p_reason);
    WHEN 'zone' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.recovery_lift(p_epoch, p_sequence, p_lever, p_lever.policy,
                                     p_lever.subject, p_reason, false);
    WHEN 'split' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.split_lift(p_epoch, p_sequence, p_lever, p_reason);
  END CASE;
END
$$;

REVOKE ALL ON FUNCTION homeostat.split_class, homeostat.split_session, homeostat.split_problem,
  homeostat.take_split, homeostat.split_apply, homeostat.split_begin, homeostat.split_carry,
  homeostat.split_failed, homeostat.split_halt, homeostat.split_renew, homeostat.split_lift,
  homeostat.split_revert, homeostat.split_read, homeostat.split_look FROM PUBLIC;
GRANT SELECT ON homeostat.split_run TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.split_problem(), homeostat.split_look()
  TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.split_apply(
  bigint, bigint, text, jsonb, bigint, text, text, integer, text, text, jsonb)
  TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.split_begin(bigint), homeostat.split_carry(),
  homeostat.split_failed(text), homeostat.split_read(text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.split_renew(
  bigint, bigint, text, bigint, text, text, integer, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.split_revert(
  bigint, bigint, text, text, text, text) TO homeostat_actuator;
