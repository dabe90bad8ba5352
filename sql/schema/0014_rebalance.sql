-- SPDX-License-Identifier: Apache-2.0
-- The lever `rebalance`: moves shards of Citus to where a plan of ours has them. Citus' own
-- background job makes the moves, by a strategy that allows each shard only where this plan puts it
-- (sql/citus_role.sql). A value here is {"deviation": 0.1, "weight": "rows"}, for the record: what is
-- moved is in the plan.
--
-- Nothing here asks a worker for anything, but rebalance_start(): a worker that has frozen must not
-- keep the session that leads.

-- The plan that was ordered last. It names every shard of a group that moves together.
CREATE TABLE homeostat.shard_plan (
  shard_id  bigint  PRIMARY KEY,
  to_node   integer NOT NULL,  -- pg_dist_node.nodeid
  from_node integer NOT NULL,
  bytes     bigint  NOT NULL CHECK (bytes >= 0)
);

-- The job that carries it out.
CREATE TABLE homeostat.rebalance_run (
  only_row   boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  job_id     bigint,      -- Citus'; null: it has not been started, or there was nothing to move
  started_at timestamptz, -- null: it has not been
  stopped_by text,        -- why we have stopped it; null: we have not
  identity   text        NOT NULL DEFAULT homeostat.identity()
);

-- Why no shard can be moved by us, in words; null: one can.
CREATE FUNCTION homeostat.rebalance_problem() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_owner name;
  v_other text;
BEGIN
  IF to_regclass('pg_catalog.pg_dist_node') IS NULL THEN
    RETURN 'Citus is not in this database: its shards cannot be moved';
  ELSIF NOT citus_is_coordinator() THEN
    RETURN 'this node is not the coordinator of Citus: name that one in `ledger`';
  ELSIF to_regprocedure('homeostat_citus.start()') IS NULL
        OR NOT EXISTS (SELECT FROM pg_dist_rebalance_strategy s WHERE s.name = 'homeostat') THEN
    RETURN 'what moves shards is missing: see homeostat grants --citus';
  ELSIF current_setting('wal_level') <> 'logical' THEN
    RETURN 'wal_level is not logical: a move would block writes';
  END IF;
  SELECT r.rolname INTO v_owner FROM pg_proc f JOIN pg_roles r ON r.oid = f.proowner
   WHERE f.oid = 'homeostat_citus.start()'::regprocedure;
  SELECT format('%s belongs to %I', c.oid::regclass, pg_get_userbyid(c.relowner)) INTO v_other
    FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
   WHERE p.partmethod = 'h' AND NOT pg_has_role(v_owner, c.relowner, 'MEMBER') LIMIT 1;
  IF FOUND THEN
    RETURN format('shards are moved by the owner of their tables, %I, and %s', v_owner, v_other);
  END IF;
  SELECT c.oid::regclass::text INTO v_other
    FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
   WHERE p.partmethod = 'h' AND c.relkind = 'r' AND c.relreplident = 'd'
     AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) LIMIT 1;
  IF FOUND THEN
    RETURN format('table %s has no primary key and no replica identity: updates of it would fail '
                  'during a move', v_other);
  END IF;
  SELECT format('%s:%s', n.nodename, n.nodeport) INTO v_other
    FROM pg_dist_node n WHERE n.noderole = 'primary' AND NOT (n.isactive AND n.hasmetadata) LIMIT 1;
  IF FOUND THEN
    RETURN format('node %s is not active', v_other);
  END IF;
  RETURN NULL;
END
$$;

-- The rebalance of Citus that is under way; null: none.
CREATE FUNCTION homeostat.rebalance_under_way() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  RETURN (SELECT max(j.job_id) FROM pg_dist_background_job j
           WHERE j.job_type = 'rebalance'
             AND j.state::text IN ('scheduled', 'running', 'cancelling', 'failing'));
END
$$;

-- Whether our job is still to be carried out.
CREATE FUNCTION homeostat.rebalance_ours() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT EXISTS (SELECT FROM homeostat.rebalance_run r
                  WHERE r.identity = homeostat.identity()
                    AND r.job_id = homeostat.rebalance_under_way())
$$;

-- Takes over a plan, [{"shard": 102008, "node": 3, "bytes": 1000}, …]: a shard of each group that
-- moves, whose others move with it, and the node by its group (pg_dist_node.groupid).
CREATE FUNCTION homeostat.take_plan(p_plan jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_wrong text;
BEGIN
  SELECT CASE WHEN s.shardid IS NULL THEN format('shard %s does not exist', m.shard)
              WHEN n.nodeid IS NULL THEN format('node group %s does not exist', m.node)
              WHEN NOT n.isactive OR NOT n.shouldhaveshards THEN
                format('node %s:%s takes no shards', n.nodename, n.nodeport) END
    INTO v_wrong
    FROM jsonb_to_recordset(p_plan) AS m(shard bigint, node integer, bytes bigint)
    LEFT JOIN pg_dist_shard s ON s.shardid = m.shard
    LEFT JOIN pg_dist_node n ON n.groupid = m.node AND n.noderole = 'primary'
   WHERE s.shardid IS NULL OR n.nodeid IS NULL OR NOT n.isactive OR NOT n.shouldhaveshards LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'homeostat: the plan names what is not there: %', v_wrong
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  DELETE FROM homeostat.shard_plan;
  INSERT INTO homeostat.shard_plan (shard_id, to_node, from_node, bytes)
    SELECT every.shardid, t.nodeid, n.nodeid,
           CASE WHEN every.shardid = m.shard THEN m.bytes ELSE 0 END
      FROM jsonb_to_recordset(p_plan) AS m(shard bigint, node integer, bytes bigint)
      JOIN pg_dist_shard s ON s.shardid = m.shard
      JOIN pg_dist_partition p ON p.logicalrelid = s.logicalrelid
      JOIN pg_dist_partition beside ON beside.colocationid = p.colocationid
      JOIN pg_dist_shard every ON every.logicalrelid = beside.logicalrelid
                              AND every.shardminvalue = s.shardminvalue
      JOIN pg_dist_placement l ON l.shardid = every.shardid
      JOIN pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary'
      JOIN pg_dist_node t ON t.groupid = m.node AND t.noderole = 'primary';
END
$$;

-- Writes the plan down under the fence. The job is started by rebalance_start(), when this is
-- durable.
CREATE FUNCTION homeostat.rebalance_apply(
  p_epoch bigint, p_sequence bigint, p_target text, p_value jsonb, p_ttl_us bigint,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text, p_reason text,
  p_plan jsonb, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_other bigint;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'apply', 'rebalance', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  IF p_target IS DISTINCT FROM 'cluster' THEN
    RAISE EXCEPTION 'homeostat: the only target of rebalance is cluster'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  detail := homeostat.rebalance_problem();
  IF detail IS NULL THEN
    v_other := homeostat.rebalance_under_way();
    IF v_other IS NOT NULL THEN
      detail := format('job %s of Citus is rebalancing already%s', v_other,
                       CASE WHEN homeostat.rebalance_ours() THEN '' ELSE ', and is not ours' END);
    END IF;
  END IF;
  IF detail IS NOT NULL THEN
    outcome := 'refused';
    RETURN;
  END IF;
  PERFORM homeostat.take_plan(p_plan);
  DELETE FROM homeostat.rebalance_run;
  INSERT INTO homeostat.rebalance_run DEFAULT VALUES;
  PERFORM homeostat.ledger_stand(p_epoch, p_sequence, 'rebalance', p_target, NULL, p_value,
    p_ttl_us, p_policy, p_subject, p_rung, p_policy_hash, p_reason);
  outcome := 'applied';
END
$$;

-- Starts the job of a plan that is written down and has none yet. May hang as long as a worker does:
-- not to be called by the session that leads. Plan and job stand or fall together.
CREATE FUNCTION homeostat.rebalance_start(
  p_epoch bigint, OUT started boolean, OUT job bigint, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_run homeostat.rebalance_run;
BEGIN
  started := false;
  PERFORM FROM homeostat.lease s WHERE s.epoch = p_epoch FOR SHARE;
  IF NOT FOUND THEN
    detail := 'somebody else leads';
    RETURN;
  END IF;
  PERFORM FROM homeostat.lever l
   WHERE l.lever = 'rebalance' AND l.target = 'cluster' AND l.status = 'open'
     AND l.expires_at > clock_timestamp() AND l.identity = homeostat.identity() FOR SHARE;
  IF NOT FOUND THEN
    detail := 'no rebalance is ordered any more';
    RETURN;
  END IF;
  SELECT * INTO v_run FROM homeostat.rebalance_run r
   WHERE r.identity = homeostat.identity() FOR UPDATE;
  IF NOT FOUND OR v_run.started_at IS NOT NULL THEN
    job := v_run.job_id;
    detail := 'it is started already';
    RETURN;
  END IF;
  detail := homeostat.rebalance_problem();
  IF detail IS NOT NULL THEN
    RETURN;
  END IF;
  job := homeostat_citus.start();
  UPDATE homeostat.rebalance_run SET job_id = job, started_at = clock_timestamp();
  started := true;
END
$$;

-- Stops our job, if it is under way. What is moved stays where it is.
CREATE FUNCTION homeostat.rebalance_halt(p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  IF to_regclass('pg_catalog.pg_dist_background_job') IS NULL OR NOT homeostat.rebalance_ours() THEN
    RETURN false;
  END IF;
  PERFORM homeostat_citus.stop();
  UPDATE homeostat.rebalance_run SET stopped_by = p_why;
  RETURN true;
END
$$;

CREATE FUNCTION homeostat.rebalance_renew(
  p_epoch bigint, p_sequence bigint, p_target text, p_ttl_us bigint, p_policy text,
  p_subject text, p_rung integer, p_policy_hash text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'renew', 'rebalance', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  PERFORM FROM homeostat.lever l
   WHERE l.lever = 'rebalance' AND l.target = p_target AND l.status = 'open'
     AND l.identity = homeostat.identity() FOR UPDATE;
  IF NOT FOUND THEN
    outcome := 'refused';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  PERFORM homeostat.ledger_renew(p_epoch, p_sequence, 'rebalance', p_target, p_ttl_us, p_policy,
    p_subject, p_rung, p_policy_hash);
  outcome := 'applied';
END
$$;

-- By revert and by expire(). REQUIRES: the ledger's row, locked.
CREATE FUNCTION homeostat.rebalance_lift(
  p_epoch bigint, p_sequence bigint, p_lever homeostat.lever, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  IF homeostat.rebalance_halt(p_reason) THEN
    detail := 'the job is stopped; what is moved stays there';
  END IF;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'revert', 'reverted', 'rebalance',
    p_lever.target, p_lever.value, NULL, p_lever.policy, p_lever.subject, 0, p_lever.policy_hash,
    p_reason);
  outcome := 'applied';
END
$$;

CREATE FUNCTION homeostat.rebalance_revert(
  p_epoch bigint, p_sequence bigint, p_target text, p_policy text, p_subject text,
  p_reason text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_lever homeostat.lever;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'revert', 'rebalance', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  SELECT * INTO v_lever FROM homeostat.lever l
   WHERE l.lever = 'rebalance' AND l.target = p_target AND l.status = 'open'
     AND l.identity = homeostat.identity() FOR UPDATE;
  IF NOT FOUND THEN
    outcome := 'applied';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  v_lever.policy := p_policy;
  v_lever.subject := p_subject;
  SELECT * INTO outcome, detail
    FROM homeostat.rebalance_lift(p_epoch, p_sequence, v_lever, p_reason);
END
$$;

-- Where the ledger says that the target stands; null: nowhere.
CREATE FUNCTION homeostat.rebalance_read(p_target text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT l.value FROM homeostat.lever l
   WHERE l.lever = 'rebalance' AND l.target = p_target AND l.status = 'open'
     AND l.identity = homeostat.identity()
$$;

-- Whether somebody's change of a table waits for one of our moves: everybody who wants that table
-- queues behind it.
CREATE FUNCTION homeostat.rebalance_in_the_way() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM pg_locks w, unnest(pg_blocking_pids(w.pid)) AS b(pid)
      JOIN pg_stat_activity a ON a.pid = b.pid
     WHERE NOT w.granted AND w.locktype = 'relation'
       AND w.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
       AND a.backend_type LIKE 'Citus Background Task Queue Executor%')
$$;

-- Stops our job for the sake of who waits for it, under the fence. False: nobody does, or it is not
-- under way.
CREATE FUNCTION homeostat.rebalance_make_way(p_epoch bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  RETURN homeostat.rebalance_in_the_way()
     AND homeostat.rebalance_halt('a change of a table waited for a move');
END
$$;

-- How the newest job stands. No row: none was ordered, on this server.
--   phase  ordered, running, finished, stopped or failed; finished: every shard is where the plan
--          has it
CREATE FUNCTION homeostat.rebalance_look(
  OUT phase text, OUT job bigint, OUT age_us bigint, OUT bytes_done bigint, OUT bytes_total bigint,
  OUT moves_done bigint, OUT moves_total bigint, OUT retries integer, OUT message text,
  OUT in_the_way boolean)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_run   homeostat.rebalance_run;
  v_state text;
BEGIN
  SELECT * INTO v_run FROM homeostat.rebalance_run r WHERE r.identity = homeostat.identity();
  IF NOT FOUND OR to_regclass('pg_catalog.pg_dist_background_job') IS NULL THEN
    RETURN;
  END IF;
  job := v_run.job_id;
  age_us := extract(epoch FROM clock_timestamp() - v_run.started_at) * 1000000;
  SELECT coalesce(sum(p.bytes) FILTER (WHERE there), 0), coalesce(sum(p.bytes), 0),
         count(*) FILTER (WHERE there), count(*)
    INTO bytes_done, bytes_total, moves_done, moves_total
    FROM homeostat.shard_plan p,
         LATERAL (SELECT EXISTS (SELECT FROM pg_dist_placement l JOIN pg_dist_node n USING (groupid)
                                  WHERE l.shardid = p.shard_id AND n.nodeid = p.to_node) AS there) AS x
   WHERE p.from_node <> p.to_node;
  SELECT j.state::text INTO v_state FROM pg_dist_background_job j WHERE j.job_id = v_run.job_id;
  phase := CASE
    WHEN v_run.started_at IS NULL THEN 'ordered'
    WHEN v_state IN ('scheduled', 'running') THEN 'running'
    WHEN v_run.stopped_by IS NOT NULL OR v_state IN ('cancelling', 'cancelled') THEN 'stopped'
    WHEN moves_done = moves_total THEN 'finished'
    ELSE 'failed' END;
  SELECT coalesce(max(t.retry_count), 0),
         left(string_agg(t.message, '; ') FILTER (WHERE t.status::text <> 'done'
                                                    AND t.message <> ''), 300)
    INTO retries, message FROM pg_dist_background_task t WHERE t.job_id = v_run.job_id;
  message := coalesce(v_run.stopped_by, message);
  in_the_way := phase = 'running' AND homeostat.rebalance_in_the_way();
  RETURN NEXT;
END
$$;

-- As before (0013), for one lever more.
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
  END CASE;
END
$$;

REVOKE ALL ON FUNCTION homeostat.rebalance_problem, homeostat.rebalance_under_way,
  homeostat.rebalance_ours, homeostat.take_plan, homeostat.rebalance_apply,
  homeostat.rebalance_start, homeostat.rebalance_halt, homeostat.rebalance_renew,
  homeostat.rebalance_lift, homeostat.rebalance_revert, homeostat.rebalance_read,
  homeostat.rebalance_in_the_way,
  homeostat.rebalance_make_way, homeostat.rebalance_look FROM PUBLIC;
GRANT SELECT ON homeostat.shard_plan, homeostat.rebalance_run
  TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.rebalance_problem(), homeostat.rebalance_look()
  TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.rebalance_apply(
  bigint, bigint, text, jsonb, bigint, text, text, integer, text, text, jsonb)
  TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.rebalance_start(bigint), homeostat.rebalance_read(text)
  TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.rebalance_renew(
  bigint, bigint, text, bigint, text, text, integer, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.rebalance_revert(
  bigint, bigint, text, text, text, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.rebalance_make_way(bigint) TO homeostat_actuator;
