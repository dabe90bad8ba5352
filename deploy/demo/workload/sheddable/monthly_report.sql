-- The month-end report (class batch) settles royalties: it freezes the counter of a trending track
-- while it works out the statement. 400 ms under a row lock that every listener of the track needs.
-- Refused, it waits as long as the work would have taken, so that the admitted share of jobs is
-- also the admitted share of time.
\set job random(1, 1000000000)
\set track random(1, 5)
SELECT homeostat.allowed('monthly_report', :job::text)::integer AS go \gset
\if :go
BEGIN;
SELECT plays FROM melodyud.play_counter WHERE track_id = :track AND slot = 0 FOR UPDATE;
SELECT pg_sleep(0.4);
INSERT INTO melodyud.royalty_statement AS r (track_id, plays)
SELECT track_id, plays FROM melodyud.play_counter WHERE track_id = :track AND slot = 0
ON CONFLICT (track_id) DO UPDATE SET plays = excluded.plays, settled_at = now();
INSERT INTO melodyud.job_run (feature) VALUES ('monthly_report');
END;
\else
\sleep 400 ms
\endif
