-- SPDX-License-Identifier: Apache-2.0
-- The lever `zone`: a zone, or all zones of a node, in recovery. homeostat.admit() turns transactions
-- of such a zone away at once, but for a share of the keys, and homeostat.route() says which zone a
-- key is in and what it takes. A value here is {"admit": 0.05}. Nothing here asks a worker of Citus
-- for anything: it is about those that do not answer.

-- The inventory: which node each zone is on.
CREATE TABLE homeostat.zone_place (
  zone     text    PRIMARY KEY CHECK (zone ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
  node     text    NOT NULL,  -- as the configuration calls it
  group_id integer,           -- pg_dist_node.groupid, 0: the coordinator; null: not known
  here     boolean NOT NULL   -- this server
);

-- What is in recovery. No row: everybody is admitted. The strictest of a zone's own row and its
-- node's row wins.
CREATE TABLE homeostat.zone_recovery (
  target     text             NOT NULL
             CHECK (target ~ '^(zone|node)/[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
  admit      double precision NOT NULL CHECK (admit >= 0 AND admit <= 1),
  salt       bytea            NOT NULL,  -- new at each activation: not always the same keys pay
  expires_at timestamptz,                -- null: until somebody deletes the row
  reason     text             NOT NULL DEFAULT '',
  identity   text             NOT NULL DEFAULT homeostat.identity(),
  PRIMARY KEY (target, identity)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0);

-- Which share of a zone's keys is admitted, and by which salt. A recovery that ran out, with nobody
-- there to end it, lets the rest in over a minute, as a feature's restriction does.
CREATE FUNCTION homeostat.zone_share(p_zone text, OUT share double precision, OUT salt bytea)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row   homeostat.zone_recovery;
  v_share double precision;
BEGIN
  share := 1;
  FOR v_row IN
    SELECT * FROM homeostat.zone_recovery r
     WHERE r.target = 'zone/' || p_zone
        OR r.target = (SELECT 'node/' || p.node FROM homeostat.zone_place p WHERE p.zone = p_zone)
     ORDER BY r.target
  LOOP
    CONTINUE WHEN v_row.identity <> homeostat.identity();
    v_share := homeostat.admitted_share(v_row.admit, v_row.expires_at, clock_timestamp());
    IF v_share < share THEN
      share := v_share;
      salt := v_row.salt;
    END IF;
  END LOOP;
END
$$;

-- Whether the zone takes this key; null: drawn anew at each call.
CREATE FUNCTION homeostat.zone_takes(p_zone text, p_key text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_share double precision;
  v_salt  bytea;
BEGIN
  IF NOT EXISTS (SELECT FROM homeostat.zone_recovery) THEN
    RETURN true;
  END IF;
  SELECT s.share, s.salt INTO v_share, v_salt FROM homeostat.zone_share(p_zone) AS s;
  IF v_share >= 1 THEN
    RETURN true;
  ELSIF p_key IS NULL THEN
    RETURN random() < v_share;
  END IF;
  RETURN homeostat.bucket(v_salt, p_key) < round(v_share * 10000);
END
$$;

-- Whether no zone is in recovery at all.
CREATE FUNCTION homeostat.zones_whole() RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT NOT EXISTS (
    SELECT FROM homeostat.zone_recovery r
     WHERE homeostat.admitted_share(r.admit, r.expires_at, clock_timestamp()) < 1
       AND r.identity = homeostat.identity())
$$;

-- As before (0013), and before all else: a zone in recovery refuses at once, with SQLSTATE HS005,
-- who is not among the share that it lets in. Critical ones, too, while it lets nobody in: it does not
-- answer then. The same key gets the same answer while a recovery stands at one share; without a key
-- each call is drawn by itself.
DROP FUNCTION homeostat.admit(text, boolean);
CREATE FUNCTION homeostat.admit(
  zone text, critical boolean DEFAULT false, key text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_after integer;
  v_row   homeostat.zone_limit;
  v_held  text;
  v_place integer;
  v_slot  integer;
BEGIN
  IF NOT homeostat.zone_takes(admit.zone, admit.key)
     AND NOT (coalesce(admit.critical, false)
              AND (SELECT s.share > 0 FROM homeostat.zone_share(admit.zone) AS s)) THEN
    v_after := 1000 + floor(random() * 1000);
    RAISE EXCEPTION 'homeostat: zone % is in recovery', admit.zone USING ERRCODE = 'HS005',
      DETAIL = format('retry_after_ms=%s', v_after),
      HINT = format('Roll back, and try again after %s ms, not at once.', v_after);
  END IF;
  v_row := homeostat.zone_standing(admit.zone);
  IF v_row.zone IS NULL THEN
    RETURN;
  END IF;
  v_held := coalesce(current_setting('homeostat.admitted', true), '');
  IF v_row.class::text = ANY (string_to_array(v_held, ' ')) THEN
    RETURN;
  END IF;
  v_slot := homeostat.zone_take(v_row.class, 0, floor(v_row.concurrency)::integer, false);
  IF v_slot IS NULL AND coalesce(admit.critical, false) THEN
    RETURN;
  END IF;
  IF v_slot IS NULL THEN
    v_place := homeostat.zone_take(v_row.class, 1000000, floor(v_row.concurrency)::integer, true);
    IF v_place IS NULL THEN
      PERFORM homeostat.zone_refuse(v_row, 'the queue is full, too');
    END IF;
    BEGIN
      v_slot := homeostat.zone_wait(v_row);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      PERFORM pg_advisory_unlock(v_row.class, v_place);  -- of the session: no rollback ends it
      RAISE;
    END;
    PERFORM pg_advisory_unlock(v_row.class, v_place);
  END IF;
  IF v_slot IS NOT NULL THEN
    -- Gone with the transaction, or the savepoint, as the slot is.
    PERFORM set_config('homeostat.admitted', ltrim(v_held || ' ' || v_row.class), true);
  END IF;
END
$$;

-- The zone of a node's shards of one range: those of a node with several are dealt out to them, all
-- that move together to the same. Null: the node has none. controller/cli/zone_dealer.cpp deals as
-- this does.
CREATE FUNCTION homeostat.zone_at(
  p_group integer, p_low text, OUT zone text, OUT node text)
LANGUAGE sql STABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT s.zones[1 + homeostat.bucket('', coalesce(p_low, '')) % cardinality(s.zones)], s.node
    FROM (SELECT array_agg(p.zone ORDER BY p.zone COLLATE "C") AS zones, min(p.node) AS node
            FROM homeostat.zone_place p WHERE p.group_id = p_group) AS s
$$;

-- What homeostat.route() says of a shard; null: of what is on this server.
CREATE FUNCTION homeostat.route_shard(
  shard bigint, key text,
  OUT zone text, OUT reads boolean, OUT writes boolean, OUT node text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_low       text;
  v_reference boolean := false;
  v_groups    integer[] := '{0}';
  v_group     integer;
  v_zone      text;
  v_node      text;
  v_takes     boolean;
BEGIN
  IF route_shard.shard IS NOT NULL THEN
    SELECT s.shardminvalue, p.partmethod = 'n' AND p.repmodel = 't' INTO v_low, v_reference
      FROM pg_dist_shard s JOIN pg_dist_partition p ON p.logicalrelid = s.logicalrelid
     WHERE s.shardid = route_shard.shard;
    v_groups := ARRAY(SELECT l.groupid FROM pg_dist_placement l
                       WHERE l.shardid = route_shard.shard AND l.shardstate = 1
                       ORDER BY l.groupid);
  END IF;
  reads := false;
  writes := cardinality(v_groups) > 0;
  -- The first placement that takes it, this server's own before others; otherwise the first.
  FOREACH v_group IN ARRAY v_groups LOOP
    SELECT a.zone, a.node INTO v_zone, v_node FROM homeostat.zone_at(v_group, v_low) AS a;
    v_takes := v_zone IS NULL OR homeostat.zone_takes(v_zone, route_shard.key);
    writes := writes AND v_takes;
    IF v_group = v_groups[1] OR v_takes AND NOT reads THEN
      zone := v_zone;
      node := v_node;
    END IF;
    reads := reads OR v_takes;
  END LOOP;
  -- A write of a reference table goes to every node.
  writes := writes AND (NOT v_reference OR homeostat.zones_whole());
END
$$;

-- Which zone serves a key of a table, whether it takes reads and writes now, and on which node: for
-- reads one that answers, when the shard is on several. A reference table's reads go on while any
-- node has it that answers, its writes wait for all. Without a key: of what is on all nodes, zone
-- and node are null. Asks no other node. Called as who it is: who may not use the table is refused.
CREATE FUNCTION homeostat.route(
  relation regclass, key text DEFAULT NULL,
  OUT zone text, OUT reads boolean, OUT writes boolean, OUT node text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_method "char";
  v_shard  bigint;
BEGIN
  IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
    SELECT p.partmethod INTO v_method FROM pg_dist_partition p
     WHERE p.logicalrelid = route.relation;
    IF v_method <> 'n' AND route.key IS NULL THEN
      SELECT w.whole, w.whole INTO reads, writes FROM homeostat.route_all() AS w(whole);
      RETURN;
    ELSIF v_method IS NOT NULL THEN
      v_shard := get_shard_id_for_distribution_column(route.relation, route.key);
    END IF;
  END IF;
  SELECT s.zone, s.reads, s.writes, s.node INTO zone, reads, writes, node
    FROM homeostat.route_shard(v_shard, route.key) AS s;
END
$$;

-- Whether a statement may go to all nodes at once.
CREATE FUNCTION homeostat.route_all() RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT homeostat.zones_whole()
$$;

-- Makes the inventory exactly this: [{"zone": "a", "node": "worker-1", "group": 2, "here": false},
-- …]; a group that is null is not known now, and what was known of the same node stays. By the
-- session that leads.
CREATE FUNCTION homeostat.register_zones(p_zones jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence((SELECT s.epoch FROM homeostat.lease s));
  DELETE FROM homeostat.zone_place p
   WHERE NOT EXISTS (SELECT FROM jsonb_to_recordset(p_zones) AS z(zone text) WHERE z.zone = p.zone);
  INSERT INTO homeostat.zone_place AS p (zone, node, group_id, here)
    SELECT z.zone, z.node, z."group", z.here
      FROM jsonb_to_recordset(p_zones) AS z(zone text, node text, "group" integer, here boolean)
  ON CONFLICT (zone) DO UPDATE SET
    node = excluded.node, here = excluded.here,
    group_id = coalesce(excluded.group_id, CASE WHEN p.node = excluded.node THEN p.group_id END)
    WHERE p.node <> excluded.node OR p.here <> excluded.here
       OR p.group_id IS DISTINCT FROM coalesce(excluded.group_id, p.group_id);
  -- Whose minute of coming back is over, and nobody's any more.
  DELETE FROM homeostat.zone_recovery r
   WHERE r.expires_at + interval '60 seconds' <= clock_timestamp()
     AND NOT EXISTS (SELECT FROM homeostat.lever l
                      WHERE l.lever = 'zone' AND l.target = r.target AND l.status = 'open');
END
$$;

-- What the lever finds at its target.
CREATE TYPE homeostat.recovery_found AS (
  lever     homeostat.lever,
  open_here boolean,  -- the ledger says that the recovery is ours
  theirs    text,     -- in words, where somebody else has written; null: nobody
  standing  jsonb     -- what stands; null: nothing
);

-- Looks at target and ledger, and locks both rows until the transaction ends.
CREATE FUNCTION homeostat.recovery_look(p_target text) RETURNS homeostat.recovery_found
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row   homeostat.zone_recovery;
  v_lever homeostat.lever;
  v_found homeostat.recovery_found;
BEGIN
  SELECT * INTO v_lever FROM homeostat.lever l
   WHERE l.lever = 'zone' AND l.target = p_target AND l.identity = homeostat.identity()
   FOR UPDATE;
  SELECT * INTO v_row FROM homeostat.zone_recovery r
   WHERE r.target = p_target AND r.identity = homeostat.identity() FOR UPDATE;
  v_found.lever := v_lever;
  v_found.open_here := coalesce(v_lever.status = 'open', false);
  IF v_row.target IS NOT NULL AND coalesce(v_row.expires_at > clock_timestamp(), true) THEN
    v_found.standing := jsonb_build_object('admit', v_row.admit);
  END IF;
  -- Value and expiry were written together; a row that differs in either was written by others.
  IF v_found.open_here AND NOT coalesce(
       v_row.admit = (v_lever.value ->> 'admit')::double precision
       AND v_row.expires_at = v_lever.expires_at, false) THEN
    v_found.theirs := CASE WHEN v_row.target IS NULL THEN 'lifted ' ELSE 'set ' END;
  ELSIF NOT v_found.open_here AND v_found.standing IS NOT NULL THEN
    v_found.theirs := 'set ';
  END IF;
  v_found.theirs := 'somebody else has ' || v_found.theirs || p_target;
  RETURN v_found;
END
$$;

-- Leaves a target to whoever has written it: closes the ledger's row and records that, once.
CREATE FUNCTION homeostat.recovery_yield(
  p_epoch bigint, p_sequence bigint, p_kind text, p_target text,
  p_found homeostat.recovery_found, p_policy text, p_subject text, p_rung integer,
  p_policy_hash text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  outcome := 'yielded';
  detail := p_found.theirs;
  IF NOT p_found.open_here AND (p_found.lever).status = 'yielded'
     AND (p_found.lever).found IS NOT DISTINCT FROM p_found.standing THEN
    RETURN;  -- recorded before
  END IF;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, p_kind, 'yielded', 'zone', p_target,
    p_found.standing, p_found.standing, p_policy, p_subject, p_rung, p_policy_hash, detail);
END
$$;

-- Moves a zone, or a node's zones, to a share of admitted keys under the fence: ledger, act and
-- effect in one transaction, once a token. A zone of this server is refused: who can be told answers,
-- and turned away would be all that it has.
CREATE FUNCTION homeostat.recovery_apply(
  p_epoch bigint, p_sequence bigint, p_target text, p_value jsonb, p_ttl_us bigint,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_admit   CONSTANT double precision := (p_value ->> 'admit')::double precision;
  v_found   homeostat.recovery_found;
  v_expires timestamptz;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'apply', 'zone', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  IF NOT coalesce(p_target ~ '^(zone|node)/.' AND v_admit BETWEEN 0 AND 1, false) THEN
    RAISE EXCEPTION 'homeostat: the share that a zone in recovery admits is 0 to 1'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM FROM homeostat.zone_place p
   WHERE p.here AND p_target IN ('zone/' || p.zone, 'node/' || p.node);
  IF FOUND THEN
    outcome := 'refused';
    detail := p_target || ' is on the server that holds the ledger, which answers';
    RETURN;
  END IF;
  v_found := homeostat.recovery_look(p_target);
  IF v_found.theirs IS NOT NULL THEN
    SELECT y.outcome, y.detail INTO outcome, detail
      FROM homeostat.recovery_yield(p_epoch, p_sequence, 'apply', p_target, v_found, p_policy,
                                    p_subject, p_rung, p_policy_hash) AS y;
    RETURN;
  END IF;
  v_expires := homeostat.ledger_stand(p_epoch, p_sequence, 'zone', p_target, v_found.standing,
    p_value, p_ttl_us, p_policy, p_subject, p_rung, p_policy_hash, p_reason);
  INSERT INTO homeostat.zone_recovery AS r (target, admit, salt, expires_at, reason)
    VALUES (p_target, v_admit, decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), v_expires,
            p_reason)
  ON CONFLICT (target, identity) DO UPDATE SET
    admit = excluded.admit, expires_at = excluded.expires_at, reason = excluded.reason,
    -- Steps of one recovery keep its salt: who was let in again stays in.
    salt = CASE WHEN v_found.open_here THEN r.salt ELSE excluded.salt END;
  outcome := 'applied';
END
$$;

-- The same value for longer.
CREATE FUNCTION homeostat.recovery_renew(
  p_epoch bigint, p_sequence bigint, p_target text, p_ttl_us bigint, p_policy text,
  p_subject text, p_rung integer, p_policy_hash text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found   homeostat.recovery_found;
  v_expires timestamptz;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'renew', 'zone', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_found := homeostat.recovery_look(p_target);
  IF NOT v_found.open_here THEN
    outcome := 'refused';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  IF v_found.theirs IS NOT NULL THEN
    SELECT y.outcome, y.detail INTO outcome, detail
      FROM homeostat.recovery_yield(p_epoch, p_sequence, 'renew', p_target, v_found, p_policy,
                                    p_subject, p_rung, p_policy_hash) AS y;
    RETURN;
  END IF;
  v_expires := homeostat.ledger_renew(p_epoch, p_sequence, 'zone', p_target, p_ttl_us, p_policy,
    p_subject, p_rung, p_policy_hash);
  UPDATE homeostat.zone_recovery r SET expires_at = v_expires
   WHERE r.target = p_target AND r.identity = homeostat.identity();
  outcome := 'applied';
END
$$;

-- Ends a recovery and closes the row, or yields. REQUIRES: an open row. One that ran out is left to
-- its minute of coming back.
CREATE FUNCTION homeostat.recovery_lift(
  p_epoch bigint, p_sequence bigint, p_lever homeostat.lever, p_policy text, p_subject text,
  p_reason text, p_at_once boolean, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found CONSTANT homeostat.recovery_found := homeostat.recovery_look(p_lever.target);
BEGIN
  IF v_found.theirs IS NOT NULL THEN
    SELECT y.outcome, y.detail INTO outcome, detail
      FROM homeostat.recovery_yield(p_epoch, p_sequence, 'revert', p_lever.target, v_found,
                                    p_policy, p_subject, 0, p_lever.policy_hash) AS y;
    RETURN;
  END IF;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'revert', 'reverted', 'zone',
    p_lever.target, v_found.standing, NULL, p_policy, p_subject, 0, p_lever.policy_hash, p_reason);
  DELETE FROM homeostat.zone_recovery r
   WHERE r.target = p_lever.target AND r.identity = homeostat.identity()
     AND (p_at_once OR r.expires_at + interval '60 seconds' <= clock_timestamp());
  outcome := 'applied';
END
$$;

-- Back to no recovery: what somebody else has set is never taken.
CREATE FUNCTION homeostat.recovery_revert(
  p_epoch bigint, p_sequence bigint, p_target text, p_policy text, p_subject text,
  p_reason text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found homeostat.recovery_found;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'revert', 'zone', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_found := homeostat.recovery_look(p_target);
  IF NOT v_found.open_here THEN
    outcome := 'applied';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  SELECT l.outcome, l.detail INTO outcome, detail
    FROM homeostat.recovery_lift(p_epoch, p_sequence, v_found.lever, p_policy, p_subject,
                                 p_reason, true) AS l;
END
$$;

-- What is written there, whether its expiry has passed or not; no row: nothing.
CREATE FUNCTION homeostat.recovery_read(p_target text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT jsonb_build_object('admit', r.admit) FROM homeostat.zone_recovery r
   WHERE r.target = p_target AND r.identity = homeostat.identity()
$$;

-- As before (0014), for one lever more.
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
  END CASE;
END
$$;

REVOKE ALL ON FUNCTION homeostat.zone_share, homeostat.zone_takes, homeostat.zones_whole,
  homeostat.admit, homeostat.zone_at, homeostat.route_shard, homeostat.route, homeostat.route_all,
  homeostat.register_zones, homeostat.recovery_look, homeostat.recovery_yield,
  homeostat.recovery_apply, homeostat.recovery_renew, homeostat.recovery_lift,
  homeostat.recovery_revert, homeostat.recovery_read FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat.admit(text, boolean, text), homeostat.route(regclass, text),
  homeostat.route_shard(bigint, text), homeostat.route_all() TO PUBLIC;
GRANT SELECT ON homeostat.zone_place, homeostat.zone_recovery
  TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.register_zones(jsonb), homeostat.recovery_read(text)
  TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.recovery_apply(
  bigint, bigint, text, jsonb, bigint, text, text, integer, text, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.recovery_renew(
  bigint, bigint, text, bigint, text, text, integer, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.recovery_revert(
  bigint, bigint, text, text, text, text) TO homeostat_actuator;
