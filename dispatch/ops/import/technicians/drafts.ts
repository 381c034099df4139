// One row of a table of technicians as what it says, and what of it cannot be used. Pure; nothing of the desk is known here.

import { idFrom } from "../../../contract/ids.ts";
import type { Problem } from "../../../directory/import/row-drafts.ts";
import { timeZoneProblem } from "../../../workforce/time-zone-name.ts";
import { readDays, readHours, readTime, workdays, type WrittenShift } from "./working-hours.ts";

export type { Problem };
export type Home = { readonly lat: number; readonly lon: number };
export type DraftShift = WrittenShift & { readonly time_zone: string };

/** What a row says of a technician; what is absent it does not say, and so does not change. */
export type TechnicianDraft = {
  readonly row: number;
  /** Dispatch's own id, where the file has it. */
  readonly id: string | null;
  readonly externalId: string | null;
  readonly name: string;
  /** The usual one first. */
  readonly zones?: readonly string[];
  readonly skills?: readonly string[];
  readonly tools?: readonly string[];
  readonly home?: Home;
  readonly shifts?: readonly DraftShift[];
};

export type RowResult = { readonly draft: TechnicianDraft | null; readonly refused: readonly Problem[] };

/** By a field's name without `technician.` its first cell that is not empty. */
export type Cells = ReadonlyMap<string, string>;

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
const mostNamed = 50;
const mostZones = 20;
const longestName = 100;

/** @param usualZone the time zone of hours that name none */
export function technicianDraft(row: number, cells: Cells, usualZone: string | null): RowResult {
  const refused: Problem[] = [];
  const refuse = (field: string, rule: string, message: string): undefined => {
    refused.push({ row, field: `technician.${field}`, rule, message });
  };
  const text = (field: string): string | undefined => cells.get(field)?.replaceAll(/\s+/g, " ").trim() || undefined;
  const name = text("name") ?? [text("first_name"), text("last_name")].filter((part) => part !== undefined).join(" ");
  if (name === "") refuse("name", "required", "is required: the row names nobody");
  if (name.length > longestName) refuse("name", "length", `has ${name.length} characters; ${longestName} can be kept`);
  const id = text("id") ?? null;
  if (id !== null && idFrom(id) === null) refuse("id", "uuid", `${shown(id)} is no id of Dispatch`);
  const zones = namesOf("zone", cells.get("zone"), refuse, mostZones);
  const skills = namesOf("skills", cells.get("skills"), refuse);
  const tools = namesOf("tools", cells.get("tools"), refuse);
  const home = homeOf(text("lat"), text("lon"), refuse);
  const shifts = shiftsOf(cells, usualZone, refuse);
  if (refused.length > 0) return { draft: null, refused };
  return {
    refused,
    draft: {
      row,
      id: id === null ? null : id.toLowerCase(),
      externalId: text("external_id") ?? null,
      name,
      ...(zones && zones.length > 0 && { zones }),
      ...(skills && { skills }),
      ...(tools && { tools }),
      ...(home && { home }),
      ...(shifts && { shifts }),
    },
  };
}

type Refuse = (field: string, rule: string, message: string) => undefined;

const partsOf = (cell: string): string[] => [
  ...new Set(
    cell
      .split(/[,;|/\n]/)
      .map((part) => part.replaceAll(/\s+/g, " ").trim())
      .filter((part) => part !== ""),
  ),
];

function namesOf(field: string, cell: string | undefined, refuse: Refuse, most = mostNamed): string[] | undefined {
  if (cell === undefined) return undefined;
  const parts = partsOf(cell);
  if (parts.length > most) return refuse(field, "most", `names ${parts.length}; ${most} can be kept of one technician`);
  const long = parts.find((part) => part.length > longestName);
  if (long !== undefined)
    return refuse(field, "length", `${shown(long)} has ${long.length} characters; ${longestName} can be kept`);
  return parts;
}

function homeOf(lat: string | undefined, lon: string | undefined, refuse: Refuse): Home | undefined {
  if (lat === undefined && lon === undefined) return undefined;
  if (lat === undefined || lon === undefined)
    return refuse(lat === undefined ? "lat" : "lon", "required", "is missing beside the other half of the place");
  const north = degrees("lat", lat, 90, refuse);
  const east = degrees("lon", lon, 180, refuse);
  return north === undefined || east === undefined ? undefined : { lat: north, lon: east };
}

function degrees(field: string, text: string, most: number, refuse: Refuse): number | undefined {
  const number = Number(/^[+-]?\d+,\d+$/.test(text) ? text.replace(",", ".") : text);
  if (Number.isFinite(number) && Math.abs(number) <= most) return number;
  return refuse(field, "degrees", `${shown(text)} is no number of degrees from -${most} to ${most}`);
}

function shiftsOf(cells: Cells, usualZone: string | null, refuse: Refuse): DraftShift[] | undefined {
  const written = writtenShifts(cells, refuse);
  if (!written) return undefined;
  const zone = cells.get("time_zone")?.trim() || usualZone;
  if (zone === null)
    return refuse(
      "time_zone",
      "required",
      "is required for working hours: add a column Time zone, or say --time-zone Europe/Berlin for all rows",
    );
  const problem = timeZoneProblem(zone);
  if (problem !== null) return refuse("time_zone", "time-zone", problem);
  return written.map((shift) => ({ ...shift, time_zone: zone }));
}

function writtenShifts(cells: Cells, refuse: Refuse): readonly WrittenShift[] | undefined {
  const [hours, days, start, end] = ["hours", "days", "start", "end"].map(
    (field) => cells.get(field)?.trim() || undefined,
  );
  const weekdays = days === undefined ? workdays : readDays(days);
  if (weekdays === null)
    return refuse("days", "weekdays", `${shown(days ?? "")} is not understood; write Mon-Fri, or Mo, Mi, Fr`);
  if (hours !== undefined) {
    const read = readHours(hours, weekdays);
    return "shifts" in read ? read.shifts : refuse("hours", "hours", `${shown(hours)}: ${read.fault}`);
  }
  if (start === undefined && end === undefined) return undefined;
  if (start === undefined || end === undefined)
    return refuse(start === undefined ? "start" : "end", "required", "is missing beside the other end of the shift");
  const [from, to] = [readTime(start), readTime(end)];
  if (from === null) return refuse("start", "time", `${shown(start)} is no time of the day, such as 07:30`);
  if (to === null) return refuse("end", "time", `${shown(end)} is no time of the day, such as 16:00`);
  return [{ weekdays, start_time: from === "24:00" ? "00:00" : from, end_time: to, breaks: [] }];
}
