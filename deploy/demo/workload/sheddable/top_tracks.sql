-- Fresh numbers for the view of the top tracks (class rebuildable): merges the slots of one
-- trending track into track_stats, slowly.
\set job random(1, 1000000000)
\set track random(1, 5)
SELECT homeostat.allowed('top_tracks_view', :job::text)::integer AS go \gset
\if :go
BEGIN;
SELECT plays AS plays FROM melodyud.play_counter WHERE track_id = :track AND slot = 0 FOR UPDATE \gset
SELECT pg_sleep(0.4);
UPDATE melodyud.play_counter SET plays = plays - :plays WHERE track_id = :track AND slot = 0;
UPDATE melodyud.track_stats SET plays = plays + :plays, updated_at = now() WHERE track_id = :track;
INSERT INTO melodyud.job_run (feature) VALUES ('top_tracks_view');
END;
\else
\sleep 400 ms
\endif
