-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.resume($1)
