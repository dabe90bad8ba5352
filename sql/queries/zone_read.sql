-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.zone_read($1)
