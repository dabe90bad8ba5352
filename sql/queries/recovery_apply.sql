-- SPDX-License-Identifier: Apache-2.0
SELECT outcome, detail FROM homeostat.recovery_apply($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
