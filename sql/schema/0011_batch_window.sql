-- SPDX-License-Identifier: Apache-2.0
-- The lever `batch_window`: how long the consumers of a Kafka group gather events before they write
-- them as one batch, and how many of a backlog a batch takes. Consumers read it from the control
-- topic; who cannot asks homeostat.batch_window(group), which answers the same. A value here is
-- {"window": 0.0375, "drain_limit": 10000}, the window in seconds.

-- What was said last, a row a group. The row stays when its window goes, for its epoch.
CREATE TABLE homeostat.group_window (
  consumer_group text    NOT NULL CHECK (length(consumer_group) BETWEEN 1 AND 249),
  window_ms      double precision CHECK (window_ms >= 0 AND window_ms <= 10000),  -- null: none
  drain_limit    integer CHECK (drain_limit BETWEEN 1 AND 1000000),
  epoch          bigint  NOT NULL DEFAULT 0,  -- of the newest value; never decreases
  issued_at      timestamptz,
  expires_at     timestamptz,
  reason         text    NOT NULL DEFAULT '',
  topic_offset   bigint  NOT NULL DEFAULT -1, -- of the group's last record when this was written
  identity       text    NOT NULL DEFAULT homeostat.identity(),
  PRIMARY KEY (consumer_group, identity)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0);

-- What a consumer of the group is to do now; no row: its own default. Never waits, never writes.
CREATE FUNCTION homeostat.batch_window(consumer_group text) RETURNS TABLE (
  window_ms double precision, drain_limit integer, epoch bigint, expires_at timestamptz, reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT w.window_ms, w.drain_limit, w.epoch, w.expires_at, w.reason
    FROM homeostat.group_window w
   WHERE w.consumer_group = batch_window.consumer_group AND w.window_ms IS NOT NULL
     AND w.expires_at > clock_timestamp() AND w.identity = homeostat.identity()
$$;

-- The message for the control topic, and in whose name it goes: {"value": …, "issuer": …}.
CREATE FUNCTION homeostat.window_message(p_row homeostat.group_window) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT json_build_object('issuer', p_row.identity, 'value', json_build_object(
    'version', 1, 'epoch', p_row.epoch, 'window_ms', p_row.window_ms,
    'drain_limit', p_row.drain_limit,
    'issued_at_ms', floor(extract(epoch FROM p_row.issued_at) * 1000)::bigint,
    'expires_at_ms', floor(extract(epoch FROM p_row.expires_at) * 1000)::bigint,
    'reason', p_row.reason))
$$;

-- What a window lever finds at its target.
CREATE TYPE homeostat.window_found AS (
  mirror    homeostat.group_window,
  lever     homeostat.lever,
  open_here boolean,  -- the ledger says that the window is ours
  epoch     bigint,   -- of the newest value anywhere: what is new must be above it
  theirs    text,     -- where somebody else's value stands, in words; null: nowhere
  in_topic  boolean,  -- it is in the topic, not in the mirror
  standing  jsonb     -- that value, or ours; null: none, or it has been taken away
);

-- Looks at the topic's last record of the group, the mirror and the ledger, and locks the rows until
-- the transaction ends. p_topic is null (there is no record) or
-- {"issuer": …, "offset": …, and of a tombstone "tombstone": true, otherwise "epoch", "window",
-- "drain_limit", "expires_at_ms"}; of a record that no consumer obeys only the first two.
--
-- Somebody else's is what was written in another name and consumers obey, until it expires; or a
-- tombstone in another name that came after ours. A record in our name is never somebody else's,
-- whatever its epoch: a leader that was superseded, or another timeline of this database, wrote it.
CREATE FUNCTION homeostat.window_look(p_group text, p_topic jsonb)
RETURNS homeostat.window_found
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_here  CONSTANT text := homeostat.identity();
  v_now   CONSTANT timestamptz := clock_timestamp();
  v_row   homeostat.group_window;
  v_lever homeostat.lever;
  v_found homeostat.window_found;
  v_alien CONSTANT boolean := coalesce(p_topic ->> 'issuer' <> v_here, false);
BEGIN
  SELECT * INTO v_lever FROM homeostat.lever l
   WHERE l.lever = 'batch_window' AND l.target = 'group/' || p_group AND l.identity = v_here
   FOR UPDATE;
  SELECT * INTO v_row FROM homeostat.group_window w
   WHERE w.consumer_group = p_group AND w.identity = v_here FOR UPDATE;
  v_found.mirror := v_row;
  v_found.lever := v_lever;
  v_found.open_here := coalesce(v_lever.status = 'open', false);
  v_found.in_topic := false;
  v_found.epoch := greatest(v_row.epoch, (p_topic ->> 'epoch')::bigint, 0);
  IF v_row.window_ms IS NOT NULL AND v_row.expires_at > v_now THEN
    v_found.standing := jsonb_build_object('window', v_row.window_ms / 1000,
                                           'drain_limit', v_row.drain_limit);
  END IF;
  IF v_alien AND (p_topic ->> 'expires_at_ms')::bigint > extract(epoch FROM v_now) * 1000 THEN
    v_found.theirs := 'somebody else has written to the control topic';
    v_found.in_topic := true;
    v_found.standing := jsonb_build_object('window', p_topic -> 'window',
                                           'drain_limit', p_topic -> 'drain_limit');
  ELSIF v_alien AND p_topic ? 'tombstone' AND v_found.open_here
        AND (p_topic ->> 'offset')::bigint > v_row.topic_offset THEN
    v_found.theirs := 'somebody else has taken the message out of the control topic';
    v_found.in_topic := true;
    v_found.standing := NULL;
  ELSIF v_found.open_here AND NOT coalesce(
          v_row.window_ms = (v_lever.value ->> 'window')::double precision * 1000
          AND v_row.drain_limit = (v_lever.value ->> 'drain_limit')::numeric
          AND v_row.expires_at = v_lever.expires_at, false)
        OR NOT v_found.open_here AND v_found.standing IS NOT NULL THEN
    v_found.theirs := 'somebody else has changed homeostat.group_window';
  END IF;
  RETURN v_found;
END
$$;

-- Leaves a target to whoever has written it: closes the ledger's row and records that, once. Where
-- that is in the topic, ours goes from the mirror.
CREATE FUNCTION homeostat.window_yield(
  p_epoch bigint, p_sequence bigint, p_kind text, p_group text, p_found homeostat.window_found,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  outcome := 'yielded';
  detail := p_found.theirs || ', for group ' || p_group;
  IF NOT p_found.open_here AND (p_found.lever).status = 'yielded'
     AND (p_found.lever).found IS NOT DISTINCT FROM p_found.standing THEN
    RETURN;  -- recorded before
  END IF;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, p_kind, 'yielded', 'batch_window',
    'group/' || p_group, p_found.standing, p_found.standing, p_policy, p_subject, p_rung,
    p_policy_hash, detail);
  IF p_found.in_topic THEN
    UPDATE homeostat.group_window w SET window_ms = NULL
     WHERE w.consumer_group = p_group AND w.identity = homeostat.identity();
  END IF;
END
$$;

-- Moves a group to a value under the fence: ledger, act and mirror in one transaction, once a token.
-- `message` is what the control topic must be told next; null: nothing.
CREATE FUNCTION homeostat.window_apply(
  p_epoch bigint, p_sequence bigint, p_target text, p_value jsonb, p_ttl_us bigint,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text, p_reason text,
  p_topic jsonb, OUT outcome text, OUT detail text, OUT message json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_group   CONSTANT text := substr(p_target, 7);
  v_window  CONSTANT double precision := (p_value ->> 'window')::double precision;
  v_limit   CONSTANT numeric := (p_value ->> 'drain_limit')::numeric;
  v_found   homeostat.window_found;
  v_expires timestamptz;
  v_row     homeostat.group_window;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'apply', 'batch_window', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  IF NOT coalesce(p_target LIKE 'group/_%' AND v_window BETWEEN 0 AND 10
                  AND v_limit BETWEEN 1 AND 1000000 AND v_limit = trunc(v_limit), false) THEN
    RAISE EXCEPTION 'homeostat: a window is 0 to 10 seconds, a drain_limit 1 to 1,000,000 events'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF p_ttl_us > 3600000000 THEN
    RAISE EXCEPTION 'homeostat: consumers obey no message that lives longer than an hour'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  v_found := homeostat.window_look(v_group, p_topic);
  IF v_found.theirs IS NOT NULL THEN
    SELECT y.outcome, y.detail INTO outcome, detail
      FROM homeostat.window_yield(p_epoch, p_sequence, 'apply', v_group, v_found, p_policy,
                                  p_subject, p_rung, p_policy_hash) AS y;
    RETURN;
  END IF;
  v_expires := homeostat.ledger_stand(p_epoch, p_sequence, 'batch_window', p_target,
    v_found.standing, p_value, p_ttl_us, p_policy, p_subject, p_rung, p_policy_hash, p_reason);
  INSERT INTO homeostat.group_window AS w (consumer_group, window_ms, drain_limit, epoch, issued_at,
      expires_at, reason, topic_offset)
    VALUES (v_group, v_window * 1000, v_limit, v_found.epoch + 1, clock_timestamp(), v_expires,
            p_reason, coalesce((p_topic ->> 'offset')::bigint, -1))
  ON CONFLICT (consumer_group, identity) DO UPDATE SET
    window_ms = excluded.window_ms, drain_limit = excluded.drain_limit, epoch = excluded.epoch,
    issued_at = excluded.issued_at, expires_at = excluded.expires_at, reason = excluded.reason,
    topic_offset = excluded.topic_offset
  RETURNING * INTO v_row;
  outcome := 'applied';
  message := homeostat.window_message(v_row);
END
$$;

-- The same value for longer, in the same epoch: consumers go on obeying. Above any epoch that the
-- topic has seen since, which they would obey instead.
CREATE FUNCTION homeostat.window_renew(
  p_epoch bigint, p_sequence bigint, p_target text, p_ttl_us bigint, p_policy text,
  p_subject text, p_rung integer, p_policy_hash text, p_topic jsonb,
  OUT outcome text, OUT detail text, OUT message json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_group   CONSTANT text := substr(p_target, 7);
  v_found   homeostat.window_found;
  v_expires timestamptz;
  v_row     homeostat.group_window;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'renew', 'batch_window', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_found := homeostat.window_look(v_group, p_topic);
  IF NOT v_found.open_here THEN
    outcome := 'refused';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  IF v_found.theirs IS NOT NULL THEN
    SELECT y.outcome, y.detail INTO outcome, detail
      FROM homeostat.window_yield(p_epoch, p_sequence, 'renew', v_group, v_found, p_policy,
                                  p_subject, p_rung, p_policy_hash) AS y;
    RETURN;
  END IF;
  v_expires := homeostat.ledger_renew(p_epoch, p_sequence, 'batch_window', p_target, p_ttl_us,
    p_policy, p_subject, p_rung, p_policy_hash);
  UPDATE homeostat.group_window w
     SET issued_at = clock_timestamp(), expires_at = v_expires,
         epoch = CASE WHEN v_found.epoch > w.epoch THEN v_found.epoch + 1 ELSE w.epoch END,
         topic_offset = coalesce((p_topic ->> 'offset')::bigint, -1)
   WHERE w.consumer_group = v_group AND w.identity = homeostat.identity()
   RETURNING * INTO v_row;
  outcome := 'applied';
  message := homeostat.window_message(v_row);
END
$$;

-- Takes the value out of the mirror and closes the row, or yields. REQUIRES: an open row, looked at.
CREATE FUNCTION homeostat.window_give_back(
  p_epoch bigint, p_sequence bigint, p_group text, p_found homeostat.window_found, p_policy text,
  p_subject text, p_reason text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  IF p_found.theirs IS NOT NULL THEN
    SELECT y.outcome, y.detail INTO outcome, detail
      FROM homeostat.window_yield(p_epoch, p_sequence, 'revert', p_group, p_found, p_policy,
                                  p_subject, 0, (p_found.lever).policy_hash) AS y;
    RETURN;
  END IF;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'revert', 'reverted', 'batch_window',
    'group/' || p_group, p_found.standing, NULL, p_policy, p_subject, 0,
    (p_found.lever).policy_hash, p_reason);
  UPDATE homeostat.group_window w SET window_ms = NULL
   WHERE w.consumer_group = p_group AND w.identity = homeostat.identity();
  outcome := 'applied';
END
$$;

-- Back to the consumers' own default. `message` asks for a tombstone: it has no value.
CREATE FUNCTION homeostat.window_revert(
  p_epoch bigint, p_sequence bigint, p_target text, p_policy text, p_subject text,
  p_reason text, p_topic jsonb, OUT outcome text, OUT detail text, OUT message json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_group CONSTANT text := substr(p_target, 7);
  v_found homeostat.window_found;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'revert', 'batch_window', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_found := homeostat.window_look(v_group, p_topic);
  IF NOT v_found.open_here THEN
    outcome := 'applied';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  SELECT b.outcome, b.detail INTO outcome, detail
    FROM homeostat.window_give_back(p_epoch, p_sequence, v_group, v_found, p_policy, p_subject,
                                    p_reason) AS b;
  IF outcome = 'applied' THEN
    message := json_build_object('issuer', homeostat.identity());
  END IF;
END
$$;

-- Where the mirror says that a group stands, and the epoch and message that the topic must have
-- then. No row: it never stood anywhere.
CREATE FUNCTION homeostat.window_read(
  p_target text, OUT value jsonb, OUT epoch bigint, OUT window_ms double precision,
  OUT drain_limit integer, OUT issuer text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT CASE WHEN w.window_ms = (l.value ->> 'window')::double precision * 1000
                   AND w.drain_limit = (l.value ->> 'drain_limit')::numeric THEN l.value
              WHEN w.window_ms IS NOT NULL THEN
                jsonb_build_object('window', w.window_ms / 1000, 'drain_limit', w.drain_limit) END,
         w.epoch, w.window_ms, w.drain_limit, w.identity
    FROM homeostat.group_window w
    LEFT JOIN homeostat.lever l ON l.lever = 'batch_window' AND l.status = 'open'
      AND l.target = p_target AND l.identity = w.identity
   WHERE 'group/' || w.consumer_group = p_target AND w.identity = homeostat.identity()
$$;

-- By expire(), long after the message has run out by itself. REQUIRES: the ledger's row, locked.
CREATE FUNCTION homeostat.window_lift(
  p_epoch bigint, p_sequence bigint, p_lever homeostat.lever, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_group CONSTANT text := substr(p_lever.target, 7);
BEGIN
  SELECT * INTO outcome, detail
    FROM homeostat.window_give_back(p_epoch, p_sequence, v_group,
      homeostat.window_look(v_group, NULL), p_lever.policy, p_lever.subject, p_reason);
END
$$;

-- As before (0009), for one lever more.
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
  END CASE;
END
$$;

REVOKE ALL ON FUNCTION homeostat.window_message, homeostat.window_look, homeostat.window_yield,
  homeostat.window_apply, homeostat.window_renew, homeostat.window_give_back,
  homeostat.window_revert, homeostat.window_read, homeostat.window_lift FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat.batch_window(text) TO PUBLIC;
GRANT SELECT ON homeostat.group_window TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.window_read(text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.window_apply(
  bigint, bigint, text, jsonb, bigint, text, text, integer, text, text, jsonb)
  TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.window_renew(
  bigint, bigint, text, bigint, text, text, integer, text, jsonb) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.window_revert(
  bigint, bigint, text, text, text, text, jsonb) TO homeostat_actuator;
