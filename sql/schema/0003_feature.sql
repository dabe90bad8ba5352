-- SPDX-License-Identifier: Apache-2.0
-- The lever `feature`: which share of its users a feature admits. Applications ask
-- homeostat.allowed(feature, key); everything else here is the supervisor's.

-- The inventory: what may be shed, and in which class.
CREATE TABLE homeostat.feature (
  name  text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
  class text NOT NULL CHECK (class ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$')
);

-- Restrictions that stand. No row: everybody is admitted. The strictest of a feature's own row and
-- its class's row wins. Rows of another identity came by replication and are none of ours.
CREATE TABLE homeostat.admission (
  target     text             NOT NULL
             CHECK (target ~ '^(class|feature)/[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
  admit      double precision NOT NULL CHECK (admit >= 0 AND admit <= 1),
  salt       bytea            NOT NULL,  -- new at each activation: not always the same users pay
  since      timestamptz      NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,                -- null: until somebody deletes the row
  identity   text             NOT NULL DEFAULT homeostat.identity(),
  PRIMARY KEY (target, identity)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0);

-- The share a row admits at a time. After an expiry that nobody announced (a revert deletes the
-- row) it comes back over a minute, not all at once.
CREATE FUNCTION homeostat.admitted_share(
  p_admit double precision, p_expires_at timestamptz, p_now timestamptz)
RETURNS double precision
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT CASE
    WHEN p_expires_at IS NULL OR p_now < p_expires_at THEN p_admit
    WHEN p_now >= p_expires_at + interval '60 seconds' THEN 1
    ELSE p_admit + (1 - p_admit) * extract(epoch FROM p_now - p_expires_at)::double precision / 60
  END
$$;

-- Where a key stands between 0 and 9999: the first 8 bytes of SHA-256 of salt and key (in UTF-8),
-- unsigned and big-endian, modulo 10,000. In two halves, for bigint is signed: 2^32 mod 10,000 is
-- 7296.
CREATE FUNCTION homeostat.bucket(p_salt bytea, p_key text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_hash CONSTANT bytea := sha256(p_salt || convert_to(p_key, 'UTF8'));
  v_high bigint := 0;
  v_low  bigint := 0;
BEGIN
  FOR i IN 0..3 LOOP
    v_high := v_high * 256 + get_byte(v_hash, i);
    v_low := v_low * 256 + get_byte(v_hash, i + 4);
  END LOOP;
  RETURN ((v_high % 10000) * 7296 + v_low) % 10000;
END
$$;

-- May this use of the feature go on? The same key gets the same answer while a restriction stands
-- at one share; without a key each call is decided by itself. A feature that nobody registered is
-- allowed. Costs two index look-ups while nothing is restricted; never waits, never writes.
CREATE FUNCTION homeostat.allowed(feature text, key text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_now   CONSTANT timestamptz := clock_timestamp();
  v_class text;
  v_here  text;
  v_share double precision;
  v_least double precision := 1;
  v_salt  bytea;
  v_row   record;
BEGIN
  SELECT f.class INTO v_class FROM homeostat.feature f WHERE f.name = allowed.feature;
  IF NOT FOUND THEN
    RETURN true;
  END IF;
  FOR v_row IN
    SELECT a.admit, a.salt, a.expires_at, a.identity FROM homeostat.admission a
     WHERE a.target IN ('class/' || v_class, 'feature/' || allowed.feature)
     ORDER BY a.target
  LOOP
    v_here := coalesce(v_here, homeostat.identity());  -- reads a file: only when it matters
    CONTINUE WHEN v_row.identity <> v_here;
    v_share := homeostat.admitted_share(v_row.admit, v_row.expires_at, v_now);
    IF v_share < v_least THEN
      v_least := v_share;
      v_salt := v_row.salt;
    END IF;
  END LOOP;
  IF v_least >= 1 THEN
    RETURN true;
  END IF;
  IF allowed.key IS NULL THEN
    RETURN random() < v_least;
  END IF;
  RETURN homeostat.bucket(v_salt, allowed.key) < round(v_least * 10000);
END
$$;

-- Makes the inventory exactly this.
CREATE FUNCTION homeostat.register_features(p_epoch bigint, p_names text[], p_classes text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  IF cardinality(p_names) <> cardinality(p_classes) THEN
    RAISE EXCEPTION 'homeostat: as many classes as features are needed'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  DELETE FROM homeostat.feature f WHERE f.name <> ALL (p_names);
  INSERT INTO homeostat.feature AS f (name, class)
    SELECT n, c FROM unnest(p_names, p_classes) AS t(n, c)
  ON CONFLICT (name) DO UPDATE SET class = excluded.class WHERE f.class <> excluded.class;
END
$$;

-- What a feature lever finds at its target.
CREATE TYPE homeostat.feature_found AS (
  standing  jsonb,    -- the share that stands and has not run out; null: none
  row_here  boolean,  -- a row of this database exists, run out or not
  open_here boolean,  -- the ledger says that the row is ours
  ours      boolean,  -- and it holds what we wrote
  yielded   jsonb,    -- what we yielded to, when the ledger's row is closed so
  lifted    boolean   -- somebody removed our restriction during this opening of the policy
);

-- Looks at target and ledger, and locks both rows until the transaction ends.
CREATE FUNCTION homeostat.feature_look(p_target text, p_policy text, p_subject text)
RETURNS homeostat.feature_found
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_here  CONSTANT text := homeostat.identity();
  v_row   homeostat.admission;
  v_lever homeostat.lever;
  v_found homeostat.feature_found;
BEGIN
  SELECT * INTO v_lever FROM homeostat.lever l
   WHERE l.lever = 'feature' AND l.target = p_target AND l.identity = v_here FOR UPDATE;
  SELECT * INTO v_row FROM homeostat.admission a
   WHERE a.target = p_target AND a.identity = v_here FOR UPDATE;
  v_found.row_here := v_row.target IS NOT NULL;
  v_found.standing := CASE
    WHEN v_row.target IS NULL OR v_row.expires_at <= clock_timestamp() THEN NULL
    ELSE jsonb_build_object('admit', v_row.admit) END;
  v_found.open_here := coalesce(v_lever.status = 'open', false);
  -- Value and expiry were written together; a row that differs in either was written by others.
  v_found.ours := v_found.open_here AND coalesce(
    v_row.admit = (v_lever.value ->> 'admit')::double precision
    AND v_row.expires_at = v_lever.expires_at, false);
  v_found.yielded := CASE WHEN v_lever.status = 'yielded' THEN v_lever.found END;
  v_found.lifted := coalesce(
    v_lever.status = 'yielded' AND NOT v_found.row_here AND EXISTS (
      SELECT FROM homeostat.policy_state s
       WHERE s.policy = p_policy AND s.subject = p_subject
         AND s.state <> 'closed' AND s.opened_at <= v_lever.changed_at), false);
  RETURN v_found;
END
$$;

-- Moves a target to a share under the fence: ledger, act and effect in one transaction, once a
-- token. `yielded`: somebody else has written the target since, or before us; it is left alone.
-- p_salt: of a canary, which always sheds the same keys; null: other keys with each activation.
CREATE FUNCTION homeostat.feature_apply(
  p_epoch bigint, p_sequence bigint, p_target text, p_admit double precision, p_ttl_us bigint,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text, p_reason text,
  p_salt text DEFAULT NULL,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found   homeostat.feature_found;
  v_theirs  boolean;
  v_expires timestamptz;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'apply', 'feature', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  IF NOT coalesce(p_admit >= 0 AND p_admit <= 1, false) THEN
    RAISE EXCEPTION 'homeostat: a share is between 0 and 1'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM FROM homeostat.feature f
    WHERE p_target IN ('class/' || f.class, 'feature/' || f.name);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'homeostat: no feature is registered as %', left(quote_literal(p_target), 80)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;

  v_found := homeostat.feature_look(p_target, p_policy, p_subject);
  v_theirs := v_found.open_here AND NOT v_found.ours
              OR NOT v_found.open_here AND (v_found.standing IS NOT NULL OR v_found.lifted);
  IF v_theirs THEN
    outcome := 'yielded';
    detail := CASE WHEN v_found.row_here THEN 'somebody else has set ' || p_target
                   ELSE 'somebody else has lifted ' || p_target END;
    IF v_found.lifted OR v_found.yielded IS NOT DISTINCT FROM v_found.standing
                         AND v_found.yielded IS NOT NULL THEN
      RETURN;  -- recorded before
    END IF;
    PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'apply', 'yielded', 'feature', p_target,
      v_found.standing, v_found.standing, p_policy, p_subject, p_rung, p_policy_hash, detail);
    RETURN;
  END IF;

  v_expires := homeostat.ledger_stand(p_epoch, p_sequence, 'feature', p_target,
    v_found.standing, jsonb_build_object('admit', p_admit), p_ttl_us, p_policy, p_subject, p_rung,
    p_policy_hash, p_reason);
  INSERT INTO homeostat.admission AS a (target, admit, salt, expires_at)
    -- 16 bytes; it need not be secret, only new.
    VALUES (p_target, p_admit,
            coalesce(convert_to(p_salt, 'UTF8'),
                     decode(replace(gen_random_uuid()::text, '-', ''), 'hex')),
            v_expires)
  ON CONFLICT (target, identity) DO UPDATE SET
    admit = excluded.admit, expires_at = excluded.expires_at,
    -- Steps of one activation keep its salt: who was let in again stays in.
    salt = CASE WHEN v_found.ours THEN a.salt ELSE excluded.salt END,
    since = CASE WHEN v_found.ours THEN a.since ELSE excluded.since END;
  outcome := 'applied';
END
$$;

-- The same value for longer.
CREATE FUNCTION homeostat.feature_renew(
  p_epoch bigint, p_sequence bigint, p_target text, p_ttl_us bigint, p_policy text,
  p_subject text, p_rung integer, p_policy_hash text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found   homeostat.feature_found;
  v_expires timestamptz;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'renew', 'feature', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_found := homeostat.feature_look(p_target, p_policy, p_subject);
  IF NOT v_found.open_here THEN
    outcome := 'refused';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  IF NOT v_found.ours THEN
    outcome := 'yielded';
    detail := CASE WHEN v_found.row_here THEN 'somebody else has set ' || p_target
                   ELSE 'somebody else has lifted ' || p_target END;
    PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'renew', 'yielded', 'feature', p_target,
      v_found.standing, v_found.standing, p_policy, p_subject, p_rung, p_policy_hash, detail);
    RETURN;
  END IF;
  v_expires := homeostat.ledger_renew(p_epoch, p_sequence, 'feature', p_target, p_ttl_us,
    p_policy, p_subject, p_rung, p_policy_hash);
  UPDATE homeostat.admission a SET expires_at = v_expires
   WHERE a.target = p_target AND a.identity = homeostat.identity();
  outcome := 'applied';
END
$$;

-- Back to what stood before we came: for a feature that is no restriction at all, since a target
-- that somebody else has restricted is never taken. Nothing open: nothing to do.
CREATE FUNCTION homeostat.feature_revert(
  p_epoch bigint, p_sequence bigint, p_target text, p_policy text, p_subject text,
  p_reason text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found homeostat.feature_found;
  v_hash  text;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'revert', 'feature', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_found := homeostat.feature_look(p_target, p_policy, p_subject);
  IF NOT v_found.open_here THEN
    outcome := 'applied';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  SELECT l.policy_hash INTO v_hash FROM homeostat.lever l
   WHERE l.lever = 'feature' AND l.target = p_target;
  IF NOT v_found.ours THEN
    outcome := 'yielded';
    detail := CASE WHEN v_found.row_here THEN 'somebody else has set ' || p_target
                   ELSE 'somebody else has lifted ' || p_target END;
    PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'revert', 'yielded', 'feature', p_target,
      v_found.standing, v_found.standing, p_policy, p_subject, 0, v_hash, detail);
    RETURN;
  END IF;
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'revert', 'reverted', 'feature', p_target,
    v_found.standing, NULL, p_policy, p_subject, 0, v_hash, p_reason);
  DELETE FROM homeostat.admission a
   WHERE a.target = p_target AND a.identity = homeostat.identity();
  outcome := 'applied';
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA homeostat FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat.allowed(text, text) TO PUBLIC;
GRANT SELECT ON homeostat.feature, homeostat.admission TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.register_features(bigint, text[], text[])
  TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.feature_apply(
  bigint, bigint, text, double precision, bigint, text, text, integer, text, text, text)
  TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.feature_renew(
  bigint, bigint, text, bigint, text, text, integer, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.feature_revert(
  bigint, bigint, text, text, text, text) TO homeostat_actuator;
