// Lives of tickets, from the first call to the last: the commands in their order, each made of what the answers before
// it said. How a command is sent, repeated or given up is the teller's affair.
import type { AnswerBody, Command } from "./callers.ts";
import * as field from "./field.ts";

/** Sends a command and returns its answer. */
export type Say = (command: Command) => Promise<AnswerBody>;

export type Job = {
  field: field.Field;
  techId: string;
  /** A day that no other job of this technician has, and the next one. */
  day: number;
  /** Tells this job from all others. */
  name: string;
};

type Life = (say: Say, job: Job) => Promise<void>;

export const lives = { repair, heldByCustomer, changedOnSite, calledOff, bookedAndPaused } satisfies Record<
  string,
  Life
>;
export type LifeName = keyof typeof lives;
export const lifeNames: readonly LifeName[] = [
  "repair",
  "heldByCustomer",
  "changedOnSite",
  "calledOff",
  "bookedAndPaused",
];

/** How many commands a life has. */
export async function lengthOf(life: LifeName): Promise<number> {
  let said = 0;
  const answer = { id: "", hold_id: "", pending_approval_id: "", approval: { id: "" }, ticket: { id: "", state: "" } };
  const nobody = { field: { accountId: "", siteId: "", techIds: [] }, techId: "", day: 0, name: "" };
  await lives[life](async () => (said++, answer), nobody);
  return said;
}

async function repair(say: Say, { field: place, techId, day, name }: Job): Promise<void> {
  const id = required((await say(field.createTicket(place, name))).id);
  await say(field.triage(id));
  await say(field.propose(id, day));
  await say(field.confirm(id, day));
  await say(field.recommend(id));
  await say(field.dispatch(id, techId));
  await say(field.checkIn(id));
  await finish(say, id);
}

async function heldByCustomer(say: Say, { field: place, techId, day, name }: Job): Promise<void> {
  const id = required((await say(field.blindIntake(place, name))).id);
  const early = await say(field.hold(id));
  await say(field.release(id, required(early.hold_id)));
  await say(field.propose(id, day));
  const late = await say(field.hold(id));
  await say(field.release(id, required(late.hold_id)));
  await say(field.confirm(id, day));
  await say(field.dispatch(id, techId));
  await say(field.unassign(id));
  // Whoever was taken off comes again by an override alone.
  await say(field.override(id, techId));
  await say(field.checkIn(id));
  await say(field.pauseWork(id));
  await say(field.resumeWork(id));
  await finish(say, id);
}

async function changedOnSite(say: Say, { field: place, techId, day, name }: Job): Promise<void> {
  const id = required((await say(field.createTicket(place, name))).id);
  const asked = await say(field.triage(id, "APPROVAL_REQUIRED"));
  await say(field.approve(id, required(asked.pending_approval_id)));
  await say(field.propose(id, day));
  await say(field.confirm(id, day));
  await say(field.dispatch(id, techId));
  await say(field.override(id, techId));
  await say(field.checkIn(id));
  const change = await say(field.requestChange(id));
  await say(field.approve(id, required(change.approval?.id)));
  for (const evidence of field.allEvidence(id)) await say(evidence);
  await say(field.complete(id));
  await say(field.returnWork(id));
  await say(field.complete(id));
  await say(field.verify(id));
  await say(field.invoice(id));
}

async function calledOff(say: Say, { field: place, day, name }: Job): Promise<void> {
  const id = required((await say(field.createTicket(place, name))).id);
  await say(field.requestInfo(id));
  await say(field.triage(id, "TRIAGED"));
  await say(field.triage(id));
  await say(field.propose(id, day));
  await say(field.reopen(id));
  await say(field.addEvidence(id));
  await say(field.cancel(id));
}

async function bookedAndPaused(say: Say, { field: place, techId, name }: Job): Promise<void> {
  await say(field.pauseAutonomy(field.otherIncident));
  const id = required((await say(field.blindIntake(place, name))).id);
  await say(field.book(id, techId));
  await say(field.dispatch(id, techId));
  await say(field.checkIn(id));
  await say(field.resumeAutonomy(field.otherIncident));
  await finish(say, id);
}

async function finish(say: Say, id: string): Promise<void> {
  for (const evidence of field.allEvidence(id)) await say(evidence);
  await say(field.complete(id));
  await say(field.verify(id));
  await say(field.invoice(id));
  await say(field.close(id));
}

function required(value: string | null | undefined): string {
  if (value === undefined || value === null) throw new Error("an answer lacks what the next command needs");
  return value;
}
