// The roster's commands with their handlers. All of them are audited in the desk's own chain: a roster changes a few
// times a day, so one chain holds nobody up, and its head needs no column of each technician.

import { rosterDrain, rosterUndrain } from "./roster-drain.ts";
import { rosterSetShifts } from "./roster-set-shifts.ts";
import { rosterSignOff } from "./roster-sign-off.ts";
import { rosterTimeOff } from "./roster-time-off.ts";
import { rosterUpsert } from "./roster-upsert.ts";

export const rosterCommands = {
  "roster.upsert": rosterUpsert,
  "roster.set_shifts": rosterSetShifts,
  "roster.time_off": rosterTimeOff,
  "roster.drain": rosterDrain,
  "roster.undrain": rosterUndrain,
  "roster.sign_off": rosterSignOff,
} as const;
