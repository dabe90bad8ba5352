-- SPDX-License-Identifier: Apache-2.0
SELECT lever, target, prior, value, policy, subject, rung, policy_hash, remaining_us, epoch,
       sequence
  FROM homeostat.open_levers()
