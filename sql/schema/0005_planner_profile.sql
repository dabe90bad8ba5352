-- SPDX-License-Identifier: Apache-2.0
-- The lever `planner_profile`: a named set of settings on named roles, in this database and no
-- other (ALTER ROLE … IN DATABASE: nothing but the session itself outranks it). Sessions that
-- begin later have them. A value here is a JSON object of "role/setting": "value".

-- All that a profile may set, and how far. Tighten it as you like; it is asked at every write.
-- Not here, on purpose: work_mem and hash_mem_multiplier (multiplied by sessions they use up the
-- memory), plan_cache_mode (plans everything anew), statement_timeout (ends work that holds up
-- nobody; lock_timeout ends what waits).
CREATE TABLE homeostat.planner_setting (
  name    text PRIMARY KEY,
  kind    text NOT NULL CHECK (kind IN ('integer', 'number', 'duration', 'choice')),
  least   double precision,  -- durations in seconds
  most    double precision,
  choices text[],
  CHECK (CASE kind WHEN 'choice' THEN cardinality(choices) > 0 ELSE least <= most END)
);
INSERT INTO homeostat.planner_setting VALUES
  ('max_parallel_workers_per_gather',     'integer',  0,    8, NULL),
  ('max_parallel_workers',                'integer',  0,    8, NULL),
  ('jit',                                 'choice',   NULL, NULL, '{on,off}'),
  ('lock_timeout',                        'duration', 0.1,  60, NULL),
  ('idle_in_transaction_session_timeout', 'duration', 1,    3600, NULL),
  ('random_page_cost',                    'number',   1,    10, NULL);

-- The inventory.
CREATE TABLE homeostat.profile (
  name     text  PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
  settings jsonb NOT NULL
);

-- Makes the inventory exactly this: {"contention": {"reporting/jit": "off"}}.
CREATE FUNCTION homeostat.register_profiles(p_epoch bigint, p_profiles jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  DELETE FROM homeostat.profile p WHERE NOT p_profiles ? p.name;
  INSERT INTO homeostat.profile AS p (name, settings)
    SELECT n.key, n.value FROM jsonb_each(p_profiles) AS n
  ON CONFLICT (name) DO UPDATE SET settings = excluded.settings
    WHERE p.settings <> excluded.settings;
END
$$;

CREATE FUNCTION homeostat.key_role(p_key text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT regexp_replace(p_key, '/[^/]*$', '')
$$;
CREATE FUNCTION homeostat.key_setting(p_key text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT regexp_replace(p_key, '^.*/', '')
$$;

-- Why a setting may not have this value, in words; null: it may.
CREATE FUNCTION homeostat.setting_problem(p_setting text, p_value text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_known  homeostat.planner_setting;
  v_number double precision;
BEGIN
  SELECT * INTO v_known FROM homeostat.planner_setting s WHERE s.name = p_setting;
  IF NOT FOUND THEN
    RETURN left(quote_literal(p_setting), 80) || ' is nothing that a profile may set';
  END IF;
  v_number := CASE
    WHEN v_known.kind = 'integer' AND p_value ~ '^[0-9]{1,6}$' THEN p_value::double precision
    WHEN v_known.kind = 'number' AND p_value ~ '^[0-9]{1,6}(\.[0-9]{1,6})?$'
      THEN p_value::double precision
    WHEN v_known.kind = 'duration' AND p_value ~ '^[0-9]{1,9}ms$'
      THEN left(p_value, -2)::double precision / 1000
    WHEN v_known.kind = 'duration' AND p_value ~ '^[0-9]{1,6}s$'
      THEN left(p_value, -1)::double precision
  END;
  IF coalesce(v_number BETWEEN v_known.least AND v_known.most, false)
     OR coalesce(p_value = ANY (v_known.choices), false) THEN
    RETURN NULL;
  END IF;
  RETURN format('%s cannot be %s: expected %s', p_setting,
    coalesce(left(quote_literal(p_value), 80), 'nothing'),
    CASE v_known.kind WHEN 'choice' THEN array_to_string(v_known.choices, ' or ')
      ELSE format('a %s from %s to %s', v_known.kind, v_known.least, v_known.most)
           || CASE v_known.kind WHEN 'duration' THEN ' seconds, such as 2s or 500ms' ELSE '' END
    END);
END
$$;

-- What each role's wrapper asks before it writes (null value: reset): the list, or what an open
-- row of the ledger says that stood there before, whatever the list says of that.
CREATE FUNCTION homeostat.role_setting_problem(p_role text, p_setting text, p_value text)
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_key CONSTANT text := p_role || '/' || p_setting;
BEGIN
  PERFORM FROM homeostat.lever l
    WHERE l.lever = 'planner_profile' AND l.status = 'open' AND l.value ? v_key
      AND l.prior ->> v_key IS NOT DISTINCT FROM p_value;
  RETURN CASE WHEN NOT FOUND THEN homeostat.setting_problem(p_setting, p_value) END;
END
$$;

-- What is set for a role in this database; null: nothing, it inherits.
CREATE FUNCTION homeostat.role_setting(p_role text, p_setting text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT substr(entry, length(p_setting) + 2)
    FROM pg_db_role_setting s, unnest(s.setconfig) AS entry
   WHERE s.setrole = (SELECT r.oid FROM pg_roles r WHERE r.rolname = p_role)
     AND s.setdatabase = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
     AND starts_with(entry, p_setting || '=')
$$;

-- What is set now at the keys of a value; keys that inherit are left out.
CREATE FUNCTION homeostat.profile_standing(p_value jsonb) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT coalesce(jsonb_object_agg(k, s) FILTER (WHERE s IS NOT NULL), '{}')
    FROM jsonb_object_keys(p_value) AS k,
         homeostat.role_setting(homeostat.key_role(k), homeostat.key_setting(k)) AS s
$$;

-- The keys of a value at which something else stands now, in words; null: all is as we set it.
CREATE FUNCTION homeostat.profile_theirs(p_value jsonb) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT string_agg(format('%s of role %s (now %s)', homeostat.key_setting(k),
           homeostat.key_role(k), coalesce(now.standing ->> k, 'inherited')), ', ' ORDER BY k)
    FROM homeostat.profile_standing(p_value) AS now(standing), jsonb_object_keys(p_value) AS k
   WHERE now.standing ->> k IS DISTINCT FROM p_value ->> k
$$;

-- Why a role cannot be managed, in words; null: it can. Asked before each act and renewal: what
-- could not be given back is not set.
CREATE FUNCTION homeostat.role_problem(p_role text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_role    record;
  v_wrapper record;
  v_owned   text;
BEGIN
  SELECT r.oid, r.rolsuper INTO v_role FROM pg_roles r WHERE r.rolname = p_role;
  IF NOT FOUND THEN
    RETURN format('role %s does not exist', left(quote_literal(p_role), 80));
  ELSIF v_role.rolsuper THEN
    RETURN format('role %I is a superuser', p_role);
  ELSIF starts_with(p_role, 'homeostat_') OR p_role = (SELECT l.role FROM homeostat.lease l) THEN
    RETURN format('role %I is one of Homeostat''s own', p_role);
  END IF;
  SELECT u.subname INTO v_owned FROM pg_subscription u WHERE u.subowner = v_role.oid LIMIT 1;
  IF FOUND THEN
    RETURN format('role %I owns subscription %I: its settings would reach the apply workers',
                  p_role, v_owned);
  END IF;
  IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
    EXECUTE 'SELECT c.oid::regclass::text FROM pg_catalog.pg_dist_partition d'
            ' JOIN pg_catalog.pg_class c ON c.oid = d.logicalrelid WHERE c.relowner = $1 LIMIT 1'
      INTO v_owned USING v_role.oid;
    IF v_owned IS NOT NULL THEN
      RETURN format('role %I owns the distributed table %s: its settings would reach shard moves',
                    p_role, v_owned);
    END IF;
  END IF;
  SELECT f.proowner, f.prosecdef, has_function_privilege(f.oid, 'EXECUTE') AS callable
    INTO v_wrapper
    FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
   WHERE n.nspname = 'homeostat_roles' AND f.proname = p_role
     AND oidvectortypes(f.proargtypes) = 'text, text'
     AND has_schema_privilege(n.oid, 'USAGE');
  IF NOT FOUND THEN
    RETURN format('role %I has no wrapper: see homeostat grants --actuator --config', p_role);
  ELSIF v_wrapper.proowner <> v_role.oid OR NOT v_wrapper.prosecdef THEN
    RETURN format('the wrapper of role %I belongs to role %I: see homeostat grants '
                  '--actuator --config', p_role, pg_get_userbyid(v_wrapper.proowner));
  ELSIF NOT v_wrapper.callable THEN
    RETURN format('GRANT EXECUTE ON FUNCTION homeostat_roles.%I(text, text) TO %I is missing',
                  p_role, current_user);
  END IF;
  RETURN NULL;
END
$$;

-- The only place that writes: from what is expected there (null: inherited) to a value (null:
-- reset), checked afterwards. Two writers of one role's settings can collide inside PostgreSQL
-- ("tuple concurrently updated"): looked at again and tried again, three times in all. HS002:
-- somebody else was quicker, and is not overwritten.
CREATE FUNCTION homeostat.role_set(p_key text, p_expected text, p_value text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_role    CONSTANT text := homeostat.key_role(p_key);
  v_setting CONSTANT text := homeostat.key_setting(p_key);
BEGIN
  FOR v_try IN 1..3 LOOP
    IF homeostat.role_setting(v_role, v_setting) IS DISTINCT FROM p_expected THEN
      RAISE EXCEPTION 'homeostat: somebody else is setting % of role %', v_setting, v_role
        USING ERRCODE = 'HS002';
    END IF;
    BEGIN
      EXECUTE format('SELECT homeostat_roles.%I($1, $2)', v_role) USING v_setting, p_value;
      EXIT;
    EXCEPTION WHEN internal_error OR unique_violation THEN
      IF v_try = 3 THEN
        RAISE;
      END IF;
    END;
  END LOOP;
  IF homeostat.role_setting(v_role, v_setting) IS DISTINCT FROM p_value THEN
    RAISE EXCEPTION 'homeostat: % of role % was written, yet reads back otherwise',
      v_setting, v_role USING ERRCODE = 'HS002';
  END IF;
END
$$;

-- Puts back what stood before, wherever what we set still stands.
CREATE FUNCTION homeostat.profile_give_back(p_value jsonb, p_prior jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_ours record;
BEGIN
  FOR v_ours IN SELECT o.key, o.value FROM jsonb_each_text(p_value) AS o
                 WHERE homeostat.profile_standing(p_value) ->> o.key = o.value LOOP
    PERFORM homeostat.role_set(v_ours.key, v_ours.value, p_prior ->> v_ours.key);
  END LOOP;
END
$$;

-- Gives a target back and closes its open row: reverted, or yielded where somebody else has written
-- any of it. Theirs stays; the rest of ours does not outlive it. REQUIRES: the row, locked.
CREATE FUNCTION homeostat.profile_lift(
  p_epoch bigint, p_sequence bigint, p_kind text, p_lever homeostat.lever, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_found  CONSTANT jsonb := homeostat.profile_standing(p_lever.value);
  v_theirs CONSTANT text := homeostat.profile_theirs(p_lever.value);
BEGIN
  PERFORM homeostat.profile_give_back(p_lever.value, p_lever.prior);
  outcome := CASE WHEN v_theirs IS NULL THEN 'applied' ELSE 'yielded' END;
  detail := 'somebody else has set ' || v_theirs || '; the rest is given back';
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, p_kind,
    CASE outcome WHEN 'yielded' THEN 'yielded' ELSE 'reverted' END, 'planner_profile',
    p_lever.target, v_found, nullif(homeostat.profile_standing(p_lever.value), '{}'),
    p_lever.policy, p_lever.subject, CASE p_kind WHEN 'revert' THEN 0 ELSE p_lever.rung END,
    p_lever.policy_hash, coalesce(detail, p_reason));
END
$$;

-- The ledger's row of a target in this database, locked until the transaction ends.
CREATE FUNCTION homeostat.profile_row(p_target text) RETURNS homeostat.lever
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT * FROM homeostat.lever l
   WHERE l.lever = 'planner_profile' AND l.target = p_target
     AND l.identity = homeostat.identity() FOR UPDATE
$$;

-- Why a target may not be moved to a value, in words; null: it may.
CREATE FUNCTION homeostat.profile_problem(p_target text, p_value jsonb) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_problem text;
BEGIN
  PERFORM FROM homeostat.profile p WHERE p_target = 'profile/' || p.name;
  IF NOT FOUND THEN
    RETURN 'no profile is registered as ' || left(quote_literal(p_target), 80);
  ELSIF jsonb_typeof(p_value) IS DISTINCT FROM 'object' OR p_value = '{}' THEN
    RETURN p_target || ' has no settings';
  END IF;
  SELECT homeostat.setting_problem(homeostat.key_setting(o.key), o.value) AS problem
    INTO v_problem FROM jsonb_each_text(p_value) AS o ORDER BY problem NULLS LAST LIMIT 1;
  IF v_problem IS NOT NULL THEN
    RETURN v_problem;
  END IF;
  SELECT homeostat.role_problem(r.name) AS problem INTO v_problem
    FROM (SELECT DISTINCT homeostat.key_role(k) FROM jsonb_object_keys(p_value) AS k) AS r(name)
   ORDER BY problem NULLS LAST LIMIT 1;
  IF v_problem IS NOT NULL THEN
    RETURN v_problem;
  END IF;
  SELECT format('%s has set %s of role %s already', l.target, homeostat.key_setting(k),
                homeostat.key_role(k))
    INTO v_problem FROM homeostat.lever l, jsonb_object_keys(p_value) AS k
   WHERE l.lever = 'planner_profile' AND l.status = 'open' AND l.target <> p_target
     AND l.identity = homeostat.identity() AND l.value ? k LIMIT 1;
  RETURN v_problem;
END
$$;

-- Moves a target to a value under the fence: ledger, act and effect in one transaction, once a
-- token. `yielded`: somebody else has written a setting of it since we came.
CREATE FUNCTION homeostat.profile_apply(
  p_epoch bigint, p_sequence bigint, p_target text, p_value jsonb, p_ttl_us bigint,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row   homeostat.lever;
  v_open  boolean;
  v_found jsonb;
  v_prior jsonb;
  v_key   text;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'apply', 'planner_profile', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_row := homeostat.profile_row(p_target);
  v_open := coalesce(v_row.status = 'open', false);
  IF v_open AND homeostat.profile_theirs(v_row.value) IS NOT NULL THEN
    SELECT * INTO outcome, detail
      FROM homeostat.profile_lift(p_epoch, p_sequence, 'apply', v_row, p_reason);
    RETURN;
  END IF;
  -- Whom we gave way to during this opening of the policy has decided for all of it. A later
  -- opening is new evidence: what they left is then what stood before.
  PERFORM FROM homeostat.policy_state s
    WHERE v_row.status = 'yielded' AND s.policy = p_policy AND s.subject = p_subject
      AND s.state <> 'closed' AND s.opened_at <= v_row.changed_at;
  IF FOUND THEN
    outcome := 'yielded';
    detail := 'somebody else has set ' || p_target || ' since the policy opened';
    RETURN;
  END IF;
  detail := homeostat.profile_problem(p_target, p_value);
  IF detail IS NOT NULL THEN
    outcome := 'refused';
    RETURN;
  END IF;

  v_found := homeostat.profile_standing(p_value);
  IF v_open THEN
    PERFORM homeostat.profile_give_back(v_row.value, v_row.prior);
  END IF;
  v_prior := homeostat.profile_standing(p_value);
  FOR v_key IN SELECT jsonb_object_keys(p_value) LOOP
    PERFORM homeostat.role_set(v_key, v_prior ->> v_key, p_value ->> v_key);
  END LOOP;
  PERFORM homeostat.ledger_stand(p_epoch, p_sequence, 'planner_profile', p_target,
    nullif(v_found, '{}'), p_value, p_ttl_us, p_policy, p_subject, p_rung, p_policy_hash,
    p_reason);
  -- A value with other keys than before has other priors.
  UPDATE homeostat.lever l SET prior = nullif(v_prior, '{}')
   WHERE l.lever = 'planner_profile' AND l.target = p_target;
  outcome := 'applied';
END
$$;

-- The same value for longer, as long as it can be given back.
CREATE FUNCTION homeostat.profile_renew(
  p_epoch bigint, p_sequence bigint, p_target text, p_ttl_us bigint, p_policy text,
  p_subject text, p_rung integer, p_policy_hash text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row homeostat.lever;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'renew', 'planner_profile', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_row := homeostat.profile_row(p_target);
  IF v_row.status IS DISTINCT FROM 'open' THEN
    outcome := 'refused';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  IF homeostat.profile_theirs(v_row.value) IS NOT NULL THEN
    SELECT * INTO outcome, detail
      FROM homeostat.profile_lift(p_epoch, p_sequence, 'renew', v_row, '');
    RETURN;
  END IF;
  SELECT homeostat.role_problem(r.name) AS problem INTO detail
    FROM (SELECT DISTINCT homeostat.key_role(k) FROM jsonb_object_keys(v_row.value) AS k)
      AS r(name)
   ORDER BY problem NULLS LAST LIMIT 1;
  IF detail IS NOT NULL THEN
    outcome := 'refused';
    RETURN;
  END IF;
  PERFORM homeostat.ledger_renew(p_epoch, p_sequence, 'planner_profile', p_target, p_ttl_us,
    p_policy, p_subject, p_rung, p_policy_hash);
  outcome := 'applied';
END
$$;

-- Back to what stood before we came. Nothing open: nothing to do.
CREATE FUNCTION homeostat.profile_revert(
  p_epoch bigint, p_sequence bigint, p_target text, p_policy text, p_subject text,
  p_reason text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row homeostat.lever;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'revert', 'planner_profile', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  v_row := homeostat.profile_row(p_target);
  IF v_row.status IS DISTINCT FROM 'open' THEN
    outcome := 'applied';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  v_row.policy := p_policy;
  v_row.subject := p_subject;
  SELECT * INTO outcome, detail
    FROM homeostat.profile_lift(p_epoch, p_sequence, 'revert', v_row, p_reason);
END
$$;

-- What stands now at the keys of the open row of a target; null: no open row.
CREATE FUNCTION homeostat.profile_read(p_target text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT homeostat.profile_standing(l.value) FROM homeostat.lever l
   WHERE l.lever = 'planner_profile' AND l.target = p_target AND l.status = 'open'
     AND l.identity = homeostat.identity()
$$;

-- Sessions of each role that was ever managed which still run with the settings from before its
-- newest change: a role's settings are read once, when a session begins.
CREATE FUNCTION homeostat.stale_sessions() RETURNS TABLE (role text, sessions bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT c.role, count(DISTINCT a.pid)
    FROM (SELECT DISTINCT homeostat.key_role(k) AS role, l.status, l.since, l.changed_at
            FROM homeostat.lever l, jsonb_object_keys(l.value) AS k
           WHERE l.lever = 'planner_profile' AND l.identity = homeostat.identity()) AS c
    LEFT JOIN pg_stat_get_activity(NULL) a
      ON a.usesysid = (SELECT r.oid FROM pg_roles r WHERE r.rolname = c.role)
     AND a.datid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
     AND a.backend_type = 'client backend' AND a.backend_start < c.changed_at
     -- After a revert only those that began while it stood have what no longer stands.
     AND (c.status = 'open' OR a.backend_start >= c.since)
   GROUP BY c.role
$$;

REVOKE ALL ON FUNCTION homeostat.register_profiles, homeostat.key_role, homeostat.key_setting,
  homeostat.setting_problem, homeostat.role_setting_problem, homeostat.role_setting,
  homeostat.profile_standing, homeostat.profile_theirs, homeostat.role_problem, homeostat.role_set,
  homeostat.profile_give_back, homeostat.profile_lift, homeostat.profile_row,
  homeostat.profile_problem, homeostat.profile_apply, homeostat.profile_renew,
  homeostat.profile_revert, homeostat.profile_read, homeostat.stale_sessions FROM PUBLIC;
-- The wrappers run as their roles; it answers from the list and the ledger and changes nothing.
GRANT EXECUTE ON FUNCTION homeostat.role_setting_problem(text, text, text) TO PUBLIC;
GRANT SELECT ON homeostat.planner_setting, homeostat.profile
  TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.role_problem(text) TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.stale_sessions() TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.register_profiles(bigint, jsonb) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.profile_read(text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.profile_apply(
  bigint, bigint, text, jsonb, bigint, text, text, integer, text, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.profile_renew(
  bigint, bigint, text, bigint, text, text, integer, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.profile_revert(
  bigint, bigint, text, text, text, text) TO homeostat_actuator;
