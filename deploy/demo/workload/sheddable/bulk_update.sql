-- A bulk correction of play counts (class batch), written without care: it updates the live row
-- first and keeps it locked while the rest of its batch is worked out.
\set job random(1, 1000000000)
\set track random(1, 5)
SELECT homeostat.allowed('bulk_update', :job::text)::integer AS go \gset
\if :go
BEGIN;
UPDATE melodyud.play_counter SET plays = plays + 1 WHERE track_id = :track AND slot = 0;
SELECT pg_sleep(0.4);
INSERT INTO melodyud.job_run (feature) VALUES ('bulk_update');
END;
\else
\sleep 400 ms
\endif
