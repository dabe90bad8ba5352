-- SPDX-License-Identifier: Apache-2.0
SELECT begun, detail
  FROM homeostat.split_begin($1)
