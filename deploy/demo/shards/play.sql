-- SPDX-License-Identifier: Apache-2.0
-- A listener plays a track: one transaction on one shard group.
\set user random(1, 6000)
\set play random(1000000, 9000000000000000)
BEGIN;
UPDATE melodyud.listener SET plays = plays + 1 WHERE user_id = :user;
INSERT INTO melodyud.play (user_id, play_id) VALUES (:user, :play);
END;
