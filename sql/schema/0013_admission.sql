-- SPDX-License-Identifier: Apache-2.0
-- The lever `admission`: how many transactions of a zone run at a time, and how long others queue.
-- Applications begin a transaction with homeostat.admit(zone). A value here is
-- {"concurrency": 40, "queue_limit": 0.5}, the queue's limit in seconds.

-- The limits that stand. No row: everybody is admitted. `class` is the class of the zone's advisory
-- locks: 1 to 10,000 are its slots, 1,000,001 and up its places in the queue.
CREATE TABLE homeostat.zone_limit (
  zone        text    NOT NULL CHECK (zone ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
  class       integer NOT NULL,
  concurrency double precision NOT NULL  -- a fraction is cut off: a regulator computes it
              CHECK (concurrency >= 1 AND concurrency <= 10000),
  queue_limit double precision NOT NULL CHECK (queue_limit >= 0 AND queue_limit <= 0.5),
  expires_at  timestamptz,             -- null: until somebody deletes the row
  reason      text    NOT NULL DEFAULT '',
  identity    text    NOT NULL DEFAULT homeostat.identity(),
  PRIMARY KEY (zone, identity)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0);

-- The class of a zone's advisory locks: the first 4 bytes of SHA-256 of "homeostat zone NAME",
-- signed, so that an application's own locks are met by chance only.
CREATE FUNCTION homeostat.zone_class(zone text) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT ('x' || encode(substr(sha256(convert_to('homeostat zone ' || zone, 'UTF8')), 1, 4), 'hex'))
         ::bit(32)::integer
$$;

-- The zone's row, when it stands; otherwise null.
CREATE FUNCTION homeostat.zone_standing(p_zone text) RETURNS homeostat.zone_limit
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row homeostat.zone_limit;
BEGIN
  FOR v_row IN SELECT * FROM homeostat.zone_limit z WHERE z.zone = p_zone
  LOOP
    CONTINUE WHEN v_row.expires_at <= clock_timestamp();
    -- Reads a file: only when it matters.
    CONTINUE WHEN v_row.identity <> homeostat.identity();
    RETURN v_row;
  END LOOP;
  RETURN NULL;
END
$$;

-- Takes one of `p_count` advisory locks behind `p_base`, and says which; null: none was found. Of
-- many it looks at 32 in a row, from a random one on: so the cap always holds, and a full zone
-- costs no more than that. p_session: until it is given back, otherwise until the transaction ends.
CREATE FUNCTION homeostat.zone_take(
  p_class integer, p_base integer, p_count integer, p_session boolean) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_from CONSTANT integer := floor(random() * p_count);
  v_key  integer;
BEGIN
  FOR i IN 0 .. least(p_count, 32) - 1 LOOP
    v_key := p_base + 1 + (v_from + i) % p_count;
    IF p_session THEN
      IF pg_try_advisory_lock(p_class, v_key) THEN
        RETURN v_key;
      END IF;
    ELSIF pg_try_advisory_xact_lock(p_class, v_key) THEN
      RETURN v_key;
    END IF;
  END LOOP;
  RETURN NULL;
END
$$;

-- HS004 is a code of ours, and no 40001 or 53xxx: what tries those again at once, by itself, is
-- what keeps a storm going.
CREATE FUNCTION homeostat.zone_refuse(p_row homeostat.zone_limit, p_why text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_after CONSTANT integer := 500 + floor(random() * 500);  -- not all of them at the same time
BEGIN
  RAISE EXCEPTION 'homeostat: zone % is full: %', p_row.zone, p_why USING ERRCODE = 'HS004',
    DETAIL = format('retry_after_ms=%s', v_after),
    HINT = format('Roll back, and try again after %s ms, not at once.', v_after);
END
$$;

-- Waits for one of the zone's slots, in sleeps of growing length: who sleeps waits for no lock and
-- wakes nobody. Null: the limit has gone meanwhile. Raises HS004 when time is up.
CREATE FUNCTION homeostat.zone_wait(p_row homeostat.zone_limit) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row   homeostat.zone_limit := p_row;
  v_since CONSTANT timestamptz := clock_timestamp();
  v_pause double precision := 0.004;
  v_left  double precision;
  v_slot  integer;
BEGIN
  LOOP
    v_left := v_row.queue_limit - extract(epoch FROM clock_timestamp() - v_since);
    IF v_left <= 0 THEN
      PERFORM homeostat.zone_refuse(v_row, 'no slot within '
                                    || round(v_row.queue_limit * 1000) || ' ms');
    END IF;
    PERFORM pg_sleep(least(v_left, v_pause * (0.75 + random() / 2)));
    v_pause := least(v_pause * 1.5, 0.05);
    v_row := homeostat.zone_standing(v_row.zone);
    IF v_row.zone IS NULL THEN
      RETURN NULL;
    END IF;
    v_slot := homeostat.zone_take(v_row.class, 0, floor(v_row.concurrency)::integer, false);
    IF v_slot IS NOT NULL THEN
      RETURN v_slot;
    END IF;
  END LOOP;
END
$$;

-- Called first in a transaction: takes one of the zone's slots for the rest of it. Without a limit
-- on the zone it returns at once. Otherwise, when all slots are taken, it waits for one up to the
-- queue's limit, at most half a second; as many as there are slots may wait. Who finds no slot in
-- time, or no place in the queue, gets SQLSTATE HS004 and tries again later. A critical one takes a
-- slot when there is one, and goes on without otherwise. A slot is free again when its transaction
-- or its session ends, however that came. Calling it again in the same transaction changes nothing.
CREATE FUNCTION homeostat.admit(zone text, critical boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row   homeostat.zone_limit := homeostat.zone_standing(admit.zone);
  v_held  text;
  v_place integer;
  v_slot  integer;
BEGIN
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

-- How it stands with each limited zone: transactions that hold a slot, and calls that wait. The age
-- is that of the oldest waiting statement, and no more than the queue's limit: a statement may have
-- done something else before.
CREATE FUNCTION homeostat.zone_queue() RETURNS TABLE (
  zone text, running bigint, waiting bigint, oldest_seconds double precision)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT z.zone, count(l.pid) FILTER (WHERE l.objid::bigint <= 10000),
         count(l.pid) FILTER (WHERE l.objid::bigint > 1000000),
         coalesce(max(least(greatest(date_part('epoch', clock_timestamp() - a.query_start), 0),
                            z.queue_limit)) FILTER (WHERE l.objid::bigint > 1000000), 0)
    FROM homeostat.zone_limit z
    LEFT JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
      AND l.classid = (CASE WHEN z.class < 0 THEN z.class + 4294967296 ELSE z.class END)::oid
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
    LEFT JOIN pg_stat_get_activity(NULL) a ON a.pid = l.pid
   WHERE coalesce(z.expires_at > clock_timestamp(), true) AND z.identity = homeostat.identity()
   GROUP BY z.zone
$$;

-- What the lever finds at its target.
CREATE TYPE homeostat.zone_found AS (
  lever     homeostat.lever,
  open_here boolean,  -- the ledger says that the limit is ours
  theirs    text,     -- in words, where somebody else has written; null: nobody
  standing  jsonb     -- the limit that stands; null: none
);

-- Looks at target and ledger, and locks both rows until the transaction ends.
CREATE FUNCTION homeostat.zone_look(p_target text) RETURNS homeostat.zone_found
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row   homeostat.zone_limit;
  v_lever homeostat.lever;
  v_found homeostat.zone_found;
BEGIN
  SELECT * INTO v_lever FROM homeostat.lever l
   WHERE l.lever = 'admission' AND l.target = p_target AND l.identity = homeostat.identity()
   FOR UPDATE;
  SELECT * INTO v_row FROM homeostat.zone_limit z
   WHERE z.zone = substr(p_target, 6) AND z.identity = homeostat.identity() FOR UPDATE;
  v_found.lever := v_lever;
  v_found.open_here := coalesce(v_lever.status = 'open', false);
  IF v_row.zone IS NOT NULL AND coalesce(v_row.expires_at > clock_timestamp(), true) THEN
    v_found.standing := jsonb_build_object('concurrency', v_row.concurrency,
                                           'queue_limit', v_row.queue_limit);
  END IF;
  -- Value and expiry were written together; a row that differs in either was written by others.
  IF v_found.open_here AND NOT coalesce(
       v_row.concurrency = (v_lever.value ->> 'concurrency')::double precision
       AND v_row.queue_limit = (v_lever.value ->> 'queue_limit')::double precision
       AND v_row.expires_at = v_lever.expires_at, false) THEN
    v_found.theirs := CASE WHEN v_row.zone IS NULL THEN 'lifted ' ELSE 'set ' END;
  ELSIF NOT v_found.open_here AND v_found.standing IS NOT NULL THEN
    v_found.theirs := 'set ';
  END IF;
  v_found.theirs := 'somebody else has ' || v_found.theirs || p_target;
  RETURN v_found;
END
$$;

-- Leaves a target to whoever has written it: closes the ledger's row and records that, once.
CREATE FUNCTION homeostat.zone_yield(
  p_epoch bigint, p_sequence bigint, p_kind text, p_target text, p_found homeostat.zone_found,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  outcome := 'yielded';
  detail := p_found.theirs;
  IF NOT p_found.open_here AND (p_found.lever).status = 'yielded'
     AND (p_found.lever).found IS NOT DISTINCT FROM p_found.standing THEN
    RETURN;  -- recorded before
  END IF;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, p_kind, 'yielded', 'admission', p_target,
    p_found.standing, p_found.standing, p_policy, p_subject, p_rung, p_policy_hash, detail);
END
$$;

-- Moves a zone to a limit under the fence: ledger, act and effect in one transaction, once a token.
-- Transactions that run go on: a lower cap holds from when those above it have ended.
CREATE FUNCTION homeostat.zone_apply(
  p_epoch bigint, p_sequence bigint, p_target text, p_value jsonb, p_ttl_us bigint,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_slots   CONSTANT double precision := (p_value ->> 'concurrency')::double precision;
  v_limit   CONSTANT double precision := (p_value ->> 'queue_limit')::double precision;
  v_found   homeostat.zone_found;
  v_expires timestamptz;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'apply', 'admission', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  IF NOT coalesce(p_target LIKE 'zone/_%' AND v_slots BETWEEN 1 AND 10000
                  AND v_limit BETWEEN 0 AND 0.5, false) THEN
    RAISE EXCEPTION 'homeostat: a concurrency is 1 to 10,000, a queue_limit 0 to 0.5 seconds'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  v_found := homeostat.zone_look(p_target);
  IF v_found.theirs IS NOT NULL THEN
    SELECT y.outcome, y.detail INTO outcome, detail
      FROM homeostat.zone_yield(p_epoch, p_sequence, 'apply', p_target, v_found, p_policy,
                                p_subject, p_rung, p_policy_hash) AS y;
    RETURN;
  END IF;
  v_expires := homeostat.ledger_stand(p_epoch, p_sequence, 'admission', p_target,
    v_found.standing, p_value, p_ttl_us, p_policy, p_subject, p_rung, p_policy_hash, p_reason);
  INSERT INTO homeostat.zone_limit AS z (zone, class, concurrency, queue_limit, expires_at, reason)
    VALUES (substr(p_target, 6), homeostat.zone_class(substr(p_target, 6)), v_slots, v_limit,
            v_expires, p_reason)
  ON CONFLICT (zone, identity) DO UPDATE SET
    class = excluded.class, concurrency = excluded.concurrency,
    queue_limit = excluded.queue_limit, expires_at = excluded.expires_at,
    reason = excluded.reason;
  outcome := 'applied';
END
$$;

-- The same value for longer.
CREATE FUNCTION homeostat.zone_renew(
  p_epoch bigint, p_sequence bigint, p_target text, p_ttl_us bigint, p_policy text,
  p_subject text, p_rung integer, p_policy_hash text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found   homeostat.zone_found;
  v_expires timestamptz;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'renew', 'admission', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_found := homeostat.zone_look(p_target);
  IF NOT v_found.open_here THEN
    outcome := 'refused';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  IF v_found.theirs IS NOT NULL THEN
    SELECT y.outcome, y.detail INTO outcome, detail
      FROM homeostat.zone_yield(p_epoch, p_sequence, 'renew', p_target, v_found, p_policy,
                                p_subject, p_rung, p_policy_hash) AS y;
    RETURN;
  END IF;
  v_expires := homeostat.ledger_renew(p_epoch, p_sequence, 'admission', p_target, p_ttl_us,
    p_policy, p_subject, p_rung, p_policy_hash);
  UPDATE homeostat.zone_limit z SET expires_at = v_expires
   WHERE z.zone = substr(p_target, 6) AND z.identity = homeostat.identity();
  outcome := 'applied';
END
$$;

-- Takes the limit away and closes the row, or yields. REQUIRES: an open row.
CREATE FUNCTION homeostat.zone_lift(
  p_epoch bigint, p_sequence bigint, p_lever homeostat.lever, p_policy text, p_subject text,
  p_reason text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found CONSTANT homeostat.zone_found := homeostat.zone_look(p_lever.target);
BEGIN
  IF v_found.theirs IS NOT NULL THEN
    SELECT y.outcome, y.detail INTO outcome, detail
      FROM homeostat.zone_yield(p_epoch, p_sequence, 'revert', p_lever.target, v_found, p_policy,
                                p_subject, 0, p_lever.policy_hash) AS y;
    RETURN;
  END IF;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'revert', 'reverted', 'admission',
    p_lever.target, v_found.standing, NULL, p_policy, p_subject, 0, p_lever.policy_hash,
    p_reason);
  DELETE FROM homeostat.zone_limit z
   WHERE z.zone = substr(p_lever.target, 6) AND z.identity = homeostat.identity();
  outcome := 'applied';
END
$$;

-- Back to no limit: a zone that somebody else has limited is never taken.
CREATE FUNCTION homeostat.zone_revert(
  p_epoch bigint, p_sequence bigint, p_target text, p_policy text, p_subject text,
  p_reason text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found homeostat.zone_found;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'revert', 'admission', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_found := homeostat.zone_look(p_target);
  IF NOT v_found.open_here THEN
    outcome := 'applied';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  SELECT l.outcome, l.detail INTO outcome, detail
    FROM homeostat.zone_lift(p_epoch, p_sequence, v_found.lever, p_policy, p_subject,
                             p_reason) AS l;
END
$$;

-- The limit written there, whether its expiry has passed or not; no row: none.
CREATE FUNCTION homeostat.zone_read(p_target text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT jsonb_build_object('concurrency', z.concurrency, 'queue_limit', z.queue_limit)
    FROM homeostat.zone_limit z
   WHERE 'zone/' || z.zone = p_target AND z.identity = homeostat.identity()
$$;

-- As before (0011), for one lever more.
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
  END CASE;
END
$$;

REVOKE ALL ON FUNCTION homeostat.zone_class, homeostat.zone_standing, homeostat.zone_take,
  homeostat.zone_refuse, homeostat.zone_wait, homeostat.admit, homeostat.zone_queue,
  homeostat.zone_look, homeostat.zone_yield, homeostat.zone_apply, homeostat.zone_renew,
  homeostat.zone_lift, homeostat.zone_revert, homeostat.zone_read FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat.admit(text, boolean) TO PUBLIC;
GRANT SELECT ON homeostat.zone_limit TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.zone_queue() TO homeostat_monitor;
GRANT EXECUTE ON FUNCTION homeostat.zone_read(text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.zone_apply(
  bigint, bigint, text, jsonb, bigint, text, text, integer, text, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.zone_renew(
  bigint, bigint, text, bigint, text, text, integer, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.zone_revert(
  bigint, bigint, text, text, text, text) TO homeostat_actuator;
