-- SPDX-License-Identifier: Apache-2.0
-- What stands away from its baseline, what was done about it, and what the policies remember.

-- One row a target that we ever set. Open: it stands, or should, where `value` says. A closed row
-- stays until the next opening. `value` and `prior` are a lever's arguments by name.
CREATE TABLE homeostat.lever (
  lever       text        NOT NULL,
  target      text        NOT NULL,
  prior       jsonb,                -- what stood before we came; null: inherited, nothing
  value       jsonb       NOT NULL, -- what we set
  found       jsonb,                -- closed: what stood there then, when yielded somebody else's
  status      text        NOT NULL CHECK (status IN ('open', 'reverted', 'yielded')),
  policy      text        NOT NULL,
  subject     text        NOT NULL,
  rung        integer     NOT NULL,
  policy_hash text        NOT NULL,
  expires_at  timestamptz NOT NULL,
  since       timestamptz NOT NULL, -- of this opening
  changed_at  timestamptz NOT NULL, -- of value or status
  epoch       bigint      NOT NULL, -- token of the last write
  sequence    bigint      NOT NULL,
  identity    text        NOT NULL, -- of the database it was written in
  PRIMARY KEY (lever, target)
);

-- Every change of a lever, for good. Renewals, which change nothing, are not among them.
CREATE TABLE homeostat.act (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind        text        NOT NULL CHECK (kind IN ('apply', 'renew', 'revert')),
  outcome     text        NOT NULL CHECK (outcome IN ('applied', 'yielded')),
  lever       text        NOT NULL,
  target      text        NOT NULL,
  found       jsonb,                -- what stood there before this act; null: nothing
  value       jsonb,                -- what stands there after it; null: nothing
  policy      text        NOT NULL,
  subject     text        NOT NULL,
  rung        integer     NOT NULL,
  policy_hash text        NOT NULL,
  expires_at  timestamptz,
  reason      text        NOT NULL,
  epoch       bigint      NOT NULL,
  sequence    bigint      NOT NULL,
  holder      text,                 -- the instance that led
  identity    text        NOT NULL,
  UNIQUE (epoch, sequence)
);

CREATE FUNCTION homeostat.keep_act() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'homeostat.act is append-only' USING ERRCODE = 'HS003';
END
$$;
CREATE TRIGGER keep_act BEFORE UPDATE OR DELETE OR TRUNCATE ON homeostat.act
  FOR EACH STATEMENT EXECUTE FUNCTION homeostat.keep_act();

CREATE TABLE homeostat.policy_state (
  policy       text        NOT NULL,
  subject      text        NOT NULL,
  policy_hash  text        NOT NULL,
  state        text        NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
  rung         integer     NOT NULL CHECK (rung >= 0),
  restore_step integer     NOT NULL CHECK (restore_step >= 0),
  hold         interval    NOT NULL,
  trips        integer     NOT NULL CHECK (trips >= 0),
  changed_at   timestamptz,         -- when state or rung last changed; null: never
  opened_at    timestamptz,         -- when it last opened or re-opened; null: never
  identity     text        NOT NULL,
  PRIMARY KEY (policy, subject)
);

-- Rungs whose acts did not help, or did harm: passed over until benched_at + length.
CREATE TABLE homeostat.policy_bench (
  policy       text        NOT NULL,
  subject      text        NOT NULL,
  rung         integer     NOT NULL CHECK (rung >= 1),
  tries        integer     NOT NULL CHECK (tries >= 0),  -- ineffective in a row
  harmful      boolean     NOT NULL,
  skipped      boolean     NOT NULL,  -- below the highest rung engaged, and not engaged itself
  length       interval    NOT NULL,
  benched_at   timestamptz NOT NULL,
  PRIMARY KEY (policy, subject, rung),
  FOREIGN KEY (policy, subject) REFERENCES homeostat.policy_state ON DELETE CASCADE
);

-- How far policies have come in canary: a share, or, demoted, nothing until somebody says so.
CREATE TABLE homeostat.policy_canary (
  policy      text        PRIMARY KEY,
  policy_hash text        NOT NULL,
  step        integer     NOT NULL CHECK (step >= 0),
  demoted     boolean     NOT NULL,
  since       timestamptz NOT NULL,  -- on this step, or demoted
  passed      integer     NOT NULL CHECK (passed >= 0),  -- acts on this step that were right
  failed      integer     NOT NULL CHECK (failed >= 0),
  harmful     integer     NOT NULL CHECK (harmful >= 0)
);

-- The storm brake: a row while it is on.
CREATE TABLE homeostat.brake (
  identity text        PRIMARY KEY,
  since    timestamptz NOT NULL
);

-- Of kind job, once it has been started or waits for approval. Whether it runs or is stopped, and since when, is in
-- policy_state: open is running, half_open is stopped to go on later.
CREATE TABLE homeostat.policy_job (
  policy       text        NOT NULL,
  subject      text        NOT NULL,
  started_at   timestamptz,           -- the newest run
  ended_at     timestamptz,           -- the newest run that is over; null: none
  failed       boolean     NOT NULL,  -- that one went wrong
  stop         text        NOT NULL,  -- why the newest part of a run was stopped; `none`: it was not
  bytes_done   float8      NOT NULL CHECK (bytes_done >= 0),
  approvals_from timestamptz,         -- null: it needs none; what was said until then is no yes
  chosen       text,                  -- what stands for `trigger` in the newest run's arguments; null: nothing
  PRIMARY KEY (policy, subject),
  FOREIGN KEY (policy, subject) REFERENCES homeostat.policy_state ON DELETE CASCADE
);

-- What parts of jobs have moved lately, whatever has become of their policies: what the budget of
-- all jobs counts.
CREATE TABLE homeostat.moved_bytes (
  policy   text        NOT NULL,
  subject  text        NOT NULL,
  part     timestamptz NOT NULL,  -- when that part was ordered
  moved_at timestamptz NOT NULL,  -- when it was last seen to move any
  bytes    float8      NOT NULL CHECK (bytes >= 0),
  identity text        NOT NULL
);

-- Checks a token under the fence. Null: new, go on. Otherwise what came of it the first time: the
-- caller answers that again and does nothing. HS001: a token older than one already used, or used
-- for something else.
CREATE FUNCTION homeostat.ledger_replay(
  p_epoch bigint, p_sequence bigint, p_kind text, p_lever text, p_target text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_outcome text;
BEGIN
  SELECT a.outcome INTO v_outcome FROM homeostat.act a
   WHERE a.epoch = p_epoch AND a.sequence = p_sequence
     AND a.kind = p_kind AND a.lever = p_lever AND a.target = p_target;
  IF v_outcome IS NOT NULL THEN
    RETURN v_outcome;
  END IF;
  PERFORM FROM homeostat.lever l -- a renewal leaves its token here only
    WHERE p_kind = 'renew' AND l.lever = p_lever AND l.target = p_target
      AND l.epoch = p_epoch AND l.sequence = p_sequence AND l.status = 'open';
  IF FOUND THEN
    RETURN 'applied';
  END IF;
  IF p_sequence <= greatest(
       (SELECT max(a.sequence) FROM homeostat.act a WHERE a.epoch = p_epoch),
       (SELECT max(l.sequence) FROM homeostat.lever l WHERE l.epoch = p_epoch)) THEN
    RAISE EXCEPTION 'homeostat: token (%, %) is superseded', p_epoch, p_sequence
      USING ERRCODE = 'HS001';
  END IF;
  RETURN NULL;
END
$$;

-- Opens a row or changes the open one, and records the act. The expiry is the database's.
CREATE FUNCTION homeostat.ledger_stand(
  p_epoch bigint, p_sequence bigint, p_lever text, p_target text, p_found jsonb, p_value jsonb,
  p_ttl_us bigint, p_policy text, p_subject text, p_rung integer, p_policy_hash text,
  p_reason text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_here    CONSTANT text := homeostat.identity();
  v_now     CONSTANT timestamptz := clock_timestamp();
  v_expires timestamptz;
BEGIN
  IF p_ttl_us IS NULL OR p_ttl_us <= 0 OR p_ttl_us > 86400000000 THEN
    RAISE EXCEPTION 'homeostat: a lever stands for more than 0 and at most 24 hours'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  v_expires := v_now + make_interval(secs => p_ttl_us / 1e6);
  INSERT INTO homeostat.lever AS l (lever, target, prior, value, status, policy, subject, rung,
      policy_hash, expires_at, since, changed_at, epoch, sequence, identity)
    VALUES (p_lever, p_target, p_found, p_value, 'open', p_policy, p_subject, p_rung,
      p_policy_hash, v_expires, v_now, v_now, p_epoch, p_sequence, v_here)
  ON CONFLICT (lever, target) DO UPDATE SET
    -- What stood before we came is only known at the opening.
    prior = CASE WHEN l.status = 'open' AND l.identity = v_here
                 THEN l.prior ELSE excluded.prior END,
    since = CASE WHEN l.status = 'open' AND l.identity = v_here
                 THEN l.since ELSE excluded.since END,
    value = excluded.value, found = NULL, status = 'open', policy = excluded.policy,
    subject = excluded.subject, rung = excluded.rung, policy_hash = excluded.policy_hash,
    expires_at = excluded.expires_at, changed_at = excluded.changed_at,
    epoch = excluded.epoch, sequence = excluded.sequence, identity = excluded.identity;
  INSERT INTO homeostat.act (kind, outcome, lever, target, found, value, policy, subject, rung,
      policy_hash, expires_at, reason, epoch, sequence, holder, identity)
    SELECT 'apply', 'applied', p_lever, p_target, p_found, p_value, p_policy, p_subject, p_rung,
           p_policy_hash, v_expires, p_reason, p_epoch, p_sequence, s.holder, v_here
      FROM homeostat.lease s;
  RETURN v_expires;
END
$$;

-- Moves the expiry of an open row, and who it belongs to, and nothing else.
CREATE FUNCTION homeostat.ledger_renew(
  p_epoch bigint, p_sequence bigint, p_lever text, p_target text, p_ttl_us bigint, p_policy text,
  p_subject text, p_rung integer, p_policy_hash text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_expires timestamptz;
BEGIN
  IF p_ttl_us IS NULL OR p_ttl_us <= 0 OR p_ttl_us > 86400000000 THEN
    RAISE EXCEPTION 'homeostat: a lever stands for more than 0 and at most 24 hours'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE homeostat.lever l
     SET expires_at = clock_timestamp() + make_interval(secs => p_ttl_us / 1e6),
         policy = p_policy, subject = p_subject, rung = p_rung, policy_hash = p_policy_hash,
         epoch = p_epoch, sequence = p_sequence
   WHERE l.lever = p_lever AND l.target = p_target AND l.status = 'open'
   RETURNING l.expires_at INTO STRICT v_expires;
  RETURN v_expires;
END
$$;

-- Closes an open row as reverted or yielded and records the act. A yield over no open row (the
-- target was never ours) leaves a closed row, so that the same yield is recorded once.
CREATE FUNCTION homeostat.ledger_close(
  p_epoch bigint, p_sequence bigint, p_kind text, p_status text, p_lever text, p_target text,
  p_found jsonb, p_after jsonb, p_policy text, p_subject text, p_rung integer,
  p_policy_hash text, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_here CONSTANT text := homeostat.identity();
  v_now  CONSTANT timestamptz := clock_timestamp();
BEGIN
  INSERT INTO homeostat.lever AS l (lever, target, prior, value, found, status, policy, subject,
      rung, policy_hash, expires_at, since, changed_at, epoch, sequence, identity)
    VALUES (p_lever, p_target, NULL, '{}', p_found, p_status, p_policy, p_subject, p_rung,
      p_policy_hash, v_now, v_now, v_now, p_epoch, p_sequence, v_here)
  ON CONFLICT (lever, target) DO UPDATE SET
    status = excluded.status, found = excluded.found, changed_at = excluded.changed_at,
    epoch = excluded.epoch, sequence = excluded.sequence, identity = excluded.identity;
  INSERT INTO homeostat.act (kind, outcome, lever, target, found, value, policy, subject, rung,
      policy_hash, reason, epoch, sequence, holder, identity)
    SELECT p_kind, CASE p_status WHEN 'yielded' THEN 'yielded' ELSE 'applied' END, p_lever,
           p_target, p_found, p_after, p_policy, p_subject, p_rung, p_policy_hash, p_reason,
           p_epoch, p_sequence, s.holder, v_here
      FROM homeostat.lease s;
END
$$;

-- Open rows of this database, with what is left until their expiry by its own clock.
CREATE FUNCTION homeostat.open_levers() RETURNS TABLE (
  lever text, target text, prior jsonb, value jsonb, policy text, subject text, rung integer,
  policy_hash text, remaining_us bigint, epoch bigint, sequence bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT l.lever, l.target, l.prior, l.value, l.policy, l.subject, l.rung, l.policy_hash,
         round(extract(epoch FROM l.expires_at - clock_timestamp()) * 1000000)::bigint,
         l.epoch, l.sequence
    FROM homeostat.lever l
   WHERE l.status = 'open' AND l.identity = homeostat.identity()
   ORDER BY l.lever, l.target
$$;

-- Stores what the policies remember; rows of policies not named go. Times come as ages, so that no
-- clock but the database's is stored. A row that says the same as before is not written again.
-- p_braked_us: how long the storm brake has been on; null: it is off.
CREATE FUNCTION homeostat.state_keep(
  p_epoch bigint, p_memories jsonb, p_braked_us bigint, p_moved jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_here CONSTANT text := homeostat.identity();
  v_now  CONSTANT timestamptz := clock_timestamp();
BEGIN
  PERFORM homeostat.fence(p_epoch);
  DELETE FROM homeostat.policy_state s
   WHERE NOT EXISTS (
     SELECT FROM jsonb_to_recordset(p_memories) AS m(policy text, subject text)
      WHERE m.policy = s.policy AND m.subject = s.subject);
  INSERT INTO homeostat.policy_state AS s (policy, subject, policy_hash, state, rung,
      restore_step, hold, trips, changed_at, opened_at, identity)
    SELECT m.policy, m.subject, m.policy_hash, m.state, m.rung, m.restore_step,
           make_interval(secs => m.hold_us / 1e6), m.trips,
           v_now - make_interval(secs => m.changed_age_us / 1e6),
           v_now - make_interval(secs => m.opened_age_us / 1e6), v_here
      FROM jsonb_to_recordset(p_memories) AS m(policy text, subject text, policy_hash text,
           state text, rung integer, restore_step integer, hold_us bigint, trips integer,
           changed_age_us bigint, opened_age_us bigint)
  ON CONFLICT (policy, subject) DO UPDATE SET
    policy_hash = excluded.policy_hash, state = excluded.state, rung = excluded.rung,
    restore_step = excluded.restore_step, hold = excluded.hold, trips = excluded.trips,
    changed_at = excluded.changed_at, opened_at = excluded.opened_at,
    identity = excluded.identity
  WHERE (s.policy_hash, s.state, s.rung, s.restore_step, s.hold, s.trips, s.identity)
        IS DISTINCT FROM
        (excluded.policy_hash, excluded.state, excluded.rung, excluded.restore_step,
         excluded.hold, excluded.trips, excluded.identity)
     OR s.changed_at IS NULL <> (excluded.changed_at IS NULL)
     OR s.opened_at IS NULL <> (excluded.opened_at IS NULL)
     OR abs(extract(epoch FROM s.changed_at - excluded.changed_at)) > 0.5
     OR abs(extract(epoch FROM s.opened_at - excluded.opened_at)) > 0.5;
  PERFORM homeostat.bench_keep(p_memories, v_now);
  PERFORM homeostat.canary_keep(p_memories, v_now);
  PERFORM homeostat.job_keep(p_memories, v_now);
  DELETE FROM homeostat.moved_bytes m WHERE m.identity = v_here;
  INSERT INTO homeostat.moved_bytes
    SELECT m.policy, m.subject, v_now - make_interval(secs => m.part_age_us / 1e6),
           v_now - make_interval(secs => m.age_us / 1e6), m.bytes, v_here
      FROM jsonb_to_recordset(p_moved) AS m(policy text, subject text, part_age_us bigint,
           age_us bigint, bytes float8);
  IF p_braked_us IS NULL THEN
    DELETE FROM homeostat.brake b WHERE b.identity = v_here;
  ELSE
    INSERT INTO homeostat.brake
      VALUES (v_here, v_now - make_interval(secs => p_braked_us / 1e6))
    ON CONFLICT DO NOTHING;
  END IF;
END
$$;

-- Each of those memories says the same of its policy's canary.
CREATE FUNCTION homeostat.canary_keep(p_memories jsonb, p_now timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  DELETE FROM homeostat.policy_canary c
   WHERE NOT EXISTS (
     SELECT FROM jsonb_to_recordset(p_memories) AS m(policy text, canary jsonb)
      WHERE m.policy = c.policy AND m.canary IS NOT NULL);
  INSERT INTO homeostat.policy_canary AS c
    SELECT DISTINCT ON (m.policy) m.policy, m.policy_hash, r.step, r.demoted,
           p_now - make_interval(secs => r.age_us / 1e6), r.passed, r.failed, r.harmful
      FROM jsonb_to_recordset(p_memories) AS m(policy text, policy_hash text, canary jsonb),
           jsonb_to_record(m.canary) AS r(step integer, demoted boolean, age_us bigint,
             passed integer, failed integer, harmful integer)
     WHERE m.canary IS NOT NULL
     ORDER BY m.policy
  ON CONFLICT (policy) DO UPDATE SET
    policy_hash = excluded.policy_hash, step = excluded.step, demoted = excluded.demoted,
    since = excluded.since, passed = excluded.passed, failed = excluded.failed,
    harmful = excluded.harmful
  WHERE (c.policy_hash, c.step, c.demoted, c.passed, c.failed, c.harmful)
        IS DISTINCT FROM (excluded.policy_hash, excluded.step, excluded.demoted, excluded.passed,
                          excluded.failed, excluded.harmful)
    OR abs(extract(epoch FROM c.since - excluded.since)) > 0.5;
$$;

-- How long the storm brake has been on; null: it is off.
CREATE FUNCTION homeostat.braked_us() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT round(extract(epoch FROM clock_timestamp() - b.since) * 1000000)::bigint
    FROM homeostat.brake b WHERE b.identity = homeostat.identity()
$$;

-- The rungs benched of those memories, in place of what stood there.
CREATE FUNCTION homeostat.bench_keep(p_memories jsonb, p_now timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  DELETE FROM homeostat.policy_bench b
   WHERE NOT EXISTS (
     SELECT FROM jsonb_to_recordset(p_memories) AS m(policy text, subject text, benched jsonb),
            jsonb_to_recordset(m.benched) AS r(rung integer)
      WHERE m.policy = b.policy AND m.subject = b.subject AND r.rung = b.rung);
  INSERT INTO homeostat.policy_bench AS b
    SELECT m.policy, m.subject, r.rung, r.tries, r.harmful, r.skipped,
           make_interval(secs => r.length_us / 1e6),
           p_now - make_interval(secs => r.age_us / 1e6)
      FROM jsonb_to_recordset(p_memories) AS m(policy text, subject text, benched jsonb),
           jsonb_to_recordset(m.benched) AS r(rung integer, tries integer, harmful boolean,
             skipped boolean, length_us bigint, age_us bigint)
  ON CONFLICT (policy, subject, rung) DO UPDATE SET
    tries = excluded.tries, harmful = excluded.harmful, skipped = excluded.skipped,
    length = excluded.length, benched_at = excluded.benched_at
  WHERE (b.tries, b.harmful, b.skipped, b.length)
        IS DISTINCT FROM (excluded.tries, excluded.harmful, excluded.skipped, excluded.length)
    OR abs(extract(epoch FROM b.benched_at - excluded.benched_at)) > 0.5;
$$;

-- The runs of those memories that are jobs, in place of what stood there.
CREATE FUNCTION homeostat.job_keep(p_memories jsonb, p_now timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  DELETE FROM homeostat.policy_job j
   WHERE NOT EXISTS (
     SELECT FROM jsonb_to_recordset(p_memories) AS m(policy text, subject text, job jsonb)
      WHERE m.policy = j.policy AND m.subject = j.subject AND m.job IS NOT NULL);
  INSERT INTO homeostat.policy_job AS j
    SELECT m.policy, m.subject,
           p_now - make_interval(secs => (m.job ->> 'started_age_us')::bigint / 1e6),
           p_now - make_interval(secs => (m.job ->> 'ended_age_us')::bigint / 1e6),
           (m.job ->> 'failed')::boolean, m.job ->> 'stop', (m.job ->> 'bytes_done')::float8,
           p_now - make_interval(secs => (m.job ->> 'approvals_from_age_us')::bigint / 1e6),
           m.job ->> 'chosen'
      FROM jsonb_to_recordset(p_memories) AS m(policy text, subject text, job jsonb)
     WHERE m.job IS NOT NULL
  ON CONFLICT (policy, subject) DO UPDATE SET
    started_at = excluded.started_at, ended_at = excluded.ended_at, failed = excluded.failed,
    stop = excluded.stop, bytes_done = excluded.bytes_done,
    approvals_from = excluded.approvals_from, chosen = excluded.chosen
  WHERE (j.failed, j.stop, j.bytes_done, j.chosen)
        IS DISTINCT FROM (excluded.failed, excluded.stop, excluded.bytes_done, excluded.chosen)
    OR j.started_at IS NULL <> (excluded.started_at IS NULL)
    OR j.ended_at IS NULL <> (excluded.ended_at IS NULL)
    OR j.approvals_from IS NULL <> (excluded.approvals_from IS NULL)
    OR abs(extract(epoch FROM j.started_at - excluded.started_at)) > 0.5
    OR abs(extract(epoch FROM j.ended_at - excluded.ended_at)) > 0.5
    OR abs(extract(epoch FROM j.approvals_from - excluded.approvals_from)) > 0.5;
$$;

CREATE FUNCTION homeostat.state_load() RETURNS TABLE (
  policy text, subject text, policy_hash text, state text, rung integer, restore_step integer,
  hold_us bigint, trips integer, changed_age_us bigint, opened_age_us bigint, benched jsonb,
  canary jsonb, job jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT s.policy, s.subject, s.policy_hash, s.state, s.rung, s.restore_step,
         round(extract(epoch FROM s.hold) * 1000000)::bigint, s.trips,
         round(extract(epoch FROM clock_timestamp() - s.changed_at) * 1000000)::bigint,
         round(extract(epoch FROM clock_timestamp() - s.opened_at) * 1000000)::bigint,
         (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'rung', b.rung, 'tries', b.tries, 'harmful', b.harmful, 'skipped', b.skipped,
                   'length_us', round(extract(epoch FROM b.length) * 1000000)::bigint,
                   'age_us', round(extract(epoch FROM clock_timestamp() - b.benched_at)
                                   * 1000000)::bigint) ORDER BY b.rung), '[]')
            FROM homeostat.policy_bench b
           WHERE b.policy = s.policy AND b.subject = s.subject),
         (SELECT jsonb_build_object(
                   'step', c.step, 'demoted', c.demoted, 'passed', c.passed, 'failed', c.failed,
                   'harmful', c.harmful,
                   'age_us', round(extract(epoch FROM clock_timestamp() - c.since)
                                   * 1000000)::bigint)
            FROM homeostat.policy_canary c
           WHERE c.policy = s.policy AND c.policy_hash = s.policy_hash),
         (SELECT jsonb_strip_nulls(jsonb_build_object(
                   'started_age_us', round(extract(epoch FROM clock_timestamp() - j.started_at)
                                           * 1000000)::bigint,
                   'ended_age_us', round(extract(epoch FROM clock_timestamp() - j.ended_at)
                                         * 1000000)::bigint,
                   'approvals_from_age_us',
                   round(extract(epoch FROM clock_timestamp() - j.approvals_from)
                         * 1000000)::bigint,
                   'failed', j.failed, 'stop', j.stop, 'bytes_done', j.bytes_done,
                   'chosen', j.chosen))
            FROM homeostat.policy_job j
           WHERE j.policy = s.policy AND j.subject = s.subject)
    FROM homeostat.policy_state s
   WHERE s.identity = homeostat.identity()
   ORDER BY s.policy, s.subject
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA homeostat FROM PUBLIC;
GRANT SELECT ON homeostat.lever, homeostat.act, homeostat.policy_state, homeostat.policy_bench,
  homeostat.policy_canary, homeostat.policy_job, homeostat.brake, homeostat.moved_bytes
  TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.braked_us() TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.open_levers() TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.state_load() TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.state_keep(bigint, jsonb, bigint, jsonb) TO homeostat_actuator;
