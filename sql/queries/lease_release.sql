-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.release_lease($1)
