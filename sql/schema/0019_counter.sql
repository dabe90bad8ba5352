-- SPDX-License-Identifier: Apache-2.0
-- Beside the lever `admission`: into how many rows an application spreads the increments of a hot
-- counter. Applications ask homeostat.counter_slots(counter); nothing here writes their tables.
-- And admit() has work ended that its client has abandoned.

-- The inventory: which counters there are, in which zone.
CREATE TABLE homeostat.counter (
  name          text     PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
  zone          text     NOT NULL,
  slots         integer  NOT NULL CHECK (slots BETWEEN 2 AND 1024),
  slots_at_rest integer  NOT NULL CHECK (slots_at_rest BETWEEN 1 AND slots),
  below         integer  CHECK (below BETWEEN 2 AND 10000),  -- null: any limit
  hold          interval NOT NULL CHECK (hold >= '0'),
  tight_at      timestamptz  -- when the zone's limit was written below that last; null: never
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0);

-- A regulator keeps a limit on its zone in calm times, too; what it cuts is remembered for `hold`,
-- for a counter that is made narrow when its storm ends begins it anew.
CREATE FUNCTION homeostat.counter_tighten() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  UPDATE homeostat.counter c SET tight_at = clock_timestamp()
   WHERE c.zone = NEW.zone AND NEW.concurrency < c.below AND NEW.identity = homeostat.identity();
  RETURN NULL;
END
$$;

CREATE TRIGGER counter_tighten AFTER INSERT OR UPDATE ON homeostat.zone_limit
  FOR EACH ROW EXECUTE FUNCTION homeostat.counter_tighten();

-- How many rows the increments of this counter are to be spread over now: its slots while a limit
-- stands on its zone (with `below`: while that, or what it was within `hold`, is lower), otherwise
-- what it has at rest; 1 when nobody registered it. It may shrink from one call to the next: who
-- reads the counter sums over all slots, always. Costs one index look-up, and another for a
-- registered one; never waits, never writes.
CREATE FUNCTION homeostat.counter_slots(counter text) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_counter homeostat.counter;
  v_limit   homeostat.zone_limit;
BEGIN
  SELECT * INTO v_counter FROM homeostat.counter c WHERE c.name = counter_slots.counter;
  IF NOT FOUND THEN
    RETURN 1;
  END IF;
  v_limit := homeostat.zone_standing(v_counter.zone);
  IF v_limit.zone IS NOT NULL
     AND (v_counter.below IS NULL OR v_limit.concurrency < v_counter.below
          OR coalesce(v_counter.tight_at + v_counter.hold > clock_timestamp(), false)) THEN
    RETURN v_counter.slots;
  END IF;
  RETURN v_counter.slots_at_rest;
END
$$;

-- Makes the inventory exactly this: [{"name": "plays", "zone": "main", "slots": 64, "slots_at_rest":
-- 1, "below": 400, "hold_us": 600000000}, …]; below: null, any limit.
CREATE FUNCTION homeostat.register_counters(p_epoch bigint, p_counters jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  DELETE FROM homeostat.counter c
   WHERE NOT EXISTS (SELECT FROM jsonb_to_recordset(p_counters) AS r(name text)
                      WHERE r.name = c.name);
  INSERT INTO homeostat.counter AS c (name, zone, slots, slots_at_rest, below, hold)
    SELECT r.name, r.zone, r.slots, r.slots_at_rest, r.below,
           r.hold_us * interval '1 microsecond'
      FROM jsonb_to_recordset(p_counters) AS r(name text, zone text, slots integer,
                                               slots_at_rest integer, below integer,
                                               hold_us bigint)
  ON CONFLICT (name) DO UPDATE SET
    zone = excluded.zone, slots = excluded.slots, slots_at_rest = excluded.slots_at_rest,
    below = excluded.below, hold = excluded.hold,
    tight_at = CASE WHEN c.zone = excluded.zone THEN c.tight_at END
    WHERE (c.zone, c.slots, c.slots_at_rest, c.below, c.hold)
       IS DISTINCT FROM (excluded.zone, excluded.slots, excluded.slots_at_rest, excluded.below,
                         excluded.hold);
END
$$;

-- Has the server look every half second whether this session's client is still there, and end the
-- session when it is not; for the rest of the transaction, and only where nobody has set anything.
-- The server arms it with the next statement. Behind a pooler the client is the pooler.
CREATE FUNCTION homeostat.watch_client() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  IF current_setting('client_connection_check_interval', true) = '0' THEN
    BEGIN
      PERFORM set_config('client_connection_check_interval', '500', true);
    EXCEPTION WHEN invalid_parameter_value THEN
      NULL;  -- a platform that cannot tell
    END;
  END IF;
END
$$;

-- As before (0015), and who is let in under a limit is watched from the next statement on: what its
-- client has abandoned is ended, instead of keeping its locks and its slot. Not critical ones: who
-- sent them may not stay for the answer. Who waits here is gone within the queue's limit anyway.
CREATE OR REPLACE FUNCTION homeostat.admit(
  zone text, critical boolean DEFAULT false, key text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_after integer;
  v_row   homeostat.zone_limit;
  v_held  text;
  v_place integer;
  v_slot  integer;
BEGIN
  IF NOT homeostat.zone_takes(admit.zone, admit.key)
     AND NOT (coalesce(admit.critical, false)
              AND (SELECT s.share > 0 FROM homeostat.zone_share(admit.zone) AS s)) THEN
    v_after := 1000 + floor(random() * 1000);
    RAISE EXCEPTION 'homeostat: zone % is in recovery', admit.zone USING ERRCODE = 'HS005',
      DETAIL = format('retry_after_ms=%s', v_after),
      HINT = format('Roll back, and try again after %s ms, not at once.', v_after);
  END IF;
  v_row := homeostat.zone_standing(admit.zone);
  IF v_row.zone IS NULL THEN
    RETURN;
  END IF;
  v_held := coalesce(current_setting('homeostat.admitted', true), '');
  IF v_row.class::text = ANY (string_to_array(v_held, ' ')) THEN
    RETURN;
  END IF;
  v_slot := homeostat.zone_take(v_row.class, 0, floor(v_row.concurrency)::integer, false);
  IF v_slot IS NULL AND coalesce(admit.critical, false) THEN
    RETURN;
  END IF;
  IF v_slot IS NULL THEN
    v_place := homeostat.zone_take(v_row.class, 1000000, floor(v_row.concurrency)::integer, true);
    IF v_place IS NULL THEN
      PERFORM homeostat.zone_refuse(v_row, 'the queue is full, too');
    END IF;
    BEGIN
      v_slot := homeostat.zone_wait(v_row);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      PERFORM pg_advisory_unlock(v_row.class, v_place);  -- of the session: no rollback ends it
      RAISE;
    END;
    PERFORM pg_advisory_unlock(v_row.class, v_place);
  END IF;
  IF v_slot IS NOT NULL THEN
    -- Gone with the transaction, or the savepoint, as the slot is.
    PERFORM set_config('homeostat.admitted', ltrim(v_held || ' ' || v_row.class), true);
  END IF;
  IF NOT coalesce(admit.critical, false) THEN
    PERFORM homeostat.watch_client();
  END IF;
END
$$;

REVOKE ALL ON FUNCTION homeostat.counter_tighten, homeostat.counter_slots,
  homeostat.register_counters, homeostat.watch_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat.counter_slots(text) TO PUBLIC;
GRANT SELECT ON homeostat.counter TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.register_counters(bigint, jsonb) TO homeostat_actuator;
