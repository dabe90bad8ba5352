-- SPDX-License-Identifier: Apache-2.0
-- What the actuator has of the schema `homeostat`, as one JSON object: the GRANTs that it lacks, as
-- SQL, those to give back apart (H14). A test holds the names against what the migrations grant.
SELECT row_to_json(f) FROM (
  SELECT n.oid IS NOT NULL AS schema_exists,
         EXISTS (SELECT FROM pg_class c
                  WHERE c.relnamespace = n.oid AND c.relname = 'schema_version') AS tables_exist,
         coalesce((SELECT pg_has_role(r.oid, 'pg_read_all_stats', 'USAGE') FROM pg_roles r
                    WHERE r.rolname = 'homeostat_owner'), false) AS owner_reads_statistics,
         coalesce((SELECT r.rolinherit FROM pg_roles r
                    WHERE r.rolname = 'homeostat_owner'), true) AS owner_inherits,
         coalesce((SELECT bool_and(has_function_privilege('public', p.oid, 'EXECUTE'))
                     FROM pg_proc p
                    WHERE p.pronamespace = n.oid
                      AND p.proname IN ('allowed', 'batch_window', 'admit', 'route',
                                        'route_shard', 'route_all', 'counter_slots')), false)
           AND has_schema_privilege('public', n.oid, 'USAGE') AS everybody_may_ask,
         ARRAY(SELECT format('GRANT USAGE ON SCHEMA homeostat TO %I;', current_user)
                WHERE NOT has_schema_privilege(n.oid, 'USAGE')
               UNION ALL
               SELECT format('GRANT SELECT ON homeostat.%I TO %I;', c.relname, current_user)
                 FROM pg_class c
                WHERE c.relnamespace = n.oid
                  AND c.relname IN ('schema_version', 'lease', 'lever', 'act', 'policy_state',
                                    'policy_bench', 'policy_canary', 'policy_job', 'brake',
                                    'moved_bytes', 'ack',
                                    'feature', 'admission', 'pause', 'pause_act',
                                    'planner_setting', 'profile', 'threshold', 'guard_setting',
                                    'guard_state', 'session_limit', 'session_target',
                                    'ended_session', 'group_window', 'zone_limit',
                                    'shard_plan', 'rebalance_run', 'pool_size', 'zone_place',
                                    'zone_recovery', 'split_run', 'counter')
                  AND NOT has_table_privilege(c.oid, 'SELECT')
               UNION ALL
               SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I;', p.oid::regprocedure,
                             current_user)
                 FROM pg_proc p
                WHERE p.pronamespace = n.oid
                  AND p.proname IN ('identity', 'hold_lease', 'release_lease', 'open_levers',
                                    'state_load', 'state_keep', 'braked_us', 'acks', 'register_features',
                                    'feature_apply', 'feature_renew', 'pauses', 'expire',
                                    'role_problem', 'stale_sessions', 'register_profiles',
                                    'profile_read', 'profile_apply', 'profile_renew',
                                    'register_thresholds', 'lock_health', 'health',
                                    'session_role_problem', 'register_sessions',
                                    'sessions_read', 'sessions_apply', 'sessions_renew',
                                    'sessions_end', 'window_read', 'window_apply',
                                    'window_renew', 'zone_read', 'zone_apply', 'zone_renew',
                                    'rebalance_problem', 'rebalance_look', 'rebalance_read',
                                    'rebalance_apply', 'rebalance_start', 'rebalance_renew',
                                    'rebalance_make_way', 'pool_limits', 'pool_yield',
                                    'register_zones', 'recovery_read', 'recovery_apply',
                                    'recovery_renew', 'split_problem', 'split_look',
                                    'split_read', 'split_apply', 'split_begin', 'split_carry',
                                    'split_failed', 'split_renew', 'split_study',
                                    'register_counters')
                  AND NOT has_function_privilege(p.oid, 'EXECUTE')) AS missing,
         ARRAY(SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I;', p.oid::regprocedure,
                             current_user)
                 FROM pg_proc p
                WHERE p.pronamespace = n.oid
                  AND p.proname IN ('feature_revert', 'profile_revert', 'sessions_revert',
                                    'window_revert', 'zone_revert', 'rebalance_revert',
                                    'pool_ask', 'pool_forget', 'recovery_revert', 'split_revert')
                  AND NOT has_function_privilege(p.oid, 'EXECUTE')) AS missing_to_revert
    FROM (SELECT to_regnamespace('homeostat')::oid AS oid) n) f
