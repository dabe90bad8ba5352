-- SPDX-License-Identifier: Apache-2.0
-- Those that stand: what is told to whoever asks over HTTP.
SELECT z.zone, z.concurrency, z.queue_limit,
       floor(extract(epoch FROM z.expires_at) * 1000)::bigint, z.reason
  FROM homeostat.zone_limit z
 WHERE coalesce(z.expires_at > clock_timestamp(), true) AND z.identity = homeostat.identity()
 ORDER BY z.zone
