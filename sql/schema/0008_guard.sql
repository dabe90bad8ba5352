-- SPDX-License-Identifier: Apache-2.0
-- What the database does for itself while no supervisor leads; pg_cron calls homeostat.guard()
-- (sql/pg_cron.sql). It gives back what is past its time. Only where a DBA has switched it on, it
-- also opens the breaker's first rung, when the breach is there twice in a row.

-- The DBA's: UPDATE homeostat.guard_setting SET open_first_rung = true;
CREATE TABLE homeostat.guard_setting (
  only_row        boolean          PRIMARY KEY DEFAULT true CHECK (only_row),
  open_first_rung boolean          NOT NULL DEFAULT false,
  policy          text             NOT NULL DEFAULT 'circuit-breaker',  -- whose threshold counts
  target          text             NOT NULL DEFAULT 'class/rebuildable',
  admit           double precision NOT NULL DEFAULT 0 CHECK (admit >= 0 AND admit < 1),
  ttl             interval         NOT NULL DEFAULT '2 minutes'
                  CHECK (ttl > interval '0' AND ttl <= interval '1 hour'),
  identity        text             NOT NULL DEFAULT homeostat.identity()
);
INSERT INTO homeostat.guard_setting DEFAULT VALUES;

-- Whoever changes it means this database. What came by replication or in a dump switches nothing on
-- (H52): a subscriber's triggers do not fire for it.
CREATE FUNCTION homeostat.guard_setting_here() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  NEW.identity := homeostat.identity();
  RETURN NEW;
END
$$;
CREATE TRIGGER here BEFORE UPDATE ON homeostat.guard_setting
  FOR EACH ROW EXECUTE FUNCTION homeostat.guard_setting_here();

-- What the guard remembers from one run to the next, and said last.
CREATE TABLE homeostat.guard_state (
  only_row  boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  breaches  integer     NOT NULL DEFAULT 0 CHECK (breaches >= 0),  -- in a row
  judged_at timestamptz,                                           -- of the last one counted
  ran_at    timestamptz,
  reason    text,
  identity  text        NOT NULL DEFAULT homeostat.identity()
) WITH (fillfactor = 50);
INSERT INTO homeostat.guard_state DEFAULT VALUES;

-- Has a supervisor renewed the lease in time?
CREATE FUNCTION homeostat.led() RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT coalesce(l.renewed_at + l.ttl >= clock_timestamp() AND l.identity = homeostat.identity(),
                  false)
    FROM homeostat.lease l
$$;

-- Why nothing may be taken away now, in words; null: neither the cluster is paused nor the policy.
CREATE FUNCTION homeostat.guard_paused(p_policy text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT format('paused by %s: %s', p.owner, p.reason) FROM homeostat.pauses() AS p
   WHERE p.scope IN ('cluster', 'policy/' || p_policy, 'policy/guard')
   ORDER BY p.scope LIMIT 1
$$;

-- Counts a judgement; the breaches in a row, this one included. A run that comes early, within 15
-- seconds of the one before, adds nothing; one that comes late, after 90 seconds, is no sequel.
CREATE FUNCTION homeostat.guard_count(p_breached boolean, p_now timestamptz) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  UPDATE homeostat.guard_state AS g
     SET breaches = CASE
           WHEN NOT p_breached THEN 0
           WHEN g.breaches = 0 OR g.identity <> homeostat.identity() OR p_now > g.judged_at + interval '90 seconds' THEN 1
           WHEN p_now < g.judged_at + interval '15 seconds' THEN g.breaches
           ELSE g.breaches + 1 END,
         judged_at = CASE
           WHEN p_breached AND g.breaches > 0 AND p_now >= g.judged_at
                AND p_now < g.judged_at + interval '15 seconds' THEN g.judged_at
           ELSE p_now END,
         identity = homeostat.identity()
   RETURNING g.breaches
$$;

-- Sheds the first rung. Where it is shed so far already, or further, by whichever policy, it stands
-- for longer, as that policy's: a daemon that comes back finds its own. Leads for that moment, with
-- an epoch of its own, and gives the lease up in the same transaction: a leader who wakes up or
-- comes back finds a newer epoch, and reads the ledger before it writes. What a person has set or
-- lifted is left alone; acts count in the budgets (S6).
CREATE FUNCTION homeostat.guard_open(
  p_setting homeostat.guard_setting, p_hash text, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  c_policy CONSTANT text := 'guard';
  v_ttl_us CONSTANT bigint := round(extract(epoch FROM p_setting.ttl) * 1000000);
  v_row    homeostat.lever;
  v_stands boolean;
  v_acts   record;
  v_epoch  bigint;
BEGIN
  PERFORM FROM homeostat.lease FOR UPDATE;
  IF homeostat.led() THEN
    outcome := 'refused';
    detail := 'a supervisor leads again';
    RETURN;
  END IF;
  detail := homeostat.guard_paused(p_setting.policy);  -- spoken while the guard was looking
  IF detail IS NOT NULL THEN
    outcome := 'refused';
    RETURN;
  END IF;
  SELECT * INTO v_row FROM homeostat.lever l
   WHERE l.lever = 'feature' AND l.target = p_setting.target
     AND l.identity = homeostat.identity() FOR UPDATE;
  IF v_row.status = 'yielded'
     AND v_row.changed_at > clock_timestamp() - interval '1 hour' THEN
    outcome := 'refused';
    detail := format('somebody else has set or lifted %s since: left alone for an hour',
                     p_setting.target);
    RETURN;
  END IF;
  v_stands := coalesce(
    v_row.status = 'open' AND v_row.expires_at > clock_timestamp()
    AND (v_row.value ->> 'admit')::double precision <= p_setting.admit, false);
  SELECT count(*) FILTER (WHERE a.policy = c_policy) AS ours, count(*) AS everybody INTO v_acts
    FROM homeostat.act a
   WHERE a.kind = 'apply' AND a.outcome = 'applied' AND a.identity = homeostat.identity()
     AND a.at > clock_timestamp() - interval '1 hour'
     AND coalesce((a.value ->> 'admit')::double precision
                  < coalesce((a.found ->> 'admit')::double precision, 1), true);
  IF NOT v_stands AND (v_acts.ours >= 6 OR v_acts.everybody >= 10) THEN
    outcome := 'refused';
    detail := 'the budget of the last hour is used up';
    RETURN;
  END IF;

  UPDATE homeostat.lease AS l
     SET epoch = l.epoch + 1, holder = 'homeostat.guard()', role = session_user,
         pid = pg_backend_pid(), backend_start = homeostat.session_start(),
         identity = homeostat.identity(), renewed_at = clock_timestamp(), ttl = interval '1 minute'
   RETURNING l.epoch INTO v_epoch;
  IF v_stands THEN
    SELECT r.outcome, r.detail INTO outcome, detail
      FROM homeostat.feature_renew(v_epoch, 1, p_setting.target, v_ttl_us, v_row.policy,
                                   v_row.subject, v_row.rung, v_row.policy_hash) AS r;
  ELSE
    SELECT r.outcome, r.detail INTO outcome, detail
      FROM homeostat.feature_apply(v_epoch, 1, p_setting.target, p_setting.admit, v_ttl_us,
                                   c_policy, 'cluster', 1, p_hash, p_reason) AS r;
  END IF;
  UPDATE homeostat.lease SET pid = NULL, backend_start = NULL, renewed_at = NULL;
  detail := coalesce(detail, CASE WHEN v_stands THEN p_setting.target || ' is shed for longer'
                                  ELSE p_setting.target || ' is shed' END);
END
$$;

-- Is the breaker's signal beyond its threshold, and may the guard act on that? `reason`: why not,
-- or what was seen; `hash`: of the policy.
CREATE FUNCTION homeostat.guard_judge(
  p_setting homeostat.guard_setting, OUT breached boolean, OUT hash text, OUT reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  breached := false;
  IF homeostat.led() THEN
    reason := 'a supervisor leads';
  ELSIF NOT p_setting.open_first_rung THEN
    reason := 'nobody leads; to open the first rung is not switched on';
  ELSE
    reason := homeostat.guard_paused(p_setting.policy);
  END IF;
  IF reason IS NOT NULL THEN
    RETURN;
  END IF;
  SELECT max(t.policy_hash) INTO hash FROM homeostat.threshold t
   WHERE t.policy = p_setting.policy AND t.signal = 'pg_blocked_ratio' AND t.mode = 'enforce'
     AND t.kind = 'breaker' AND t.decides AND t.identity = homeostat.identity();
  IF hash IS NULL THEN
    reason := format('no breaker %s is enforced that a threshold on pg_blocked_ratio opens by itself',
                     p_setting.policy);
    RETURN;
  END IF;
  SELECT coalesce(bool_or(h.verdict = 'breached'), false),
         string_agg(array_to_string(h.reasons, '; '), '; ')
    INTO breached, reason
    FROM homeostat.lock_health(3, interval '200 milliseconds') AS h
   WHERE h.policy = p_setting.policy;
EXCEPTION WHEN OTHERS THEN
  breached := false;
  reason := 'not judged: ' || SQLERRM;
END
$$;

-- One run: how many targets were given back, whether the first rung was opened (or kept open), and
-- why, or why not. Two at once do not happen: the row of its memory is the lock, which nobody else
-- can take. It judges before it locks anything of the ledger.
CREATE FUNCTION homeostat.guard(OUT expired integer, OUT opened boolean, OUT reason text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, homeostat, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  v_setting  homeostat.guard_setting;
  v_judged   record;
  v_breaches integer;
  v_act      record;
BEGIN
  expired := 0;
  opened := false;
  IF pg_is_in_recovery() THEN
    reason := 'this server is a standby';
    RETURN;
  END IF;
  PERFORM FROM homeostat.guard_state FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    reason := 'another guard is at work';
    RETURN;
  END IF;
  SELECT * INTO STRICT v_setting FROM homeostat.guard_setting;
  v_setting.open_first_rung := v_setting.open_first_rung
                               AND v_setting.identity = homeostat.identity();
  SELECT * INTO v_judged FROM homeostat.guard_judge(v_setting);
  IF NOT homeostat.led() THEN
    BEGIN
      SELECT count(*) FILTER (WHERE e.outcome = 'applied') INTO expired
        FROM homeostat.expire() AS e;
    EXCEPTION WHEN lock_not_available THEN
      v_judged.reason := 'nothing is given back now, somebody holds the ledger; '
                         || v_judged.reason;
    END;
  END IF;

  v_breaches := homeostat.guard_count(v_judged.breached, clock_timestamp());
  reason := v_judged.reason;
  IF v_judged.breached AND v_breaches < 2 THEN
    reason := 'once is not enough: ' || reason;
  ELSIF v_judged.breached THEN
    reason := format('%s breaches in a row, and nobody leads: %s', v_breaches, reason);
    BEGIN
      SELECT * INTO v_act FROM homeostat.guard_open(v_setting, v_judged.hash, reason);
      opened := v_act.outcome = 'applied';
      reason := v_act.detail || '; ' || reason;
    EXCEPTION WHEN OTHERS THEN
      reason := 'not opened: ' || SQLERRM || '; ' || reason;
    END;
  END IF;
  UPDATE homeostat.guard_state SET ran_at = clock_timestamp(), reason = guard.reason;
END
$$;

REVOKE ALL ON FUNCTION homeostat.guard_setting_here(), homeostat.led(),
  homeostat.guard_paused(text),
  homeostat.guard_count(boolean, timestamptz),
  homeostat.guard_open(homeostat.guard_setting, text, text),
  homeostat.guard_judge(homeostat.guard_setting), homeostat.guard() FROM PUBLIC;
GRANT SELECT ON homeostat.guard_setting, homeostat.guard_state
  TO homeostat_monitor, homeostat_actuator;
