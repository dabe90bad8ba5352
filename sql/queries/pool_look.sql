-- SPDX-License-Identifier: Apache-2.0
-- The limits of ours that stand, and what was asked of which process: 'limit', zone, slots; 'pool',
-- process, before, stood, asked, yielded.
SELECT 'limit', l.zone, l.slots, NULL::integer, NULL::integer, NULL::integer
  FROM homeostat.pool_limits() l
UNION ALL
SELECT 'pool', s.process, s.before, s.stood, s.asked, s.yielded
  FROM homeostat.pool_size s WHERE s.identity = homeostat.identity()
