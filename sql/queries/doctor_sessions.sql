-- SPDX-License-Identifier: Apache-2.0
-- Why roles' sessions cannot be ended; no row for those whose can. $1: JSON array.
SELECT r.name, homeostat.session_role_problem(r.name)
  FROM jsonb_array_elements_text($1::jsonb) AS r(name)
 WHERE homeostat.session_role_problem(r.name) IS NOT NULL
 ORDER BY r.name
