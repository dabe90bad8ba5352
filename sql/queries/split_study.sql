-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.split_study()
