/**
 * Which edition of the IANA time zones this process reckons local times with. It is Node's own, whatever the machine or Postgres
 * carry: no SQL computes a local time.
 */

/** The edition that this release was tried with: since it, Manitoba, north-west Ontario and Inuvik keep one time all year. */
export const triedZoneData = "2026e";

/** The edition of the running Node, e.g. "2026e". */
export const zoneData = (): string => process.versions.tz ?? "no edition it tells";

/** What to tell the operator of a Node whose zones are older than those this release was tried with; null when all is well. */
export function zoneDataWarning(edition = zoneData()): string | null {
  // Year and letter: the names sort as the editions came.
  if (edition >= triedZoneData) return null;
  return (
    `this Node knows the time zones of ${edition}, older than ${triedZoneData}: where clocks were changed since, local times and ` +
    `shifts are wrong by that much. Run it on the Node of package.json, or a newer one of the same line`
  );
}
