-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.pool_ask($1, $2, $3, $4)
