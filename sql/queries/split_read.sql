-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.split_read($1)
