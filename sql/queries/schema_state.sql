-- SPDX-License-Identifier: Apache-2.0
-- The identity of this very server process: a physical clone shares system identifier and database,
-- but was started at another moment (H53). The same form as in pg_locks_server.sql.
SELECT coalesce(max(number), 0),
       homeostat.identity() || '@' || extract(epoch FROM pg_postmaster_start_time())
  FROM homeostat.schema_version
