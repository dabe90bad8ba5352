-- SPDX-License-Identifier: Apache-2.0
-- Whether a pause of this scope stood; and the scopes that stay paused, null when none does.
SELECT homeostat.resume($1),
       (SELECT string_agg(scope, ', ' ORDER BY scope) FROM homeostat.pauses() WHERE scope <> $1)
