-- SPDX-License-Identifier: Apache-2.0
-- $1: [{"zone": …, "node": …, "group": …, "here": …}]
SELECT homeostat.register_zones($1)
