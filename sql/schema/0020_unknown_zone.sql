-- SPDX-License-Identifier: Apache-2.0
-- admit() lets everybody into a zone that nobody declared, as before, and no longer without a word: a
-- name that is misspelt would protect nothing, and nobody would notice until the storm.

-- Warns of a name that is no zone of the inventory, once a session and name, of 32 names at most. Says
-- nothing where no zone is known at all: then no supervisor has led here yet, or it has none.
CREATE FUNCTION homeostat.zone_unknown(p_zone text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_class CONSTANT text := homeostat.zone_class(p_zone);
  v_told  CONSTANT text[] :=
    string_to_array(coalesce(current_setting('homeostat.unknown_zones', true), ''), ' ');
BEGIN
  IF v_class = ANY (v_told) OR cardinality(v_told) >= 32
     OR NOT EXISTS (SELECT FROM homeostat.zone_place) THEN
    RETURN;
  END IF;
  PERFORM set_config('homeostat.unknown_zones',
                     array_to_string(v_told || v_class, ' '), false);
  RAISE WARNING 'homeostat: no zone % is declared, and everybody is admitted to it',
    quote_literal(left(p_zone, 63))
    USING HINT = 'Declare it in inventory.zones of the configuration, or correct the name in admit().';
END
$$;

-- As before (0019), and who asks for a zone that is neither limited nor declared is told. A declared
-- one, and no zone at all (a key of a node without zones), cost one index look-up at most for that.
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
    IF admit.zone IS NOT NULL
       AND NOT EXISTS (SELECT FROM homeostat.zone_place p WHERE p.zone = admit.zone) THEN
      PERFORM homeostat.zone_unknown(admit.zone);
    END IF;
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

REVOKE ALL ON FUNCTION homeostat.zone_unknown(text) FROM PUBLIC;
