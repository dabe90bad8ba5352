-- SPDX-License-Identifier: Apache-2.0
SELECT role, sessions FROM homeostat.stale_sessions()
