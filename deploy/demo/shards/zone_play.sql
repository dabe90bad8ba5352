-- SPDX-License-Identifier: Apache-2.0
-- A listener of one zone plays a track.
\set place random(1, :listeners)
\set play random(1000000, 9000000000000000)
SELECT user_id AS listener FROM melodyud.home WHERE zone = :zone AND place = :place \gset
SELECT melodyud.play_admitted(:zone, :listener, :play);
