-- SPDX-License-Identifier: Apache-2.0
-- Sessions that end_session has ended within the last hour, or may have: what the budget counts.
SELECT count(*) FROM homeostat.ended_session e
 WHERE e.at > clock_timestamp() - interval '1 hour' AND e.ended IS NOT FALSE
