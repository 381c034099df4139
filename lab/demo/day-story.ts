// What a day does to a plan, told as it happens: two who carry a door together, a job that runs over, and work that is back.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { Telling, type TellingOptions } from "./telling.ts";
import type { Speaker } from "./speaker.ts";
import { slotForTwo } from "./worker-story.ts";

const incident = "DOOR_WONT_LATCH";
/** A visit this short has run over before anybody has to wait for it; it begins late enough to be promised and sent to. */
const shortVisit = { beginsInMs: 8_000, lastsMs: 3_000 };

type Story = TellingOptions & { readonly invoicedId: string };

/**
 * Tells it at a desk on which a worker runs.
 * @param invoicedId a ticket whose work is invoiced
 * @returns how many receipts were given, each read back unchanged
 * @throws CommandFailure where the desk does anything else than the story says
 */
export async function tellDaysStory({ invoicedId, ...options }: Story): Promise<number> {
  const told = new Telling(options);
  // It waits for a time: what is asked for it tells who is free.
  const waiting = await told.opens("Shop door rattles", incident);
  await sendTwo(told, options.dispatcher, waiting);
  await runOver(told, options.dispatcher, waiting);
  await followUp(told, options.dispatcher, invoicedId);
  return told.proved();
}

const mustBe = (isSo: boolean, what: string): void => {
  if (!isSo) throw new CommandFailure(what);
};

/** A lead and a helper are booked for the same time, each with a booking of their own. */
async function sendTwo(told: Telling, dana: Speaker, waiting: string): Promise<void> {
  const id = await told.opens("Fire door of 90 kg hangs from one hinge", incident);
  const { slot, first, second } = await slotForTwo(told, dana, id, incident);
  const booked = await dana.does("schedule.book", id, {
    tech_id: first.tech_id,
    earliest: slot.start,
    latest: slot.end,
  });
  told.keep(booked.receipt);
  const { crew, receipt } = await dana.does("assignment.crew", id, {
    add: [second.tech_id],
    reason: "The door weighs 90 kg",
  });
  const [lead, helper, ...others] = crew;
  mustBe(
    lead?.tech_id === first.tech_id && helper?.tech_id === second.tech_id && others.length === 0,
    `A crew of two should go to ticket ${id}, but ${crew.map(({ tech_name }) => tech_name).join(", ") || "nobody"} does.`,
  );
  const { slots } = await dana.reads(
    "schedule.slots",
    { ticketId: waiting },
    { tech_id: second.tech_id, earliest: slot.start, latest: slot.end, limit: "1" },
  );
  mustBe(slots.length === 0, `${second.tech_name} is offered for the very time for which they go along.`);
  told.note(
    `books it, and has ${second.tech_name} go along with ${first.tech_name}: both are taken from ${slot.start} to ${slot.end}`,
    receipt,
  );
}

/** Whoever is at a door is busy until they leave, whatever was planned; and the desk says that the work runs over. */
async function runOver(told: Telling, dana: Speaker, waiting: string): Promise<void> {
  const id = await told.opens("Gate needs a look, a few seconds for this story's sake", incident);
  const start = Date.now() + shortVisit.beginsInMs;
  const window = { start: iso(start), end: iso(start + shortVisit.lastsMs) };
  told.keep((await dana.does("schedule.propose", id, { options: [window] })).receipt);
  told.note(
    `has it confirmed for ${window.start}, 3 s long`,
    (await dana.does("schedule.confirm", id, window)).receipt,
  );
  const nobodyFree = async () => {
    const { queue } = await dana.reads("dispatcher.cockpit", {}, { state: "SCHEDULED", limit: "50" });
    const attention = queue.find(({ ticket_id }) => ticket_id === id)?.attention;
    return attention?.code === "NOBODY_FREE" ? attention.detail : null;
  };
  const { state, assigned_tech_id: techId } = await told.until(
    id,
    "Nobody was sent, and nobody was told of that,",
    async (one) => one.state === "DISPATCHED" || (await nobodyFree()) !== null,
  );
  if (state !== "DISPATCHED") {
    // As shifts change there are minutes in which nobody is near enough to any door.
    told.line("The desk", `says NOBODY_FREE: ${(await nobodyFree()) ?? ""}`);
    const { receipt } = await dana.does("ticket.cancel", id, { reason: "nobody can be there at this hour" });
    told.note("calls it off, so that today no job runs over", receipt);
    return;
  }
  const name = techId === null ? "nobody" : await told.nameOf(techId);
  const checkedIn = await dana.does("tech.check_in", id, { timestamp: iso(Date.now()) });
  told.note(`checks ${name} in, whom the worker has sent -> ${checkedIn.state}`, checkedIn.receipt);

  const attention = async () => {
    const { queue } = await dana.reads("dispatcher.cockpit", {}, { state: "IN_PROGRESS", limit: "20" });
    return queue.find(({ ticket_id }) => ticket_id === id)?.attention ?? null;
  };
  await told.until(
    id,
    "Nothing was said of the work that runs over",
    async () => (await attention())?.code === "OVERRUN",
  );
  told.line("The desk", `says OVERRUN: ${(await attention())?.detail ?? ""}`);
  const { rejected, slots } = await dana.reads(
    "schedule.slots",
    { ticketId: waiting },
    { tech_id: techId ?? "", latest: iso(Date.now() + 45 * 60_000), duration_minutes: "15" },
  );
  const [why] = rejected;
  mustBe(
    slots.length === 0 && why?.tech_id === techId,
    `${name} is on site past the planned end, and still offered: ${JSON.stringify({ slots, rejected })}`,
  );
  told.line("The desk", `offers ${name} to nobody else meanwhile: ${why?.reason ?? ""}, ${why?.detail ?? ""}`);
  const held = await dana.does("tech.hold", id, { reason_code: "parts", note: "A hinge has to be ordered" });
  told.keep(held.receipt);
  const back = await dana.does("ticket.return_visit", id, { note: "The hinge comes on Friday" });
  told.note(
    `plans another visit, since a hinge has to be ordered: ${name} is free again -> ${back.state}`,
    back.receipt,
  );
}

/** What follows from invoiced work is a ticket of its own, and each names the other. */
async function followUp(told: Telling, dana: Speaker, invoicedId: string): Promise<void> {
  const made = await dana.does("ticket.follow_up", invoicedId, {
    kind: "warranty",
    summary: "The board has come off, same door",
    reason: "The board came off in the night",
    priority: "URGENT",
  });
  const old = await dana.reads("ticket.get", { ticketId: invoicedId });
  mustBe(
    made.follows?.ticket_id === invoicedId && old.follow_ups.some(({ ticket_id }) => ticket_id === made.id),
    `Tickets ${old.number} and ${made.number} should name each other.`,
  );
  told.note(
    `hears that the first door's board has come off: ${made.number} follows ${old.number} as warranty -> ${made.state}`,
    made.receipt,
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();
