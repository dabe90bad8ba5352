-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.recovery_read($1)
