// Who is sent in the demo's story: whom Dana chooses, or whom a worker has sent before she could, where one runs.

import type { QueryBodyOf } from "../../dispatch/contract/index.ts";
import type { Receipt } from "../../dispatch/contract/responses.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Cast } from "./cast.ts";
import type { Refusal, Speaker } from "./speaker.ts";

export type Sent = { readonly techId: string; readonly name: string };

export type SendOptions = {
  readonly cast: Pick<Cast, "dispatcher" | "techId">;
  readonly ticketId: string;
  readonly window: { readonly start: string; readonly end: string };
  /** Called for each thing that was done, with who did it. */
  readonly note: (who: Pick<Speaker, "label">, what: string, receipt: Receipt) => void;
};

/** @throws CommandFailure when nobody can be sent */
export async function sendTechnician({
  cast: { dispatcher: dana, techId },
  ticketId,
  window,
  note,
}: SendOptions): Promise<Sent> {
  const asked = await dana.attempts("assignment.recommend", ticketId, {
    service_type: "CANNOT_SECURE_ENTRY",
    recommendation_limit: 20,
    preferred_window: window,
  });
  if (!asked.ok) return sentByWorker(dana, ticketId, asked.refusal, note);
  const { recommendations, rejected, snapshot_id, receipt } = asked.body;
  const best = recommendations.find((one) => techId === null || one.tech_id === techId);
  if (!best) throw new CommandFailure(`Nobody can be recommended: ${JSON.stringify(rejected)}`);
  const rank = recommendations.indexOf(best) + 1;
  note(
    dana,
    `asks who should go: ${best.tech_name} (${rank} of ${recommendations.length}, score ` +
      `${best.score}; ${rejected.length} left out, each with a reason)`,
    receipt,
  );

  const dispatched = await dana.attempts("assignment.dispatch", ticketId, {
    tech_id: best.tech_id,
    // Its first alone is what a recommendation stands for: on a desk with work from before, Ana may come after others.
    ...(rank === 1 && { recommendation_snapshot_id: snapshot_id }),
  });
  if (!dispatched.ok) return sentByWorker(dana, ticketId, dispatched.refusal, note);
  note(dana, `dispatches ${best.tech_name}`, dispatched.body.receipt);
  return { techId: best.tech_id, name: best.tech_name };
}

/** Whether sending was refused because a worker was quicker and has sent somebody. */
export const isSentAlready = ({ code, from_state }: Refusal): boolean =>
  code === "INVALID_STATE_TRANSITION" && from_state === "DISPATCHED";

async function sentByWorker(
  dana: Speaker,
  ticketId: string,
  refusal: Refusal,
  note: SendOptions["note"],
): Promise<Sent> {
  const { assigned_tech_id: techId } = await dana.reads("ticket.get", { ticketId });
  const { events } = await dana.reads("ticket.timeline", { ticketId });
  const dispatched = events.findLast(({ tool_name }) => tool_name === "assignment.dispatch");
  if (!isSentAlready(refusal) || !dispatched || techId === null)
    throw new CommandFailure(`${refusal.code}: ${refusal.message}`);
  const {
    technicians: [technician],
  } = await dana.reads("roster.list", {}, { tech_id: techId });
  const name = technician?.name ?? techId;
  note(
    { label: "The worker" },
    `was quicker than Dana, and dispatched ${name}`,
    await dana.reads("receipt.get", { receiptId: dispatched.id }),
  );
  return { techId, name };
}

/** Whether the cockpit lists a ticket among those of its state. */
export async function cockpitLists(dana: Speaker, ticketId: string, state: string): Promise<boolean> {
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: QueryBodyOf<"dispatcher.cockpit"> = await dana.reads(
      "dispatcher.cockpit",
      {},
      { state, ...(cursor && { cursor }) },
    );
    if (page.queue.some((row) => row.ticket_id === ticketId)) return true;
    cursor = page.next_cursor;
  }
  return false;
}
