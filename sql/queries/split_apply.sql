-- SPDX-License-Identifier: Apache-2.0
SELECT outcome, detail
  FROM homeostat.split_apply($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
