-- SPDX-License-Identifier: Apache-2.0
-- What is past its time goes, also when no supervisor is left to see to it.

-- Lifts a feature's restriction whose minute of coming back is over: a row that allowed() has long
-- ignored. Somebody else's row is left alone. REQUIRES: the ledger's row, locked.
CREATE FUNCTION homeostat.feature_lift(
  p_epoch bigint, p_sequence bigint, p_lever homeostat.lever, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_look CONSTANT homeostat.feature_found :=
    homeostat.feature_look(p_lever.target, p_lever.policy, p_lever.subject);
BEGIN
  outcome := CASE WHEN v_look.ours THEN 'applied' ELSE 'yielded' END;
  detail := CASE WHEN NOT v_look.ours THEN 'somebody else has set or lifted ' || p_lever.target
            END;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'revert',
    CASE WHEN v_look.ours THEN 'reverted' ELSE 'yielded' END, 'feature', p_lever.target,
    v_look.standing, CASE WHEN NOT v_look.ours THEN v_look.standing END, p_lever.policy,
    p_lever.subject, 0, p_lever.policy_hash, coalesce(detail, p_reason));
  IF v_look.ours THEN
    DELETE FROM homeostat.admission a
     WHERE a.target = p_lever.target AND a.identity = homeostat.identity();
  END IF;
END
$$;

-- Gives back what is past its expiry, by the levers' own rules, and says what came of each. Does
-- nothing while a supervisor leads, whose business it is. Otherwise it leads for a moment: the
-- epoch rises, so that a leader who wakes up reads the ledger anew before it writes. One target
-- that cannot be given back does not keep the others.
CREATE FUNCTION homeostat.expire()
RETURNS TABLE (lever text, target text, outcome text, detail text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, homeostat, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  c_reason   CONSTANT text := 'past its expiry, and nobody leads';
  v_lease    homeostat.lease;
  v_row      homeostat.lever;
  v_epoch    bigint;
  v_sequence bigint := 0;
BEGIN
  IF pg_is_in_recovery() THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT v_lease FROM homeostat.lease FOR UPDATE;
  IF v_lease.renewed_at + v_lease.ttl >= clock_timestamp() THEN
    RETURN;
  END IF;
  FOR v_row IN
    SELECT * FROM homeostat.lever l
     WHERE l.status = 'open' AND l.identity = homeostat.identity()
       AND (l.lever = 'planner_profile' AND l.expires_at <= clock_timestamp()
            OR l.lever = 'feature' AND l.expires_at + interval '60 seconds' <= clock_timestamp())
     ORDER BY l.lever, l.target FOR UPDATE
  LOOP
    IF v_epoch IS NULL THEN
      UPDATE homeostat.lease AS l
         SET epoch = l.epoch + 1, holder = 'homeostat.expire()', role = session_user, pid = NULL,
             backend_start = NULL, identity = homeostat.identity(), renewed_at = NULL
       RETURNING l.epoch INTO v_epoch;
    END IF;
    v_sequence := v_sequence + 1;
    lever := v_row.lever;
    target := v_row.target;
    BEGIN
      IF lever = 'feature' THEN
        SELECT l.outcome, l.detail INTO outcome, detail
          FROM homeostat.feature_lift(v_epoch, v_sequence, v_row, c_reason) AS l;
      ELSE
        SELECT l.outcome, l.detail INTO outcome, detail
          FROM homeostat.profile_lift(v_epoch, v_sequence, 'revert', v_row, c_reason) AS l;
      END IF;
    EXCEPTION WHEN OTHERS THEN
      outcome := 'refused';
      detail := SQLERRM;
      RAISE WARNING 'homeostat: % on % is past its expiry and cannot be given back: %',
        v_row.lever, v_row.target, SQLERRM;
    END;
    RETURN NEXT;
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION homeostat.feature_lift(bigint, bigint, homeostat.lever, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION homeostat.expire() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat.expire() TO homeostat_actuator;
