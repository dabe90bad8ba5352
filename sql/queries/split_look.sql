-- SPDX-License-Identifier: Apache-2.0
SELECT phase, age_us, bytes, message
  FROM homeostat.split_look()
