-- SPDX-License-Identifier: Apache-2.0
-- Once a session, where Citus is: which node of pg_dist_node this is. Shows us the shards' tables,
-- which Citus hides from clients; where there is no Citus the option would be a mere placeholder,
-- or refused.
SELECT set_config('citus.show_shards_for_app_name_prefixes', 'homeostat', false),
       g.groupid, citus_is_coordinator() AS coordinator
  FROM pg_dist_local_group g
