-- SPDX-License-Identifier: Apache-2.0
-- The features that the database knows, as one JSON object: {"name": "class"}.
SELECT coalesce(json_object_agg(f.name, f.class), '{}') FROM homeostat.feature f
