-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.profile_read($1)
