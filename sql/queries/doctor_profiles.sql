-- SPDX-License-Identifier: Apache-2.0
-- Why roles cannot be managed by a planner profile; no row for those that can. $1: JSON array.
SELECT r.name, homeostat.role_problem(r.name)
  FROM jsonb_array_elements_text($1::jsonb) AS r(name)
 WHERE homeostat.role_problem(r.name) IS NOT NULL
 ORDER BY r.name
