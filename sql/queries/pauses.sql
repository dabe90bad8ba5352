-- SPDX-License-Identifier: Apache-2.0
SELECT scope, owner, reason, since_us, remaining_us FROM homeostat.pauses()
