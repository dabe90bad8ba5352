-- An advertisement was seen: append only, conflicts with nobody.
\set listener random(1, 10000)
\set track random_zipfian(1, 2000, 1.2)
\set campaign random(1, 20)
INSERT INTO melodyud.ad_impression (user_id, track_id, campaign)
VALUES (:listener, :track, :campaign);
