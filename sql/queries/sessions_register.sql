-- SPDX-License-Identifier: Apache-2.0
-- $2: {"sessions": {"batch": {"roles": "reporting, bulk", "idle_for": 30, "limit": 5}, …},
--      "per_hour": 20}
SELECT homeostat.register_sessions($1, $2)
