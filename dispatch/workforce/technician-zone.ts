// On whose clock a technician's days are: that of most of the shifts they have now, else of those that begin later, else of the
// place they go to next.

/**
 * @param technician the technician's id, as SQL
 * @param now the time, as SQL
 * @returns an expression with the name of a time zone, as it is stored
 */
export const technicianZone = (technician: string, now: string): string => `coalesce(
  (SELECT z.timezone FROM technician_shifts z
   WHERE z.technician_id = ${technician} AND (z.valid_to IS NULL OR z.valid_to >= (${now} AT TIME ZONE 'UTC')::date)
   GROUP BY z.timezone
   ORDER BY count(*) FILTER (WHERE z.valid_from IS NULL OR z.valid_from <= (${now} AT TIME ZONE 'UTC')::date) DESC,
            count(*) DESC, z.timezone LIMIT 1),
  (SELECT zs.timezone FROM bookings zb JOIN tickets zt ON zt.id = zb.ticket_id JOIN sites zs ON zs.id = zt.site_id
   WHERE zb.technician_id = ${technician} AND zb.state IN ('tentative', 'firm') AND upper(zb.span) > ${now}
   ORDER BY lower(zb.span) LIMIT 1),
  'UTC')`;
