// In which zones a technician works: the first in a column of its own, which releases before had alone and still read and write, the
// others beside it. What a site's zone is says site-zone.ts; technician-zone.ts is about clocks.

/** SQL of a technician's zones, the usual one first; `technician` is the alias of the row in `technicians`. */
export const zonesOf = (technician: string): string =>
  `array_remove(array_prepend(${technician}.zone, ${technician}.more_zones), NULL)`;

/** SQL: whether a zone, given as SQL, is one of the technician's, in any letter case. */
export const worksIn = (technician: string, zone: string): string =>
  `upper(trim(${zone})) IN (SELECT upper(trim(worked)) FROM unnest(${zonesOf(technician)}) AS worked)`;

/** A zone as it is compared. */
export const zoneKey = (zone: string): string => zone.trim().toUpperCase();

/** Each zone once, in the writing that comes first. */
export function eachOnce(zones: readonly string[]): string[] {
  const byKey = new Map<string, string>();
  for (const zone of zones) if (!byKey.has(zoneKey(zone))) byKey.set(zoneKey(zone), zone);
  return [...byKey.values()];
}

/** What becomes of the zones when a client that knows of one names it: it is the first instead of what was, and the others stay. */
export const withFirst = (zones: readonly string[], zone: string | null): string[] =>
  zone === null ? [] : eachOnce([zone, ...zones.slice(1)]);
