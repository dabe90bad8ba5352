-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.pool_yield($1, $2)
