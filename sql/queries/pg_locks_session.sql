-- SPDX-License-Identifier: Apache-2.0
-- One session, for the note about the root blocker. $1: pid, $2: may its query be shown.
SELECT coalesce(pg_get_userbyid(a.usesysid)::text, a.backend_type) AS role,
       coalesce(a.state, '') AS state,
       round(date_part('epoch', statement_timestamp() - a.xact_start)) AS transaction_age,
       CASE WHEN $2::bool THEN left(a.query, 200) END AS query
  FROM pg_stat_get_activity($1::int) a
