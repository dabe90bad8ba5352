-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.pool_forget($1)
