-- SPDX-License-Identifier: Apache-2.0
-- What the lever `planner_profile` needs of the roles that it manages. Read this, then run it as a
-- superuser, connected to the database that is to hold the ledger, after the roles of Homeostat
-- itself. All of it stands, or nothing. Running it again changes nothing that stands.
--
-- Each role gets one function of its name, owned by the role itself, which changes this role's own
-- settings in this database, as ALTER ROLE lets any role do for itself, and only those that
-- homeostat.planner_setting allows. homeostat_owner alone may call it: Homeostat itself needs no
-- CREATEROLE, and no right over anybody.

BEGIN;

-- On a Citus coordinator: here only, not on the workers. Elsewhere it is a setting that nobody reads.
SET LOCAL citus.enable_ddl_propagation TO off;

CREATE SCHEMA IF NOT EXISTS homeostat_roles;
REVOKE ALL ON SCHEMA homeostat_roles FROM PUBLIC;
GRANT USAGE ON SCHEMA homeostat_roles TO homeostat_owner;

DO $planner$
DECLARE
  managed  text;
  superior boolean;
BEGIN
  FOREACH managed IN ARRAY ARRAY[{{roles}}]::text[] LOOP
    SELECT rolsuper INTO superior FROM pg_catalog.pg_roles WHERE rolname = managed;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'role % of the inventory does not exist', quote_ident(managed);
    ELSIF superior THEN
      RAISE EXCEPTION 'role % is a superuser: no profile may manage it', quote_ident(managed);
    END IF;
    EXECUTE format($wrapper$
      CREATE OR REPLACE FUNCTION homeostat_roles.%I(setting text, value text) RETURNS void
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
      DECLARE
        problem CONSTANT text := homeostat.role_setting_problem(current_user, setting, value);
        target  CONSTANT text := format('ALTER ROLE %%I IN DATABASE %%I ', current_user,
                                        current_database());
      BEGIN
        IF problem IS NOT NULL THEN
          RAISE EXCEPTION 'homeostat: %%', problem USING ERRCODE = 'invalid_parameter_value';
        ELSIF value IS NULL THEN
          EXECUTE target || format('RESET %%I', setting);
        ELSE
          EXECUTE target || format('SET %%I TO %%L', setting, value);
        END IF;
      END
      $body$ $wrapper$, managed);
    EXECUTE format('ALTER FUNCTION homeostat_roles.%I(text, text) OWNER TO %I', managed, managed);
    EXECUTE format('REVOKE ALL ON FUNCTION homeostat_roles.%I(text, text) FROM PUBLIC', managed);
    EXECUTE format('GRANT EXECUTE ON FUNCTION homeostat_roles.%I(text, text) TO homeostat_owner',
                   managed);
  END LOOP;
END
$planner$;

COMMIT;
