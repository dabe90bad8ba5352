-- SPDX-License-Identifier: Apache-2.0
-- Enough rows for a workload: 10,000 listeners, 20,000 playlists, 2,000 tracks, one counter row
-- each. Deterministic. Run after schema.sql, in the same database.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL search_path = melodyud;

INSERT INTO listener (user_id, region, plan)
SELECT u, (ARRAY['eu-west', 'eu-south', 'us-east', 'sa-east'])[1 + u % 4],
       CASE WHEN u % 5 = 0 THEN 'premium' ELSE 'free' END
  FROM generate_series(1, 10000) AS u;
INSERT INTO playlist (playlist_id, user_id, name)
SELECT p, 1 + p % 10000, 'playlist ' || p FROM generate_series(1, 20000) AS p;
INSERT INTO subscription (user_id, plan, renews_on)
SELECT user_id, plan, DATE '2030-01-01' + (user_id % 28)::integer FROM listener;
INSERT INTO track (track_id, title, creator)
SELECT t, 'track ' || t, 'creator ' || 1 + t % 300 FROM generate_series(1, 2000) AS t;
INSERT INTO track_metadata (track_id, genre, label)
SELECT track_id, (ARRAY['pop', 'jazz', 'rock', 'folk'])[1 + track_id % 4], 'label ' || track_id % 40
  FROM track;
INSERT INTO play_counter (track_id) SELECT track_id FROM track;
INSERT INTO track_stats (track_id) SELECT track_id FROM track;
INSERT INTO playlist_track (playlist_id, place, track_id)
SELECT p, i, 1 + (p * 7 + i * 13) % 2000
  FROM generate_series(1, 20000) AS p, generate_series(1, 3) AS i;

COMMIT;
REFRESH MATERIALIZED VIEW melodyud.top_tracks;
VACUUM (ANALYZE);
