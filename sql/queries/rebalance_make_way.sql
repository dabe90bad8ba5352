-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.rebalance_make_way($1)
