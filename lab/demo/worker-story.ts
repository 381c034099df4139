// What nobody has to remember, told as it happens: a worker books and sends technicians by itself, passes over anybody who takes no
// work, sends another when somebody falls ill; and a visit is found, booked and moved by one sentence each.

import type { AccountId, SiteId } from "../../dispatch/contract/ids.ts";
import type { QueryBodyOf } from "../../dispatch/contract/index.ts";
import type { Receipt } from "../../dispatch/contract/responses.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Speaker } from "./speaker.ts";

export type WorkerStoryOptions = {
  readonly dispatcher: Speaker;
  readonly labelWidth: number;
  readonly accountId: AccountId;
  readonly siteId: SiteId;
  readonly say: (line: string) => void;
};

type Slot = QueryBodyOf<"schedule.slots">["slots"][number];
type Ticket = QueryBodyOf<"ticket.get">;

const sentWithinMs = 30_000;
const lookEveryMs = 20;
const incident = "DOOR_WONT_LATCH";

/**
 * Tells it at a desk on which a worker runs.
 * @returns how many receipts were given, each read back unchanged
 * @throws CommandFailure where the desk does anything else than the story says
 */
export async function tellWorkersStory({
  dispatcher: dana,
  labelWidth,
  accountId,
  siteId,
  say,
}: WorkerStoryOptions): Promise<number> {
  const receipts: Receipt[] = [];
  const line = (who: string, what: string) => say(`  ${who.padEnd(labelWidth)} ${what}`);
  const note = (what: string, receipt: Receipt) => {
    receipts.push(receipt);
    line(dana.label, `${what}   (receipt ${receipt.receipt_id.slice(-12)})`);
  };
  const opened = async (summary: string): Promise<string> => {
    const created = await dana.does("ticket.create", null, { account_id: accountId, site_id: siteId, summary });
    const triaged = await dana.does("ticket.triage", created.id, {
      priority: "URGENT",
      incident_type: incident,
      ready_to_schedule: true,
    });
    receipts.push(created.receipt);
    note(`opens and triages a ticket: ${summary} -> ${triaged.state}`, triaged.receipt);
    return created.id;
  };

  const id = await opened("Side door does not latch");
  const { slot, first } = await slotForTwo(dana, id, (receipt) => receipts.push(receipt));
  note(
    `drains ${first.tech_name}, the first choice: the van is in the workshop`,
    (await dana.does("roster.drain", first.tech_id, { reason: "The van is in the workshop" })).receipt,
  );
  const window = { start: slot.start, end: slot.end };
  receipts.push((await dana.does("schedule.propose", id, { options: [window] })).receipt);
  note(
    `has the customer confirm ${slot.start} -> SCHEDULED, and looks away`,
    (await dana.does("schedule.confirm", id, window)).receipt,
  );
  const sent = await untilAssigned(dana, id, [first.tech_id]);
  line("The worker", `${deed(sent)} after ${sent.afterMs} ms; ${first.tech_name} is passed over -> ${sent.state}`);

  note(
    `hears that ${first.tech_name}'s van is back`,
    (await dana.does("roster.undrain", first.tech_id, { reason: "The van is back" })).receipt,
  );
  const off = await dana.does("roster.sign_off", sent.techId, { reason: "Called in sick" });
  note(
    `signs ${sent.name} off sick: ${visits(off.requeued.length)} back to the queue, with a receipt of its own each`,
    off.receipt,
  );
  const next = await untilAssigned(dana, id, [sent.techId]);
  line("The worker", `${deed(next)} after ${next.afterMs} ms -> ${next.state}`);
  note(
    `hears the next morning that ${sent.name} is well again`,
    (await dana.does("roster.undrain", sent.techId, { reason: "Well again" })).receipt,
  );

  const second = await opened("Back door scrapes the floor");
  const booked = await dana.does("schedule.book", second, {});
  const left = booked.considered.rejected.length;
  const who = booked.considered.slots.find((one) => one.tech_id === booked.booking.technician_id)?.tech_name ?? "";
  note(
    `books it in one sentence: ${who}, ${booked.booking.start}` +
      `${left > 0 ? `; ${left} left out, each with a reason` : ""} -> ${booked.ticket.state}`,
    booked.receipt,
  );
  const later = (await dana.reads("schedule.slots", { ticketId: second }, { limit: "50" })).slots.find(
    ({ tech_id, start }) => tech_id === booked.booking.technician_id && start > booked.booking.end,
  );
  if (!later) throw new CommandFailure(`${who} has no other time within a week.`);
  const wish = { start: later.start, end: later.end, reason: "The shop is closed then" };
  const moved = await dana.does("schedule.move", second, wish);
  note(
    `moves it in one step, since the shop is closed then: ${who} keeps it, ${later.start} -> ${moved.state}`,
    moved.receipt,
  );

  for (const receipt of receipts) {
    const kept = await dana.reads("receipt.get", { receiptId: receipt.receipt_id });
    if (kept.hash !== receipt.hash) throw new CommandFailure(`Receipt ${receipt.receipt_id} reads back changed.`);
  }
  return receipts.length;
}

const visits = (count: number): string => (count === 1 ? "1 visit goes" : `${count} visits go`);

/** The first slot for which at least two can be sent, and who would be. */
async function slotForTwo(
  dana: Speaker,
  ticketId: string,
  given: (receipt: Receipt) => void,
): Promise<{ slot: Slot; first: { tech_id: string; tech_name: string } }> {
  const { slots } = await dana.reads("schedule.slots", { ticketId }, { limit: "50" });
  const byStart = new Map(slots.map((slot) => [slot.start, slot]));
  for (const slot of byStart.values()) {
    const input = { service_type: incident, preferred_window: { start: slot.start, end: slot.end } };
    const ranking = await dana.does("assignment.recommend", ticketId, input);
    given(ranking.receipt);
    const able = ranking.recommendations.filter(({ matches }) => matches.capability && matches.zone);
    const [first] = able;
    if (first && able.length > 1) return { slot, first };
  }
  throw new CommandFailure(
    "No two technicians are free at once within a week; run pnpm dispatch:bootstrap to refresh the demo roster.",
  );
}

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
async function untilAssigned(dana: Speaker, ticketId: string, not: readonly string[]): Promise<Assigned> {
  const begun = performance.now();
  for (;;) {
    const { state, assigned_tech_id: techId }: Ticket = await dana.reads("ticket.get", { ticketId });
    const afterMs = Math.round(performance.now() - begun);
    if (techId !== null && !not.includes(techId)) {
      const {
        technicians: [technician],
      } = await dana.reads("roster.list", {}, { tech_id: techId });
      return { state, techId, name: technician?.name ?? techId, afterMs };
    }
    if (afterMs > sentWithinMs)
      throw new CommandFailure(
        `The worker found nobody for ticket ${ticketId} within ${sentWithinMs / 1000} s; it is ${state}.`,
      );
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
