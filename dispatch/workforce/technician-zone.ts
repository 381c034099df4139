// On whose clock a technician's days are: that of most of their shifts, else of the place they go to next.

/**
 * @param technician the technician's id, as SQL
 * @returns an expression with the name of an IANA time zone
 */
export const technicianZone = (technician: string): string => `coalesce(
  (SELECT z.timezone FROM technician_shifts z WHERE z.technician_id = ${technician}
   GROUP BY z.timezone ORDER BY count(*) DESC, z.timezone LIMIT 1),
  (SELECT zs.timezone FROM bookings zb JOIN tickets zt ON zt.id = zb.ticket_id JOIN sites zs ON zs.id = zt.site_id
   WHERE zb.technician_id = ${technician} AND zb.state IN ('tentative', 'firm')
   ORDER BY upper(zb.span) DESC LIMIT 1),
  'UTC')`;
