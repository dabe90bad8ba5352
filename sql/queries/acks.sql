-- SPDX-License-Identifier: Apache-2.0
SELECT id, scope, age_us FROM homeostat.acks()
