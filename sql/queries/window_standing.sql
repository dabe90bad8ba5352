-- SPDX-License-Identifier: Apache-2.0
-- Those that stand: what is told to whoever asks over HTTP.
SELECT w.consumer_group, w.window_ms, w.drain_limit, w.epoch,
       floor(extract(epoch FROM w.expires_at) * 1000)::bigint, w.reason
  FROM homeostat.group_window w
 WHERE w.window_ms IS NOT NULL AND w.identity = homeostat.identity()
 ORDER BY w.consumer_group
