-- SPDX-License-Identifier: Apache-2.0
-- $2: [{"name": …, "class": …}]
SELECT homeostat.register_features($1, coalesce(array_agg(f.name), '{}'),
                                   coalesce(array_agg(f.class), '{}'))
  FROM jsonb_to_recordset($2) AS f(name text, class text)
