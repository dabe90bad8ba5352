-- SPDX-License-Identifier: Apache-2.0
-- What stands of PgBouncer's pool sizes, as the session that leads writes it down.
BEGIN;
SELECT plan(23);

CREATE FUNCTION pg_temp.ask(p_found integer, p_asked integer) RETURNS text
LANGUAGE sql AS $$ SELECT homeostat.pool_ask('front:6432', 'main', p_found, p_asked) $$;
CREATE FUNCTION pg_temp.written() RETURNS text
LANGUAGE sql AS $$
  SELECT coalesce((SELECT concat_ws(' ', before, stood, asked, coalesce(yielded::text, '-'))
                     FROM homeostat.pool_size WHERE process = 'front:6432'), 'none')
$$;

SET ROLE stranger;
SELECT throws_ok('SELECT * FROM homeostat.pool_limits()', '42501', NULL, 'not everybody may ask');
RESET ROLE;
SET ROLE homeostat_monitor;
SELECT throws_ok($$SELECT pg_temp.ask(20, 5)$$, '42501', NULL, 'nor does the monitor');
SELECT lives_ok('SELECT * FROM homeostat.pool_size', 'which sees what stands');
RESET ROLE;

SET ROLE homeostat_actuator;
SELECT throws_ok($$SELECT pg_temp.ask(20, 5)$$, 'HS001', NULL, 'nor who does not lead');
SELECT throws_ok($$SELECT homeostat.pool_yield('front:6432', 5)$$, 'HS001', NULL, 'to yield');
SELECT throws_ok($$SELECT homeostat.pool_forget('front:6432')$$, 'HS001', NULL, 'or to forget');
SELECT ok(ours, 'then it leads') FROM homeostat.hold_lease('a test', 600000000);

SELECT is(pg_temp.ask(20, 5), 'no limit stands on zone main for so few',
          'without a limit nothing is taken away');
SELECT is(pg_temp.written(), 'none', 'and nothing written');
SELECT is(outcome, 'applied', 'a limit')
  FROM homeostat.zone_apply((SELECT epoch FROM homeostat.lease), 1, 'zone/main',
    '{"concurrency": 5.9, "queue_limit": 0.5}', 600000000, 'p', 'zone/main', 0, 'hash', 'why');
SELECT results_eq('SELECT * FROM homeostat.pool_limits()', $$VALUES ('main', 5, 'p')$$,
                  'a fraction of a session is none');
SELECT is(pg_temp.ask(20, 4), 'no limit stands on zone main for so few', 'fewer than it says');
SELECT is(pg_temp.ask(20, 5), NULL, 'as few as it says');
SELECT is(pg_temp.written(), '20 20 5 -', 'what stood before is known');
SELECT is(pg_temp.ask(5, 7), NULL, 'the way back needs nothing');
SELECT is(pg_temp.written(), '20 5 7 -', 'and what stood first stays');
SELECT is(pg_temp.ask(7, 21), 'a pool is never made larger than it was', 'no further');
RESET ROLE;

INSERT INTO homeostat.pause (scope, owner, reason, since, expires_at, identity)
  VALUES ('policy/p', 'somebody', 'a test', clock_timestamp(),
          clock_timestamp() + interval '1 hour', homeostat.identity());
SET ROLE homeostat_actuator;
SELECT is(pg_temp.ask(7, 5), 'paused by somebody', 'nor anything while its policy is paused');
SELECT is(pg_temp.ask(7, 20), NULL, 'but the way back');
SELECT homeostat.pool_yield('front:6432', 9);
SELECT is(pg_temp.written(), '20 7 20 9', 'somebody else''s size is written down');
SELECT is(pg_temp.ask(9, 20), 'it was left to somebody else', 'and left to them');
SELECT homeostat.pool_forget('front:6432');
SELECT is(pg_temp.written(), 'none', 'until there is nothing to remember');
RESET ROLE;
UPDATE homeostat.zone_limit SET expires_at = clock_timestamp() + interval '2 hours';
SELECT is((SELECT count(*) FROM homeostat.pool_limits()), 0::bigint,
          'a limit that somebody else has written is none of ours');

SELECT * FROM finish();
ROLLBACK;
