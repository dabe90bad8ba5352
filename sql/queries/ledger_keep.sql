-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.state_keep($1, $2, $3, $4)
