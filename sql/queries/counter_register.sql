-- SPDX-License-Identifier: Apache-2.0
-- $2: [{"name": …, "zone": …, "slots": …, "slots_at_rest": …, "below": …, "hold_us": …}]
SELECT homeostat.register_counters($1, $2)
