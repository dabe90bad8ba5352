-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.rebalance_read($1)
