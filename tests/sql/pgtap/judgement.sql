-- SPDX-License-Identifier: Apache-2.0
-- How health() compares, and how the guard counts, on numbers.
BEGIN;
SELECT plan(31);

SELECT is(homeostat.judged_ratio(0, 0, 3, 0, 0), NULL::double precision, 'nobody at work is no ratio (H2)');
SELECT is(homeostat.judged_ratio(0, 0, 3, 4, 0.08), NULL::double precision, 'nor does a prior make one of it');
SELECT is(homeostat.judged_ratio(3, 15, 3, 0, 0), 0.2::double precision, 'plainly 3 of 15');
SELECT is(round(homeostat.judged_ratio(84, 96, 3, 4, 0.08)::numeric, 6), 0.786667,
  'a storm is a storm, prior or not');
SELECT is(round(homeostat.judged_ratio(3, 3, 3, 4, 0.08)::numeric, 6), 0.264,
  'one transaction that waits counts for little');

SELECT is(homeostat.verdict_on('above', 0.2, 0.2), 'healthy', 'a level is to be crossed, upwards');
SELECT is(homeostat.verdict_on('above', 0.2000001, 0.2), 'breached', 'just above');
SELECT is(homeostat.verdict_on('below', 0.5, 0.5), 'healthy', 'and downwards');
SELECT is(homeostat.verdict_on('below', 0.4999999, 0.5), 'breached', 'just below');

-- Counting: a time of its own.
CREATE FUNCTION pg_temp.after(p_breached boolean, p_seconds integer) RETURNS integer
LANGUAGE sql AS $$
  SELECT homeostat.guard_count(p_breached,
    timestamptz '2026-01-01 00:00+00' + make_interval(secs => p_seconds))
$$;
SELECT is(pg_temp.after(false, 0), 0, 'healthy');
SELECT is(pg_temp.after(true, 30), 1, 'one');
SELECT is(pg_temp.after(true, 60), 2, 'two in a row');
SELECT is(pg_temp.after(true, 90), 3, 'three');
SELECT is(pg_temp.after(false, 120), 0, 'healthy again');
SELECT is(pg_temp.after(true, 150), 1, 'and from the beginning');
SELECT is(pg_temp.after(true, 151), 1, 'at once: the same one');
SELECT is(pg_temp.after(true, 164), 1, 'still the same');
SELECT is(pg_temp.after(true, 165), 2, 'however often it was asked in between');
SELECT is(pg_temp.after(true, 255), 3, '90 seconds later is in a row');
SELECT is(pg_temp.after(true, 346), 1, '91 seconds later is not');
SELECT is(pg_temp.after(true, 100), 1, 'a clock that goes back adds nothing');
SELECT is(pg_temp.after(true, 130), 2, 'and stops nothing');

-- Noise: `p_open` transactions, each of them waits one time in ten, looked at every 30 seconds for
-- two days as the guard does it with the recommended threshold. How often two in a row.
CREATE FUNCTION pg_temp.two_days(p_open integer, OUT openings integer, OUT single_breaches integer)
LANGUAGE plpgsql AS $$
DECLARE
  v_first   integer;
  v_blocked integer;
BEGIN
  openings := 0;
  single_breaches := 0;
  UPDATE homeostat.guard_state SET breaches = 0, judged_at = NULL;
  PERFORM setseed(0.42);
  FOR v_run IN 1..2 * 2880 LOOP
    SELECT count(*) FILTER (WHERE draw < 0.1 AND i <= p_open), count(*) FILTER (WHERE draw < 0.1)
      INTO v_first, v_blocked
      FROM (SELECT i, random() AS draw FROM generate_series(1, 3 * p_open) AS i) AS d;
    IF homeostat.verdict_on('above', homeostat.judged_ratio(v_first, p_open, 1, 0, 0), 0.20)
       = 'breached' THEN
      single_breaches := single_breaches + 1;
    END IF;
    IF homeostat.guard_count(homeostat.verdict_on('above',
         homeostat.judged_ratio(v_blocked, 3 * p_open, 3, 4, 0.08), 0.20) = 'breached',
         timestamptz '2026-01-01 00:00+00' + v_run * interval '30 seconds') = 2 THEN
      openings := openings + 1;
    END IF;
  END LOOP;
END
$$;
CREATE TEMP TABLE noise AS
  SELECT n.open, w.* FROM (VALUES (6), (12), (24)) AS n(open), pg_temp.two_days(n.open) AS w;
SELECT diag(format('%s open: %s openings in two days, %s by one sample each', n.open,
                   n.openings, n.single_breaches)) FROM noise AS n ORDER BY n.open;
SELECT cmp_ok(n.single_breaches, '>', 100, 'one sample is often beyond 20 % by chance: ' || n.open)
  FROM noise AS n ORDER BY n.open;
SELECT cmp_ok(n.openings, '<=', 1, 'the guard opens at most 0.6 times a day (H64): ' || n.open)
  FROM noise AS n ORDER BY n.open;

SELECT throws_ok('SELECT homeostat.lock_health(0, ''1 ms'')', '22023', NULL, 'no sample at all');
SELECT throws_ok('SELECT homeostat.lock_health(NULL, ''1 ms'')', '22023', NULL, 'nobody knows');
SELECT throws_ok('SELECT homeostat.lock_health(3, ''-1 ms'')', '22023', NULL, 'back in time');

SELECT * FROM finish();
ROLLBACK;
