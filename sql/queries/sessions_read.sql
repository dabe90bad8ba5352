-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.sessions_read($1)
