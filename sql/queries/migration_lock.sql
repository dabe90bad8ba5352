-- SPDX-License-Identifier: Apache-2.0
-- Held until the session ends: one migration at a time.
SELECT pg_try_advisory_lock(hashtextextended('homeostat migrate', 0))
