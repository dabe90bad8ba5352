-- SPDX-License-Identifier: Apache-2.0
-- What consumers report of their batches, and what is refused.
BEGIN;
SELECT plan(22);

CREATE FUNCTION pg_temp.problem(
  p_batches bigint, p_events bigint, p_busy double precision, p_squared double precision,
  p_events_busy double precision) RETURNS text
LANGUAGE sql AS $$
  SELECT homeostat.batch_report_problem('counts', 'one', p_batches, p_events, p_busy, p_squared,
                                        p_events_busy)
$$;
SELECT is(pg_temp.problem(2, 30, 0.01, 500, 0.16), NULL, 'batches of 10 and 20');
SELECT is(pg_temp.problem(3, 30, 0.01, 300, 0.1), NULL, 'batches that are all alike');
SELECT is(pg_temp.problem(0, 0, 0, 0, 0), NULL, 'nothing to do');
SELECT matches(pg_temp.problem(0, 5, 0, 25, 0), 'no batches', 'events of no batch');
SELECT matches(pg_temp.problem(2, 30, 0.01, 449, 0.16), 'events_squared', 'squares too small');
SELECT matches(pg_temp.problem(-1, 30, 0.01, 500, 0.16), 'negative', 'below 0');
SELECT matches(pg_temp.problem(2, 30, 'NaN', 500, 0.16), 'negative', 'no number');
SELECT matches(pg_temp.problem(2, 30, 0.01, 'Infinity', 0.16), 'negative', 'without end');
SELECT matches(pg_temp.problem(2, 30, NULL, 500, 0.16), 'null', 'nothing');
SELECT matches(homeostat.batch_report_problem('', 'one', 0, 0, 0, 0, 0), 'group', 'no group');
SELECT matches(homeostat.batch_report_problem('counts', repeat('x', 256), 0, 0, 0, 0, 0),
               'member', 'a member with too long a name');

SELECT throws_ok($$SELECT homeostat.report_batches('counts', 'one', 1, 1, -1, 1, 1)$$, '22023',
  'homeostat.report_batches: a sum is negative, or too large to be one',
  'a wrong report is refused');
SELECT is((SELECT count(*) FROM homeostat.batch_report), 0::bigint, 'and leaves nothing');

-- However often a member reports: one row for five seconds.
SELECT homeostat.report_batches('counts', 'one', 2, 30, 0.01, 500, 0.16)
  FROM generate_series(1, 100);
SELECT cmp_ok((SELECT count(*) FROM homeostat.batch_report), '<=', 2::bigint,
              'a hundred reports are one row, or two');
SELECT results_eq(
  'SELECT sum(batches), sum(events), round(sum(busy_seconds)::numeric, 9), sum(events_squared),
          round(sum(events_busy)::numeric, 9) FROM homeostat.batch_report',
  $$VALUES (200::numeric, 3000::double precision, 1::numeric, 50000::double precision,
            16::numeric)$$,
  'and their sums add up');
SELECT homeostat.report_batches('counts', 'two', 1, 1, 0.01, 1, 0.01);
SELECT is((SELECT count(DISTINCT member) FROM homeostat.batch_report), 2::bigint,
          'each member has rows of its own');

-- What is older than the window goes with the next report, of whatever group.
UPDATE homeostat.batch_report SET bucket = bucket - interval '6 minutes',
                                  reported_at = reported_at - interval '6 minutes';
SELECT homeostat.report_batches('ads', 'three', 0, 0, 0, 0, 0);
SELECT is((SELECT string_agg(consumer_group, ' ') FROM homeostat.batch_report), 'ads',
          'the old is gone');

-- Nothing beyond EXECUTE is needed, and nobody has that by himself.
SET ROLE stranger;
SELECT throws_ok($$SELECT homeostat.report_batches('counts', 'x', 0, 0, 0, 0, 0)$$, '42501', NULL,
                 'not everybody may report');
RESET ROLE;
GRANT EXECUTE ON FUNCTION homeostat.report_batches TO stranger;
SET ROLE stranger;
SELECT lives_ok($$SELECT homeostat.report_batches('counts', 'x', 1, 1, 0.1, 1, 0.1)$$,
                'who was given EXECUTE may');
SELECT throws_ok('SELECT * FROM homeostat.batch_report', '42501', NULL,
                 'and cannot read what others said');
RESET ROLE;
SET ROLE homeostat_monitor;
SELECT lives_ok('SELECT * FROM homeostat.batch_report', 'the monitor can');
SELECT throws_ok('DELETE FROM homeostat.batch_report', NULL, NULL, 'and cannot write');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
