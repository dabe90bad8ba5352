-- SPDX-License-Identifier: Apache-2.0
-- Ends exactly that session, and only one of our own role: pids are reused.
SELECT pg_terminate_backend(s.pid, $3)
  FROM pg_stat_get_activity($1) s
 WHERE s.backend_start = $2::timestamptz
   AND s.usesysid = (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user)
