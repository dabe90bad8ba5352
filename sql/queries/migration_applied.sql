-- SPDX-License-Identifier: Apache-2.0
SELECT number, name, checksum FROM homeostat.schema_version ORDER BY number
