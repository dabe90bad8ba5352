-- SPDX-License-Identifier: Apache-2.0
-- Sums of what consumers have reported within $1 seconds, by group, and how many members have
-- written an event within the last $2 seconds. $3: the groups, as a JSON array.
SELECT r.consumer_group, sum(r.batches), sum(r.events), sum(r.busy_seconds),
       sum(r.events_squared), sum(r.events_busy),
       count(DISTINCT r.member) FILTER (
         WHERE r.events > 0 AND r.reported_at > clock_timestamp() - $2::float8 * interval '1 second')
  FROM homeostat.batch_report r
 WHERE r.bucket > clock_timestamp() - ($1::float8 + 5) * interval '1 second'
   AND r.reported_at > clock_timestamp() - $1::float8 * interval '1 second'
   AND r.consumer_group IN (SELECT json_array_elements_text($3::json))
 GROUP BY r.consumer_group
