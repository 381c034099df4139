// Which names of time zones are taken where one is stored, and what to suggest for the others. Pure.

import { isTimeZone, localIso } from "./local-time.ts";

/**
 * What is wrong with a name as the zone of a place where people work, with the name that is probably meant; null when nothing is.
 * A place's clocks may change twice a year, so a fixed offset is refused, and so are the short names, which mean a fixed offset
 * in one program and a place in another. UTC is taken.
 */
export function timeZoneProblem(name: string): string | null {
  const offset = fixedOffset(name);
  if (offset !== null) return `"${name}" is an offset, which no place keeps for good; ${placesAt(offset)}`;
  const short = shortNames.get(plain(name));
  if (short !== undefined) return `"${name}" is no place's time zone; ${suggestion(short)}`;
  if (isTimeZone(name) && (name.includes("/") || name === "UTC")) return null;
  const [meant] = isTimeZone(name) ? [canonical(name)] : allZones().filter((zone) => isMeant(zone, name));
  return meant === undefined
    ? `"${name}" is no time zone of the IANA list; name it by area and city, such as America/New_York`
    : `"${name}" is no time zone's full name; ${suggestion([meant])}`;
}

/** Short names in use, without case or blanks, and the places meant; where several keep such a time, each. */
const shortNames = new Map<string, readonly string[]>();
for (const [names, places] of [
  ["est edt et est5edt eastern easterntime easternstandardtime", ["America/New_York"]],
  ["cst cdt ct cst6cdt central centraltime centralstandardtime", ["America/Chicago"]],
  ["mst mdt mt mst7mdt mountain mountaintime mountainstandardtime", ["America/Denver", "America/Phoenix"]],
  ["pst pdt pt pst8pdt pacific pacifictime pacificstandardtime", ["America/Los_Angeles"]],
  ["akst akdt alaska", ["America/Anchorage"]],
  ["hst hawaii", ["Pacific/Honolulu"]],
  ["ast adt", ["America/Halifax"]],
  ["nst ndt", ["America/St_Johns"]],
  ["gmt bst", ["Europe/London", "UTC"]],
  ["wet west", ["Europe/Lisbon"]],
  ["cet cest met mest", ["Europe/Berlin", "Europe/Paris"]],
  ["eet eest", ["Europe/Athens", "Europe/Helsinki"]],
  ["ist", ["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]],
  ["jst", ["Asia/Tokyo"]],
  ["aest aedt", ["Australia/Sydney", "Australia/Brisbane"]],
  ["z zulu", ["UTC"]],
] as const)
  for (const name of names.split(" ")) shortNames.set(name, places);

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9+-]/g, "");

/** Minutes east of UTC for "+05:30", "UTC-5" and the like, and for Etc/GMT+5, whose sign is the other way round; else null. */
function fixedOffset(name: string): number | null {
  const match = /^(etc\/)?(?:utc|gmt)?([+-])(\d{1,2})(?::?([0-5]\d))?$/i.exec(name.trim());
  if (!match) return null;
  const [, etc, sign, hours, minutes = "0"] = match;
  return (Number(hours) * 60 + Number(minutes)) * ((sign === "-") === (etc === undefined) ? -1 : 1);
}

/** Places that come first among those of an offset: most who write one mean one of these. */
const wellKnown = [
  ...shortNames.values(),
  "America/Sao_Paulo",
  "Africa/Johannesburg",
  "Asia/Dubai",
  "Asia/Karachi",
  "Asia/Kathmandu",
  "Asia/Bangkok",
  "Asia/Shanghai",
  "Australia/Adelaide",
  "Pacific/Auckland",
].flat();

function placesAt(minutes: number): string {
  // In January it is standard time in the north; in the south the other half of the year is asked too.
  const atOffset = [...new Set([...wellKnown, ...allZones()])].filter((zone) =>
    [january, july].some((instant) => offsetMinutes(zone, instant) === minutes),
  );
  const inWinter = atOffset.filter((zone) => offsetMinutes(zone, january) === minutes);
  const [...places] = (inWinter.length > 0 ? inWinter : atOffset).filter((zone) => zone !== "UTC").slice(0, 3);
  if (places.length === 0) return "name the zone of a place, such as America/New_York";
  return suggestion(places);
}

const suggestion = (zones: readonly string[]): string =>
  `name the zone of the place: ${zones.length === 1 ? "" : "perhaps "}${zones.join(" or ")}`;

const january = Date.UTC(2026, 0, 15);
const july = Date.UTC(2026, 6, 15);

function offsetMinutes(zone: string, instant: number): number {
  const text = localIso(instant, zone) ?? "";
  const match = /([+-])(\d{2}):(\d{2})$/.exec(text);
  if (!match) return Number.NaN;
  return (Number(match[2]) * 60 + Number(match[3])) * (match[1] === "-" ? -1 : 1);
}

/** America/New_York is meant by "America/New York" and by "new york". */
function isMeant(zone: string, name: string): boolean {
  const wanted = plain(name);
  return wanted.length > 2 && (plain(zone) === wanted || plain(zone.slice(zone.lastIndexOf("/") + 1)) === wanted);
}

const allZones = (): string[] => Intl.supportedValuesOf("timeZone");

const canonical = (name: string): string =>
  new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone;
