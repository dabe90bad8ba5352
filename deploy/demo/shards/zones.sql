-- SPDX-License-Identifier: Apache-2.0
-- For the outage: which listeners each zone has, and a play that asks whether its zone takes it. Run
-- by a superuser on the coordinator once shards lie still.
\set ON_ERROR_STOP on
SET search_path = melodyud;
SET citus.enable_ddl_propagation TO off;  -- here only, not on the workers

CREATE TABLE home AS
  SELECT r.zone, row_number() OVER (PARTITION BY r.zone ORDER BY u) AS place, u AS user_id
    FROM generate_series(1, 6000) AS u, homeostat.route('melodyud.listener', u::text) AS r;
CREATE UNIQUE INDEX ON home (zone, place);

-- A number that no rollback takes back, for each zone: how many were turned away.
DO $$
DECLARE
  v_zone text;
BEGIN
  FOR v_zone IN SELECT DISTINCT zone FROM home LOOP
    EXECUTE format('CREATE SEQUENCE melodyud.%I', 'refused ' || v_zone);
  END LOOP;
END
$$;

-- False: the zone is in recovery, and the listener is told to come again later.
CREATE FUNCTION play_admitted(p_zone text, p_user bigint, p_play bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = melodyud, pg_temp AS $$
BEGIN
  BEGIN
    PERFORM homeostat.admit(p_zone, key => p_user::text);
  EXCEPTION WHEN SQLSTATE 'HS005' THEN
    PERFORM nextval(format('melodyud.%I', 'refused ' || p_zone));
    RETURN false;
  END;
  UPDATE listener SET plays = plays + 1 WHERE user_id = p_user;
  INSERT INTO play (user_id, play_id) VALUES (p_user, p_play);
  RETURN true;
END
$$;
GRANT SELECT ON home TO melodyud_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA melodyud TO melodyud_app;
