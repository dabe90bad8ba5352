-- SPDX-License-Identifier: Apache-2.0
-- Who leads, and who holds the leader's advisory lock, as one JSON object. The key is that of
-- homeostat.lease_key(), which only the schema's own functions may call.
SELECT row_to_json(f) FROM (
  SELECT (SELECT max(v.number) FROM homeostat.schema_version v) AS version,
         l.epoch, coalesce(l.holder, '') AS holder,
         coalesce(l.pid IS NOT NULL AND l.renewed_at + l.ttl >= clock_timestamp(), false) AS led,
         coalesce(k.pid, 0) AS lock_pid,
         coalesce(pg_get_userbyid(s.usesysid)::text, '') AS lock_role,
         coalesce(s.usesysid <> current_user::regrole, false) AS foreign_lock
    FROM homeostat.lease l
    CROSS JOIN (SELECT ('x' || left(encode(sha256('homeostat'::bytea), 'hex'), 16))::bit(64)::bigint
                         AS key) w
    LEFT JOIN pg_locks k
      ON k.locktype = 'advisory' AND k.granted AND k.objsubid = 1
     AND k.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
     AND k.classid = ((w.key >> 32) & 4294967295)::oid AND k.objid = (w.key & 4294967295)::oid
    LEFT JOIN LATERAL pg_stat_get_activity(k.pid) s ON k.pid IS NOT NULL
   LIMIT 1) f
