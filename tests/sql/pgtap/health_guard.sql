-- SPDX-License-Identifier: Apache-2.0
-- What stands in the schema for health() and guard(), and who may use it.
BEGIN;
SELECT plan(22);

SELECT has_table('homeostat', 'threshold', 'thresholds have a table');
SELECT col_is_pk('homeostat', 'threshold', ARRAY['policy', 'arm'],
  'one threshold a condition of a policy');
SELECT has_table('homeostat', 'guard_setting', 'the guard has settings');
SELECT has_table('homeostat', 'guard_state', 'the guard has a memory');
SELECT results_eq('SELECT open_first_rung FROM homeostat.guard_setting', 'VALUES (false)',
  'the guard opens nothing unless it is told to (H64)');
SELECT throws_ok('INSERT INTO homeostat.guard_setting DEFAULT VALUES', '23505', NULL,
  'settings are one row');
SELECT throws_ok($$INSERT INTO homeostat.guard_setting (only_row) VALUES (false)$$, '23514', NULL,
  'and no other');
SELECT throws_ok($$UPDATE homeostat.guard_setting SET admit = 1$$, '23514', NULL,
  'a rung that admits everybody is none');
SELECT throws_ok($$UPDATE homeostat.guard_setting SET ttl = '2 hours'$$, '23514', NULL,
  'a rung lasts an hour at most');

SELECT function_returns('homeostat', 'health', ARRAY['integer', 'interval'], 'setof record',
  'health() gives a row a judgement');
SELECT has_function('homeostat', 'guard', '{}'::name[], 'guard() takes no arguments');
SELECT is_definer('homeostat', 'health', ARRAY['integer', 'interval'],
  'health() sees what its owner sees');
SELECT is_definer('homeostat', 'guard', '{}'::name[], 'guard() may what its owner may');
SELECT function_owner_is('homeostat', 'guard', '{}'::name[], 'homeostat_owner',
  'and its owner is no superuser');

SELECT function_privs_are('homeostat', 'health', ARRAY['integer', 'interval'],
  'homeostat_monitor', ARRAY['EXECUTE'], 'the monitor may ask for health()');
SELECT function_privs_are('homeostat', 'health', ARRAY['integer', 'interval'], 'stranger', '{}',
  'strangers may not');
SELECT function_privs_are('homeostat', 'guard', '{}'::name[], 'homeostat_monitor', '{}',
  'the monitor may not call the guard');
SELECT function_privs_are('homeostat', 'guard', '{}'::name[], 'homeostat_actuator', '{}',
  'nor may the actuator: it has the fence');
SELECT function_privs_are('homeostat', 'register_thresholds', ARRAY['bigint', 'jsonb'],
  'homeostat_actuator', ARRAY['EXECUTE'], 'the actuator writes thresholds');
SELECT table_privs_are('homeostat', 'threshold', 'homeostat_actuator', ARRAY['SELECT'],
  'through that function and no other way');
SELECT table_privs_are('homeostat', 'guard_setting', 'homeostat_actuator', ARRAY['SELECT'],
  'the switch is the owner''s');
SELECT table_privs_are('homeostat', 'guard_state', 'stranger', '{}', 'strangers see nothing');

SELECT * FROM finish();
ROLLBACK;
