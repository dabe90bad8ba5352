-- SPDX-License-Identifier: Apache-2.0
-- homeostat.admit() of a zone in recovery, and homeostat.route() without Citus, as one session sees
-- them.
BEGIN;
SELECT plan(23);

CREATE TABLE hot (plays bigint);
CREATE FUNCTION pg_temp.recovery(p_target text, p_admit double precision,
                                 p_left interval DEFAULT '1 minute') RETURNS void
LANGUAGE sql AS $$
  INSERT INTO homeostat.zone_recovery (target, admit, salt, expires_at)
    VALUES (p_target, p_admit, 'salt', clock_timestamp() + p_left)
$$;
CREATE FUNCTION pg_temp.route(p_key text) RETURNS text
LANGUAGE sql AS $$
  SELECT concat_ws(' ', coalesce(r.zone, '-'), r.reads, r.writes, coalesce(r.node, '-'))
    FROM homeostat.route('hot', p_key) AS r
$$;
INSERT INTO homeostat.zone_place VALUES
  ('main', 'here', 0, true), ('east', 'one', 1, false), ('lost', 'gone', NULL, false);

SELECT lives_ok($$SELECT homeostat.admit('east', key => 'k')$$, 'nobody is in recovery');
SELECT lives_ok('SELECT homeostat.admit(NULL)', 'nor is a zone that is null');
SELECT is(pg_temp.route('k'), 'main t t here', 'what is not distributed is on this server');

SELECT pg_temp.recovery('zone/east', 0);
SELECT throws_ok($$SELECT homeostat.admit('east')$$, 'HS005', 'homeostat: zone east is in recovery');
SELECT throws_ok($$SELECT homeostat.admit('east', true)$$, 'HS005', NULL, 'critical ones, too');
SELECT throws_ok($$SELECT homeostat.admit('east', key => 'k')$$, 'HS005', NULL, 'whatever the key');
SELECT lives_ok($$SELECT homeostat.admit('main')$$, 'the others go on');
SELECT lives_ok('SELECT homeostat.admit(NULL)', 'and so does a zone that is null');
SELECT is(pg_temp.route('k'), 'main t t here', 'with their reads and writes');
INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit)
  VALUES ('east', homeostat.zone_class('east'), 1, 0.5);
SELECT throws_ok($$SELECT homeostat.admit('east')$$, 'HS005', NULL, 'nobody queues for it');
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), 0::bigint,
          'nor takes a slot of it');
DELETE FROM homeostat.zone_limit;

UPDATE homeostat.zone_recovery SET admit = 0.25;
SELECT is((SELECT count(*) FROM generate_series(1, 1000) AS k
            WHERE homeostat.zone_takes('east', k::text) <>
                  (homeostat.bucket('salt', k::text) < 2500)), 0::bigint,
          'a share is that of feature: the same hash, the same salt');
UPDATE homeostat.zone_recovery SET admit = 1;
SELECT lives_ok($$SELECT homeostat.admit('east')$$, 'a share of all is all');

DELETE FROM homeostat.zone_recovery;
SELECT pg_temp.recovery('node/here', 0);
SELECT is(pg_temp.route('k'), 'main f f here', 'a node in recovery is its zones');
SELECT throws_ok($$SELECT homeostat.admit('main')$$, 'HS005', NULL, 'and they refuse');
SELECT pg_temp.recovery('zone/main', 1);
SELECT throws_ok($$SELECT homeostat.admit('main')$$, 'HS005', NULL, 'the stricter row wins');
UPDATE homeostat.zone_recovery SET expires_at = clock_timestamp() - interval '60 seconds';
SELECT lives_ok($$SELECT homeostat.admit('main')$$, 'a minute after its end it is none');

SET ROLE stranger;
SELECT lives_ok($$SELECT homeostat.admit('main', false, 'k')$$, 'everybody may ask');
SELECT lives_ok($$SELECT * FROM homeostat.route('pg_class', 'k')$$, 'and where a key is');
SELECT throws_ok('SELECT * FROM homeostat.zone_recovery', '42501', NULL,
                 'and cannot read what is in recovery');
SELECT throws_ok($$SELECT homeostat.register_zones('[]')$$, '42501', NULL, 'nor move zones');
RESET ROLE;
SET ROLE homeostat_actuator;
SELECT throws_ok($$SELECT homeostat.register_zones('[]')$$, 'HS001', NULL,
                 'nor does who does not lead');
RESET ROLE;
SET ROLE homeostat_monitor;
SELECT lives_ok('SELECT * FROM homeostat.zone_place, homeostat.zone_recovery',
                'the monitor sees both');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
