-- SPDX-License-Identifier: Apache-2.0
SELECT outcome, detail FROM homeostat.split_revert($1, $2, $3, $4, $5, $6)
