-- SPDX-License-Identifier: Apache-2.0
SELECT phase, age_us, bytes_done, bytes_total, moves_done, moves_total, in_the_way, message
  FROM homeostat.rebalance_look()
