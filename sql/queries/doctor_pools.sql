-- SPDX-License-Identifier: Apache-2.0
-- The PgBouncer processes that have a size of ours, with the size that stood before, as one object.
SELECT coalesce(json_object_agg(s.process, s.before), '{}')
  FROM homeostat.pool_size s WHERE s.identity = homeostat.identity()
