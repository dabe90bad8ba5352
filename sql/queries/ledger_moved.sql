-- SPDX-License-Identifier: Apache-2.0
-- What parts of jobs have moved lately.
SELECT m.policy, m.subject,
       round(extract(epoch FROM clock_timestamp() - m.part) * 1000000)::bigint,
       round(extract(epoch FROM clock_timestamp() - m.moved_at) * 1000000)::bigint,
       round(m.bytes)::bigint
  FROM homeostat.moved_bytes m
 WHERE m.identity = homeostat.identity()
 ORDER BY m.part, m.policy, m.subject
