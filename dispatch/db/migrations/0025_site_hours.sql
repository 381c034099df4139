-- When a site is open: hours of the week, and the holidays it keeps. Legal on PostgreSQL 15 and newer.
-- The release before works on this too: it sends people to closed doors as it always did.
-- dispatch: old code works

-- Written as technicians' shifts are: [{weekdays: [1 Monday … 7 Sunday], start_time: "HH:MM", end_time: "HH:MM"}, …] on the site's own
-- clock; an end at or before the start is on the next day.
CREATE FUNCTION is_weekly_hours(hours jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN jsonb_typeof($1) IS DISTINCT FROM 'array' THEN false ELSE jsonb_array_length($1) > 0 AND NOT EXISTS (
    SELECT FROM jsonb_array_elements($1) AS p
    WHERE NOT coalesce(p ->> 'start_time' ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$', false)
       OR NOT coalesce(p ->> 'end_time' ~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$', false)
       OR CASE WHEN jsonb_typeof(p -> 'weekdays') IS DISTINCT FROM 'array' THEN true ELSE
            jsonb_array_length(p -> 'weekdays') = 0
            OR EXISTS (SELECT FROM jsonb_array_elements(p -> 'weekdays') AS d WHERE NOT d <@ '[1, 2, 3, 4, 5, 6, 7]')
          END
  ) END
$$;

ALTER TABLE sites
  -- Null: at all hours.
  ADD COLUMN hours jsonb,
  -- A calendar of the policy's calendar.json; null: it keeps no holidays.
  ADD COLUMN holiday_calendar text,
  -- Of new rows and new values alone: no site has hours yet.
  ADD CONSTRAINT sites_hours_weekly CHECK (hours IS NULL OR is_weekly_hours(hours)) NOT VALID,
  ADD CONSTRAINT sites_holiday_calendar_name CHECK (holiday_calendar ~ '^[a-z0-9][a-z0-9_-]{0,62}$') NOT VALID;
