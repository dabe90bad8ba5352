-- SPDX-License-Identifier: Apache-2.0
-- Once a session: no name can be shadowed, and every statement is planned once, not five times.
SELECT set_config('search_path', 'pg_catalog', false),
       set_config('plan_cache_mode', 'force_generic_plan', false)
