-- SPDX-License-Identifier: Apache-2.0
-- homeostat.counter_slots() and what admit() does for abandoned work, as one session sees them.
BEGIN;
SELECT plan(17);

INSERT INTO homeostat.counter (name, zone, slots, slots_at_rest, hold)
  VALUES ('plays', 'main', 64, 2, '0');
SELECT is(homeostat.counter_slots('plays'), 2, 'without a limit it has its slots at rest');
SELECT is(homeostat.counter_slots('else'), 1, 'one that nobody registered has one');
SELECT is(homeostat.counter_slots(NULL), 1, 'and so has one that is null');
SELECT lives_ok($$SELECT homeostat.admit('main')$$, 'without a limit everybody is admitted');
SELECT is(current_setting('client_connection_check_interval'), '0', 'and nobody is watched');

INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit)
  VALUES ('main', homeostat.zone_class('main'), 1000, 0);
SELECT is(homeostat.counter_slots('plays'), 64, 'with one it has more');
CREATE TEMPORARY TABLE part ON COMMIT DROP AS SELECT s AS slot FROM generate_series(0, 999) AS s;
SELECT is((SELECT count(*) FROM part WHERE slot < homeostat.counter_slots('plays')), 64::bigint,
          'asked for many rows');
SELECT lives_ok($$SELECT homeostat.admit('main')$$, 'there is a slot');
SELECT is(current_setting('client_connection_check_interval'), '500ms', 'and its client is watched');
SELECT throws_ok($$UPDATE homeostat.counter SET slots = 1$$, '23514', NULL,
                 'one slot is nothing to spread over');
SELECT throws_ok($$UPDATE homeostat.counter SET slots_at_rest = 65$$, '23514', NULL,
                 'and nothing has more at rest');

SET ROLE stranger;
SELECT is(homeostat.counter_slots('plays'), 64, 'everybody may ask');
SELECT throws_ok('SELECT * FROM homeostat.counter', '42501', NULL, 'and cannot read the inventory');
SELECT throws_ok($$SELECT homeostat.register_counters(1, '[]')$$, '42501', NULL, 'nor change it');
RESET ROLE;
SET ROLE homeostat_actuator;
SELECT throws_ok($$SELECT homeostat.register_counters(1, '[]')$$, 'HS001', NULL,
                 'nor does who does not lead');
SELECT throws_ok('UPDATE homeostat.counter SET slots = 3', '42501', NULL, 'nor past the function');
RESET ROLE;
SET ROLE homeostat_monitor;
SELECT lives_ok('SELECT * FROM homeostat.counter', 'the monitor sees it');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
