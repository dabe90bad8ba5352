-- SPDX-License-Identifier: Apache-2.0
-- $1 scope, $2 why.
SELECT session_user FROM homeostat.acknowledge($1, $2)
