-- SPDX-License-Identifier: Apache-2.0
SELECT value, epoch, window_ms, drain_limit, issuer FROM homeostat.window_read($1)
