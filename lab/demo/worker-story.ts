// What nobody has to remember, told as it happens: a worker books and sends technicians by itself, passes over anybody who takes no
// work, sends another when somebody falls ill; and a visit is found, booked and moved by one sentence each.

import type { TechnicianId } from "../../dispatch/contract/ids.ts";
import type { QueryBodyOf } from "../../dispatch/contract/index.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { Telling, type TellingOptions } from "./telling.ts";
import type { Speaker } from "./speaker.ts";

type Slot = QueryBodyOf<"schedule.slots">["slots"][number];
type Ticket = QueryBodyOf<"ticket.get">;

const incident = "DOOR_WONT_LATCH";
const weekMs = 7 * 24 * 3_600_000;

/**
 * Tells it at a desk on which a worker runs.
 * @returns how many receipts were given, each read back unchanged
 * @throws CommandFailure where the desk does anything else than the story says
 */
export async function tellWorkersStory(options: TellingOptions): Promise<number> {
  const { dispatcher: dana, herself } = options;
  const told = new Telling(options);

  const id = await told.opens("Side door does not latch", incident);
  const { slot, first } = await slotForTwo(told, dana, id, incident);
  told.note(
    `drains ${first.tech_name}, the first choice: the van is in the workshop`,
    (await dana.does("roster.drain", first.tech_id, { reason: "The van is in the workshop" })).receipt,
  );
  const window = { start: slot.start, end: slot.end };
  told.keep((await dana.does("schedule.propose", id, { options: [window] })).receipt);
  told.note(
    `has the customer confirm ${slot.start} -> SCHEDULED, and looks away`,
    (await dana.does("schedule.confirm", id, window)).receipt,
  );
  const sent = await untilAssigned(told, id, [first.tech_id]);
  told.line("The worker", `${deed(sent)} after ${sent.afterMs} ms; ${first.tech_name} is passed over -> ${sent.state}`);

  told.note(
    `hears that ${first.tech_name}'s van is back`,
    (await dana.does("roster.undrain", first.tech_id, { reason: "The van is back" })).receipt,
  );
  // It takes a booked visit from its technician, which a model may not do alone.
  const off = await herself.does("roster.sign_off", sent.techId, { reason: "Called in sick" });
  told.note(
    `signs ${sent.name} off sick: ${visits(off.requeued.length)} back to the queue, with a receipt of its own each`,
    off.receipt,
    herself,
  );
  const next = await untilAssigned(told, id, [sent.techId]);
  told.line("The worker", `${deed(next)} after ${next.afterMs} ms -> ${next.state}`);
  told.note(
    `hears the next morning that ${sent.name} is well again`,
    (await dana.does("roster.undrain", sent.techId, { reason: "Well again" })).receipt,
  );

  const second = await told.opens("Back door scrapes the floor", incident);
  const booked = await dana.does("schedule.book", second, {});
  const left = booked.considered.rejected.length;
  const who = booked.considered.slots.find((one) => one.tech_id === booked.booking.technician_id)?.tech_name ?? "";
  told.note(
    `books it in one sentence: ${who}, ${booked.booking.start}` +
      `${left > 0 ? `; ${left} left out, each with a reason` : ""} -> ${booked.ticket.state}`,
    booked.receipt,
  );
  const [later] = (
    await dana.reads(
      "schedule.slots",
      { ticketId: second },
      { tech_id: booked.booking.technician_id, earliest: booked.booking.end, limit: "1" },
    )
  ).slots;
  if (!later) throw new CommandFailure(`${who} has no other time within a week.`);
  const wish = { start: later.start, end: later.end, reason: "The shop is closed then" };
  const moved = await dana.does("schedule.move", second, wish);
  told.note(
    `moves it in one step, since the shop is closed then: ${who} keeps it, ${later.start} -> ${moved.state}`,
    moved.receipt,
  );

  return told.proved();
}

const visits = (count: number): string => (count === 1 ? "1 visit goes" : `${count} visits go`);

/** The first slot within a week for which at least two can be sent, and who would be. */
export async function slotForTwo(
  told: Telling,
  dana: Speaker,
  ticketId: string,
  service_type: string,
): Promise<{ slot: Slot; first: Able; second: Able }> {
  for await (const slot of slotsOfWeek(dana, ticketId)) {
    const input = { service_type, preferred_window: { start: slot.start, end: slot.end } };
    const ranking = await dana.does("assignment.recommend", ticketId, input);
    told.keep(ranking.receipt);
    const [first, second] = ranking.recommendations.filter(({ matches }) => matches.capability && matches.zone);
    if (first && second) return { slot, first, second };
  }
  throw new CommandFailure(
    "No two technicians are free at once within a week; run pnpm dispatch:bootstrap to refresh the demo roster.",
  );
}

/** One slot of each start, earliest first. An answer holds those of a few hours, so the next is asked to begin after it. */
async function* slotsOfWeek(dana: Speaker, ticketId: string): AsyncGenerator<Slot> {
  const latest = new Date(Date.now() + weekMs).toISOString();
  for (let after = 0; ;) {
    const { slots } = await dana.reads(
      "schedule.slots",
      { ticketId },
      { latest, limit: "50", ...(after > 0 && { earliest: new Date(after + 1).toISOString() }) },
    );
    if (slots.length === 0) return;
    for (const slot of slots) {
      const start = Date.parse(slot.start);
      if (start > after) yield slot;
      after = Math.max(after, start);
    }
  }
}

type Able = { readonly tech_id: TechnicianId; readonly tech_name: string };

type Assigned = {
  readonly state: Ticket["state"];
  readonly techId: string;
  readonly name: string;
  readonly afterMs: number;
};

/** Who is wanted within half a day is sent at once; for a later visit somebody is booked. */
const deed = ({ state, name }: Assigned): string =>
  state === "DISPATCHED" ? `sends ${name}` : `books ${name}, to be sent when it is time,`;

/** Waits until the worker has sent or booked somebody who is not one of these. */
async function untilAssigned(told: Telling, ticketId: string, not: readonly string[]): Promise<Assigned> {
  const isOther = (techId: string | null): techId is string => techId !== null && !not.includes(techId);
  const found = await told.until(ticketId, "The worker found nobody", ({ assigned_tech_id: techId }) =>
    isOther(techId),
  );
  const { state, assigned_tech_id: techId, afterMs } = found;
  if (techId === null) throw new CommandFailure(`Nobody is on ticket ${ticketId}.`);
  return { state, techId, name: await told.nameOf(techId), afterMs };
}
