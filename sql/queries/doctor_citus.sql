-- SPDX-License-Identifier: Apache-2.0
-- Whether Citus is in this database, as one JSON object: nothing else of it can be named before.
SELECT json_build_object(
  'version', (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'citus'),
  'standby', pg_is_in_recovery())
