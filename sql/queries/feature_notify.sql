-- SPDX-License-Identifier: Apache-2.0
SELECT pg_notify('homeostat', $1)
