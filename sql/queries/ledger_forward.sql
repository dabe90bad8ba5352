-- SPDX-License-Identifier: Apache-2.0
-- Acts of the last hour that took something away: what budgets count. Giving back in steps is an
-- `apply` too, towards more.
SELECT a.policy, round(extract(epoch FROM clock_timestamp() - a.at) * 1000000)::bigint
  FROM homeostat.act a
 WHERE a.kind = 'apply' AND a.outcome = 'applied'
   AND a.identity = homeostat.identity()
   AND a.at > clock_timestamp() - interval '1 hour'
   AND coalesce((a.value ->> 'admit')::float8 < coalesce((a.found ->> 'admit')::float8, 1), true)
 ORDER BY a.at
