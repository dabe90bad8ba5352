-- What a listener may like (class non_critical): reads only, so it never blocks anybody; it is
-- here to show that shedding stops at the rung that helped.
\set listener random(1, 10000)
SELECT homeostat.allowed('recommendations', :listener::text)::integer AS go \gset
\if :go
SELECT t.track_id, t.title FROM melodyud.playlist AS p
  JOIN melodyud.playlist_track AS l USING (playlist_id)
  JOIN melodyud.track_metadata AS mine USING (track_id)
  JOIN melodyud.track_metadata AS other USING (genre)
  JOIN melodyud.track AS t ON t.track_id = other.track_id
 WHERE p.user_id = :listener LIMIT 10;
\else
\sleep 100 ms
\endif
