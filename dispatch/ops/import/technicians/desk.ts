// The desk as a table of technicians meets it: its roster, the names its live rules know, and the commands that write.

import { rosterCommands, rosterQueries } from "../../../contract/roster-commands.ts";
import type { TechnicianBody } from "../../../contract/roster-responses.ts";
import { isObject } from "../../../kernel/json.ts";
import { CommandFailure } from "../../../process/command-line.ts";
import type { DeskCalls } from "../desk-calls.ts";
import type { KnownNames } from "./known-names.ts";
import type { Step } from "./plan.ts";

export type RosterDesk = { readonly roster: readonly TechnicianBody[]; readonly known: KnownNames };

/** What one answer of roster.list holds at most. */
const mostListed = 500;

/** @throws CommandFailure where it cannot be read, or has more people than can be compared */
export async function readDesk({ get }: DeskCalls): Promise<RosterDesk> {
  const [listed, contract] = await Promise.all([
    get(`${rosterQueries["roster.list"].path}?limit=${mostListed}`),
    get("/contract"),
  ]);
  const roster = techniciansIn(listed);
  if (roster.length >= mostListed)
    throw new CommandFailure(
      `The roster has ${mostListed} technicians or more, and no more than ${mostListed - 1} can be compared with a table. ` +
        "Change them one by one with roster.upsert.",
    );
  const kinds = isObject(contract) && Array.isArray(contract["incident_types"]) ? contract["incident_types"] : [];
  const namesIn = (field: string): string[] =>
    kinds.flatMap((kind: unknown) => (isObject(kind) && Array.isArray(kind[field]) ? kind[field].map(String) : []));
  const zones = roster.flatMap((one) => one.zones);
  return {
    roster,
    known: {
      skills: distinct([...namesIn("skills"), ...roster.flatMap(({ skills }) => skills)]),
      tools: distinct([...namesIn("tools"), ...roster.flatMap(({ tools }) => tools)]),
      zones: distinct(zones),
    },
  };
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort();

function techniciansIn(answer: unknown): TechnicianBody[] {
  const technicians = isObject(answer) ? answer["technicians"] : null;
  if (!Array.isArray(technicians))
    throw new CommandFailure("The API's answer to roster.list has no technicians in it.");
  // The API answers by the contract's schema; of another release's answer the fields read here are older than this command.
  return technicians as TechnicianBody[];
}

/**
 * Somebody new first comes on the roster and then gets their hours, so who is interrupted between is not booked, and the next run
 * goes on there.
 * @returns what the desk says of bookings that the change leaves standing
 */
export async function writeStep({ post }: DeskCalls, { id, fields, shifts }: Step): Promise<string[]> {
  const { "roster.upsert": upsert, "roster.set_shifts": setShifts } = rosterCommands;
  const answers: unknown[] = [];
  if (fields) answers.push(await post(upsert.path, JSON.stringify({ tech_id: id, ...fields })));
  if (shifts) answers.push(await post(setShifts.path.replace("{technicianId}", id), JSON.stringify({ shifts })));
  return answers.flatMap((answer) => {
    const conflicts = isObject(answer) && Array.isArray(answer["conflicts"]) ? answer["conflicts"] : [];
    return conflicts.map((one: unknown) => {
      const { ticket_id: ticket, start_local: start, detail } = isObject(one) ? one : {};
      const why = typeof detail === "string" ? detail : "outside the hours there are now";
      return `keeps a booking for ticket ${String(ticket)} at ${String(start)}: ${why}`;
    });
  });
}
