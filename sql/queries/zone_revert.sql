-- SPDX-License-Identifier: Apache-2.0
SELECT outcome, detail FROM homeostat.zone_revert($1, $2, $3, $4, $5, $6)
