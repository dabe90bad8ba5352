-- SPDX-License-Identifier: Apache-2.0
-- $2: {"contention": {"reporting/jit": "off", …}, …}
SELECT homeostat.register_profiles($1, $2)
