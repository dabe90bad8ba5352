-- SPDX-License-Identifier: Apache-2.0
-- Acts of the last $1 microseconds that took something away: what budgets and storm brake count.
-- Giving back in steps is an `apply` too, towards more. What a regulator sets has no rung: dead-band,
-- step and interval limit that.
SELECT a.policy, round(extract(epoch FROM clock_timestamp() - a.at) * 1000000)::bigint
  FROM homeostat.act a
 WHERE a.kind = 'apply' AND a.outcome = 'applied'
   AND a.rung > 0
   AND a.identity = homeostat.identity()
   AND a.at > clock_timestamp() - make_interval(secs => $1::bigint / 1e6)
   AND coalesce((a.value ->> 'admit')::float8 < coalesce((a.found ->> 'admit')::float8, 1), true)
 ORDER BY a.at
