-- SPDX-License-Identifier: Apache-2.0
SELECT started, job, detail FROM homeostat.rebalance_start($1)
