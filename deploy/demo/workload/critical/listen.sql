-- A listener plays a track and puts it into a playlist: one playlist row (optimistic check), then
-- one play counter. Tracks are popular after Zipf, so a few counters are hot rows.
\set playlist random(1, 20000)
\set place random(1, 20)
\set track random_zipfian(1, 2000, 1.2)
BEGIN;
SELECT version AS seen FROM melodyud.playlist WHERE playlist_id = :playlist \gset
SELECT melodyud.edit_playlist(:playlist, :seen, :place, :track);
SELECT melodyud.count_play(:track);
END;
