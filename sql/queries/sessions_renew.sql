-- SPDX-License-Identifier: Apache-2.0
SELECT outcome, detail, picked
  FROM homeostat.sessions_renew($1, $2, $3, $4, $5, $6, $7, $8, $9)
