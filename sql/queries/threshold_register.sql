-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.register_thresholds($1, $2)
