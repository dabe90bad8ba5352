-- SPDX-License-Identifier: Apache-2.0
-- homeostat.admit() as one session sees it: no limit, a slot, what runs out, what is refused.
BEGIN;
SELECT plan(24);

CREATE FUNCTION pg_temp.limit_zone(p_zone text, p_slots integer, p_queue double precision,
                                   p_left interval DEFAULT '1 minute') RETURNS void
LANGUAGE sql AS $$
  INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit, expires_at)
    VALUES (p_zone, homeostat.zone_class(p_zone), p_slots, p_queue, clock_timestamp() + p_left)
$$;
CREATE FUNCTION pg_temp.slots(p_zone text) RETURNS bigint
LANGUAGE sql AS $$
  SELECT coalesce((SELECT running FROM homeostat.zone_queue() WHERE zone = p_zone), -1)
$$;

SELECT lives_ok($$SELECT homeostat.admit('main')$$, 'without a limit everybody is admitted');
SELECT lives_ok('SELECT homeostat.admit(NULL)', 'a zone that is null has no limit');
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), 0::bigint,
          'and no lock is taken');
SELECT is((SELECT count(*) FROM homeostat.zone_queue()), 0::bigint, 'no zone is limited');

SELECT pg_temp.limit_zone('main', 2, 0.05);
SAVEPOINT before;
SELECT lives_ok($$SELECT homeostat.admit('main')$$, 'there is a slot');
SELECT is(pg_temp.slots('main'), 1::bigint, 'which is taken');
SELECT lives_ok($$SELECT homeostat.admit('main')$$, 'asked again in the same transaction');
SELECT is(pg_temp.slots('main'), 1::bigint, 'it is the same slot');
SELECT pg_temp.limit_zone('other', 1, 0);
SELECT lives_ok($$SELECT homeostat.admit('other')$$, 'another zone has slots of its own');
SELECT is(pg_temp.slots('other'), 1::bigint, 'and one of them is taken');
ROLLBACK TO before;
SELECT is(pg_temp.slots('main'), 0::bigint, 'a slot goes with the savepoint');
SELECT lives_ok($$SELECT homeostat.admit('main')$$, 'and is asked for anew after it');
SELECT is(pg_temp.slots('main'), 1::bigint, 'and taken anew');

SELECT pg_temp.limit_zone('past', 1, 0, '-1 second');
SELECT lives_ok($$SELECT homeostat.admit('past')$$, 'a limit that has run out is none');
SELECT is(pg_temp.slots('past'), -1::bigint, 'and is not told of');
INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit, identity)
  VALUES ('far', homeostat.zone_class('far'), 1, 0, '42/elsewhere');
SELECT lives_ok($$SELECT homeostat.admit('far')$$, 'nor does another database''s count');
SELECT is(pg_temp.slots('far'), -1::bigint, 'and it is not told of');

SELECT isnt(homeostat.zone_class('main'), homeostat.zone_class('other'),
            'zones have classes of their own');
SELECT throws_ok($$SELECT pg_temp.limit_zone('x', 1, 0.6)$$, '23514', NULL,
                 'no queue is longer than half a second');
SELECT throws_ok($$SELECT pg_temp.limit_zone('x', 0, 0.1)$$, '23514', NULL,
                 'no zone is shut altogether');

SET ROLE stranger;
SELECT lives_ok($$SELECT homeostat.admit('main')$$, 'everybody may ask');
SELECT throws_ok('SELECT * FROM homeostat.zone_limit', '42501', NULL,
                 'and cannot read the limits');
SELECT throws_ok($$SELECT homeostat.zone_take(1, 0, 1, true)$$, '42501', NULL,
                 'nor take a slot without asking');
RESET ROLE;
SET ROLE homeostat_monitor;
SELECT lives_ok('SELECT * FROM homeostat.zone_queue()', 'the monitor sees the queue');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
