-- SPDX-License-Identifier: Apache-2.0
-- What a consumer of Kafka needs to report what its batches cost. Read this, then run it as a
-- superuser or as homeostat_owner, connected to the database that holds the ledger, after
-- `homeostat migrate`. All of it stands, or nothing. Running it again changes nothing.
--
-- It may call one function, which takes sums of its batches and gives nothing back. It reads no
-- table of the schema.

BEGIN;

-- On a Citus coordinator: here only, not on the workers. Elsewhere it is a setting that nobody reads.
SET LOCAL citus.enable_ddl_propagation TO off;

DO $consumer$
DECLARE
  consumer text;
BEGIN
  FOREACH consumer IN ARRAY ARRAY[{{roles}}]::text[] LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA homeostat TO %I', consumer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION homeostat.report_batches(text, text, bigint, bigint,'
                   ' double precision, double precision, double precision) TO %I', consumer);
  END LOOP;
END
$consumer$;

COMMIT;
