// The secret in the address of a technician's calendar: how it is made, what of it is kept, whose it is. The secret itself is
// stored nowhere and written to no log (process/log.ts knows its beginning).

import { createHash, randomBytes } from "node:crypto";
import type { TechnicianId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { technicianZone } from "../workforce/technician-zone.ts";

/** 256 random bits, behind a beginning by which a log knows what to leave out. */
export const newCalendarSecret = (): string => `cal_${randomBytes(32).toString("base64url")}`;

const secretForm = /^cal_[\w-]{43}$/;

/** What is kept of a secret; null for a text that is none. */
export const calendarHash = (secret: string): string | null =>
  secretForm.test(secret) ? createHash("sha256").update(secret).digest("hex") : null;

export const calendarPath = (secret: string): string => `/calendar/${secret}.ics`;

export type CalendarOwner = { readonly id: TechnicianId; readonly name: string; readonly timezone: string };

/** Whose calendar a secret opens; nobody's once they no longer work here. */
export const selectCalendarOwner = statement<CalendarOwner>(
  "calendar_owner",
  `SELECT r.id, r.name, ${technicianZone("r.id", "$2::timestamptz")} AS timezone
   FROM technician_calendars k JOIN technicians r ON r.id = k.technician_id
   WHERE k.secret_hash = $1 AND r.active`,
);

export const selectCalendarLink = statement<{ made_at: string }>(
  "calendar_link",
  `SELECT made_at FROM technician_calendars WHERE technician_id = $1`,
);

export const replaceCalendarLink = statement(
  "calendar_link_replace",
  `INSERT INTO technician_calendars (technician_id, secret_hash, made_at) VALUES ($1, $2, $3)
   ON CONFLICT (technician_id) DO UPDATE SET secret_hash = excluded.secret_hash, made_at = excluded.made_at`,
);

export const endCalendarLink = statement(
  "calendar_link_end",
  `DELETE FROM technician_calendars WHERE technician_id = $1`,
);
