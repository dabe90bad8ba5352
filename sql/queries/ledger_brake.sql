-- SPDX-License-Identifier: Apache-2.0
SELECT homeostat.braked_us()
