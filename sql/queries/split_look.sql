-- SPDX-License-Identifier: Apache-2.0
SELECT l.phase, l.age_us, l.bytes, l.message, r.what
  FROM homeostat.split_look() l CROSS JOIN homeostat.split_run r
