-- SPDX-License-Identifier: Apache-2.0
-- The server process that runs this statement.
SELECT pg_backend_pid()
