-- SPDX-License-Identifier: Apache-2.0
-- On each node: CPU seconds of its tenants in the last whole period, and the busiest one. No row
-- where nobody tracks them. $1: may the tenant be named.
SELECT coalesce(sum(t.cpu_usage_in_last_period), 0) AS load,
       coalesce(max(t.cpu_usage_in_last_period), 0) AS most,
       CASE WHEN $1::bool THEN (array_agg(t.tenant_attribute
         ORDER BY t.cpu_usage_in_last_period DESC))[1] END AS tenant
  FROM (SELECT current_setting('citus.stat_tenants_track', true) AS track) k
  LEFT JOIN citus_stat_tenants_local t ON true
 WHERE k.track <> 'none'
 GROUP BY k.track
