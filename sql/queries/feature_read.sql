-- SPDX-License-Identifier: Apache-2.0
SELECT a.admit FROM homeostat.admission a
 WHERE a.target = $1 AND a.identity = homeostat.identity()
