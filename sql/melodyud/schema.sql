-- SPDX-License-Identifier: Apache-2.0
-- MelodyUD: the reference platform on one PostgreSQL. Small, but with the concurrency of the real
-- one: version columns with optimistic retry, sharded counters with a periodic merge, idempotency
-- keys on money, append-only ingestion, reports on a snapshot, bulk loads beside the live table.
-- Run once by a superuser or the database's owner, in an empty database.
--
-- THE CANONICAL LOCK ORDER. Every transaction that locks rows of several tables takes them in this
-- order, and within a table by ascending key:
--     listener, playlist, playlist_track, subscription, billing_charge,
--     track, play_counter, track_stats, ad_impression

\set ON_ERROR_STOP on
BEGIN;

-- Two roles, so that what is critical and what may wait can be told apart, limited and shed.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'melodyud_app') THEN
    CREATE ROLE melodyud_app LOGIN;    -- listeners' requests: playlists, plays, billing
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'melodyud_batch') THEN
    CREATE ROLE melodyud_batch LOGIN;  -- reports, bulk updates, recommendations
  END IF;
END $$;
ALTER ROLE melodyud_app SET statement_timeout = '5s';
ALTER ROLE melodyud_app SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE melodyud_batch SET statement_timeout = '60s';
ALTER ROLE melodyud_batch SET idle_in_transaction_session_timeout = '60s';

CREATE SCHEMA melodyud;
SET LOCAL search_path = melodyud;

-- ---- who listens ----
CREATE TABLE listener (
  user_id bigint PRIMARY KEY,
  region  text NOT NULL,
  plan    text NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'premium'))
);

-- ---- playlists: read committed, short, retried on a version that moved ----
CREATE TABLE playlist (
  playlist_id bigint PRIMARY KEY,
  user_id     bigint NOT NULL REFERENCES listener,
  name        text NOT NULL,
  version     integer NOT NULL DEFAULT 1,
  updated_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE INDEX playlist_user ON playlist (user_id);

CREATE TABLE playlist_track (
  playlist_id bigint NOT NULL REFERENCES playlist ON DELETE CASCADE,
  place       integer NOT NULL,
  track_id    bigint NOT NULL,
  PRIMARY KEY (playlist_id, place)
);

-- Sets the track at a place if the caller saw the newest version; false: read again and retry.
CREATE FUNCTION edit_playlist(playlist bigint, seen_version integer, new_place integer,
                              new_track bigint)
RETURNS boolean LANGUAGE plpgsql SET search_path = melodyud, pg_temp AS $$
BEGIN
  UPDATE playlist AS p SET version = p.version + 1, updated_at = now()
   WHERE p.playlist_id = playlist AND p.version = seen_version;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO playlist_track AS t (playlist_id, place, track_id)
  VALUES (playlist, new_place, new_track)
  ON CONFLICT (playlist_id, place) DO UPDATE SET track_id = excluded.track_id;
  RETURN true;
END $$;

-- ---- plays: one logical counter a track, sharded into slots, merged now and then ----
CREATE TABLE track (
  track_id      bigint PRIMARY KEY,
  title         text NOT NULL,
  creator       text NOT NULL,
  -- One slot is one row that every listener of the track updates: the hot row. More slots dilute
  -- it; a track that starts to trend still has one, unless Homeostat says more (count_play). May be
  -- changed at any time, for readers sum over all slots.
  counter_slots integer NOT NULL DEFAULT 1 CHECK (counter_slots BETWEEN 1 AND 256)
);

CREATE TABLE play_counter (
  track_id bigint NOT NULL REFERENCES track,
  slot     integer NOT NULL DEFAULT 0,
  plays    bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (track_id, slot)
) WITH (fillfactor = 50);

CREATE TABLE track_stats (
  track_id   bigint PRIMARY KEY REFERENCES track,
  plays      bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- Into one of as many slots as the track has, or as Homeostat says now that a counter of plays is to
-- have, whichever is more: with its counter `plays` not registered, or without its schema, the
-- track's own.
CREATE FUNCTION count_play(played bigint) RETURNS void
LANGUAGE plpgsql SET search_path = melodyud, pg_temp AS $$
DECLARE
  slots integer;
BEGIN
  SELECT t.counter_slots INTO slots FROM track AS t WHERE t.track_id = played;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF to_regprocedure('homeostat.counter_slots(text)') IS NOT NULL THEN
    slots := greatest(slots, homeostat.counter_slots('plays'));
  END IF;
  INSERT INTO play_counter AS c (track_id, slot, plays)
  VALUES (played, floor(random() * slots)::integer, 1)
  ON CONFLICT (track_id, slot) DO UPDATE SET plays = c.plays + 1;
END $$;

-- The periodic merge: what the slots collected goes to track_stats, in lock order. The advisory
-- lock keeps two merges from meeting.
CREATE FUNCTION merge_counters() RETURNS bigint
LANGUAGE plpgsql SET search_path = melodyud, pg_temp AS $$
DECLARE merged bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('melodyud.merge_counters')) THEN
    RETURN 0;
  END IF;
  WITH held AS (
    SELECT track_id, slot, plays FROM play_counter WHERE plays > 0
     ORDER BY track_id, slot FOR UPDATE
  ), emptied AS (
    UPDATE play_counter AS c SET plays = 0 FROM held AS h
     WHERE c.track_id = h.track_id AND c.slot = h.slot
  ), sums AS (
    SELECT track_id, sum(plays)::bigint AS plays FROM held GROUP BY track_id ORDER BY track_id
  ), stored AS (
    INSERT INTO track_stats AS s (track_id, plays)
    SELECT track_id, plays FROM sums
    ON CONFLICT (track_id) DO UPDATE SET plays = s.plays + excluded.plays, updated_at = now()
    RETURNING 1
  )
  SELECT count(*) INTO merged FROM stored;
  RETURN merged;
END $$;

-- One batch of play events from the stream, grouped by track: one statement, joined on the track.
CREATE FUNCTION apply_play_batch(tracks bigint[], counts bigint[]) RETURNS bigint
LANGUAGE sql SET search_path = melodyud, pg_temp AS $$
  WITH batch AS (
    SELECT track_id, sum(n)::bigint AS n FROM unnest(tracks, counts) AS b (track_id, n)
     GROUP BY track_id ORDER BY track_id
  ), stored AS (
    UPDATE track_stats AS s SET plays = s.plays + b.n, updated_at = now()
      FROM batch AS b WHERE s.track_id = b.track_id
    RETURNING 1
  )
  SELECT count(*) FROM stored;
$$;

-- ---- billing: serializable, and a retry that already went through charges nobody twice ----
CREATE TABLE subscription (
  user_id   bigint PRIMARY KEY REFERENCES listener,
  plan      text NOT NULL CHECK (plan IN ('free', 'premium')),
  renews_on date NOT NULL,
  version   integer NOT NULL DEFAULT 1
);

CREATE TABLE billing_charge (
  idempotency_key text PRIMARY KEY,
  user_id         bigint NOT NULL REFERENCES listener,
  amount_cents    integer NOT NULL CHECK (amount_cents > 0),
  charged_at      timestamptz NOT NULL DEFAULT now()
);

-- Charges once for each key; true when this call did it.
CREATE FUNCTION renew_subscription(renewing bigint, cents integer, key text) RETURNS boolean
LANGUAGE plpgsql SET search_path = melodyud, pg_temp AS $$
BEGIN
  UPDATE subscription SET version = version + 1 WHERE user_id = renewing;
  INSERT INTO billing_charge (idempotency_key, user_id, amount_cents)
  VALUES (key, renewing, cents) ON CONFLICT (idempotency_key) DO NOTHING;
  RETURN FOUND;
END $$;

-- ---- advertising: append only, a partition a day, loaded beside and attached ----
CREATE TABLE ad_impression (
  seen_at  timestamptz NOT NULL DEFAULT now(),
  user_id  bigint NOT NULL,
  track_id bigint NOT NULL,
  campaign integer NOT NULL
) PARTITION BY RANGE (seen_at);
CREATE TABLE ad_impression_default PARTITION OF ad_impression DEFAULT;
CREATE INDEX ad_impression_campaign ON ad_impression (campaign, seen_at);

-- ---- catalogue metadata: loaded into a side table, then swapped in by one short statement ----
CREATE TABLE track_metadata (
  track_id bigint PRIMARY KEY REFERENCES track,
  genre    text NOT NULL,
  label    text NOT NULL
);

CREATE FUNCTION swap_in_metadata(side regclass) RETURNS void
LANGUAGE plpgsql SET search_path = melodyud, pg_temp AS $$
BEGIN
  SET LOCAL lock_timeout = '2s'; -- better a later swap than a queue behind this one
  ALTER TABLE track_metadata RENAME TO track_metadata_old;
  EXECUTE format('ALTER TABLE %s RENAME TO track_metadata', side);
  DROP TABLE track_metadata_old;
END $$;

-- ---- reporting: on one snapshot (repeatable read), from views ----
CREATE VIEW track_plays AS
SELECT t.track_id, t.title, t.creator,
       coalesce(s.plays, 0) + coalesce((SELECT sum(c.plays) FROM play_counter AS c
                                         WHERE c.track_id = t.track_id), 0) AS plays
  FROM track AS t LEFT JOIN track_stats AS s USING (track_id);

CREATE VIEW monthly_revenue AS
SELECT date_trunc('month', charged_at) AS month, count(*) AS charges,
       sum(amount_cents) AS cents
  FROM billing_charge GROUP BY 1;

CREATE VIEW campaign_reach AS
SELECT campaign, count(*) AS impressions, count(DISTINCT user_id) AS listeners
  FROM ad_impression GROUP BY campaign;

CREATE MATERIALIZED VIEW top_tracks AS
SELECT track_id, title, plays FROM track_plays ORDER BY plays DESC, track_id LIMIT 100;
CREATE UNIQUE INDEX top_tracks_track ON top_tracks (track_id);

-- What the month-end report settles with the creators.
CREATE TABLE royalty_statement (
  track_id   bigint PRIMARY KEY REFERENCES track,
  plays      bigint NOT NULL,
  settled_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- Which jobs ran: what was refused left no row. Append only, conflicts with nobody.
CREATE TABLE job_run (
  feature     text NOT NULL,
  finished_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT USAGE ON SCHEMA melodyud TO melodyud_app, melodyud_batch;
GRANT SELECT ON ALL TABLES IN SCHEMA melodyud TO melodyud_app, melodyud_batch;
GRANT INSERT, UPDATE, DELETE ON playlist, playlist_track, subscription, billing_charge,
  play_counter, ad_impression TO melodyud_app;
GRANT INSERT, UPDATE ON play_counter, track_stats, royalty_statement TO melodyud_batch;
GRANT INSERT ON job_run TO melodyud_batch;

COMMIT;
