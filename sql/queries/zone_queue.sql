-- SPDX-License-Identifier: Apache-2.0
-- Each zone that is limited: a zone that is missing here has no queue.
SELECT zone, running, waiting, oldest_seconds FROM homeostat.zone_queue()
