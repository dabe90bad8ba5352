-- SPDX-License-Identifier: Apache-2.0
-- $1 scope, $2 how long in microseconds, $3 why.
SELECT session_user, to_char(homeostat.pause($1, make_interval(secs => $2::bigint / 1e6), $3)
                               AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
