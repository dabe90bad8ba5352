-- SPDX-License-Identifier: Apache-2.0
SELECT policy, subject, policy_hash, state, rung, restore_step, hold_us, trips, changed_age_us,
       opened_age_us, benched, canary, job
  FROM homeostat.state_load()
