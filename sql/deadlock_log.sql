-- SPDX-License-Identifier: Apache-2.0
-- What counting the deadlocks over nodes needs on the coordinator of a Citus cluster. Citus resolves
-- them itself, and counts them nowhere: only the server's log has them. Read this, then run it as a
-- superuser, connected to the database that is watched, after `homeostat grants --monitor`. All of it
-- stands, or nothing. Running it again changes nothing that stands.
--
-- It makes one function. It reads no more than what the server has written to its own log since the
-- last call, tells how often Citus' sentence is there, and nothing else of it; homeostat_monitor
-- alone may call it. It needs logging_collector = on: otherwise the server does not know where its
-- log is.

BEGIN;

-- Here only, not on the workers.
SET LOCAL citus.enable_ddl_propagation TO off;

DO $monitor$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'homeostat_monitor') THEN
    RAISE EXCEPTION 'role homeostat_monitor does not exist'
      USING HINT = 'First run what `homeostat grants --monitor` prints.';
  ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'homeostat_log_reader') THEN
    CREATE ROLE homeostat_log_reader;
  ELSIF EXISTS (SELECT FROM pg_catalog.pg_auth_members m
                 WHERE m.member = 'homeostat_log_reader'::regrole) THEN
    RAISE EXCEPTION 'role homeostat_log_reader is a member of another role: it would read more';
  END IF;
END
$monitor$;

-- Whose rights the function has. It is in no other role, so that PostgreSQL lets it read in its own
-- folders only. Nobody logs in as it.
ALTER ROLE homeostat_log_reader
  NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_current_logfile(), pg_catalog.pg_ls_logdir(),
  pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO homeostat_log_reader;

CREATE SCHEMA IF NOT EXISTS homeostat_log;
ALTER SCHEMA homeostat_log OWNER TO CURRENT_USER;  -- whoever may have made it before
REVOKE ALL ON SCHEMA homeostat_log FROM PUBLIC;
GRANT USAGE ON SCHEMA homeostat_log TO homeostat_monitor;

-- From where the last call ended, both null at first: how many deadlocks over nodes the log has had
-- since then, and how many bytes of it were left out (null: it is not known): of a file that had more
-- than 1 MiB, the older part; files that came and went between two calls. A name of null comes back where the server keeps no log of its own. What comes from
-- an application and repeats the sentence counts, too.
CREATE OR REPLACE FUNCTION homeostat_log.citus_deadlocks(
  INOUT file text, INOUT place bigint, OUT deadlocks bigint, OUT unread bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $count$
DECLARE
  at_most  CONSTANT bigint := 1024 * 1024;
  -- Citus translates nothing.
  sentence CONSTANT text :=
    'canceling the transaction since it was involved in a distributed deadlock';
  current_ text := pg_current_logfile();
  folder   text := substring(current_ FROM '^(.*/)[^/]*$');
  newest   text := substring(current_ FROM '[^/]*$');
  size     bigint;
  last     timestamptz;
  written  text;
BEGIN
  deadlocks := 0;
  unread := 0;
  SELECT l.size, l.modification INTO size, last FROM pg_ls_logdir() l WHERE l.name = file;
  IF newest IS NULL OR NOT FOUND THEN
    -- At the end: what stands there already is from before.
    unread := CASE WHEN file IS NULL THEN 0 END;
    file := newest;
    place := (SELECT l.size FROM pg_ls_logdir() l WHERE l.name = newest);
    RETURN;
  END IF;
  LOOP
    -- One that is begun anew under its old name.
    place := CASE WHEN place > size THEN 0 ELSE place END;
    unread := unread + greatest(size - place - at_most, 0);
    place := greatest(place, size - at_most);
    -- Escaped, for a log may have any bytes in it.
    written := encode(pg_read_binary_file(folder || file, place, size - place, false), 'escape');
    -- A line that is still being written is for the next call.
    IF file = newest AND size - place < at_most THEN
      written := left(written, length(written) + 1
        - coalesce(nullif(strpos(reverse(written), E'\n'), 0), length(written) + 1));
    END IF;
    place := place + octet_length(decode(written, 'escape'));
    deadlocks := deadlocks
      + (length(written) - length(replace(written, sentence, ''))) / length(sentence);
    EXIT WHEN file = newest;
    IF EXISTS (SELECT FROM pg_ls_logdir() l
                WHERE l.name NOT IN (file, newest)
                  AND substring(l.name FROM '[^.]*$') = substring(file FROM '[^.]*$')
                  AND (l.modification, l.name) > (last, file)) THEN
      unread := NULL;
    END IF;
    file := newest;
    place := 0;
    SELECT l.size INTO STRICT size FROM pg_ls_logdir() l WHERE l.name = newest;
  END LOOP;
END
$count$;
ALTER FUNCTION homeostat_log.citus_deadlocks(text, bigint) OWNER TO homeostat_log_reader;
REVOKE ALL ON FUNCTION homeostat_log.citus_deadlocks(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat_log.citus_deadlocks(text, bigint) TO homeostat_monitor;

COMMIT;
