// The canonical ticket from call to invoice, told as it happens: what was done, by whom, what was refused and why. Every
// step is real, over HTTP or through the gateway's tools; at the end every receipt is read back.

import { randomUUID } from "node:crypto";
import type { AccountId, SiteId } from "../../dispatch/contract/ids.ts";
import type { Receipt } from "../../dispatch/contract/responses.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { fullChecklist } from "../full-checklist.ts";
import type { Cast } from "./cast.ts";
import { evidenceFiles } from "./evidence-files.ts";
import { cockpitLists, sendTechnician } from "./send-technician.ts";
import type { Speaker } from "./speaker.ts";
import { announcementOf, sendFile } from "./upload.ts";

export type StoryOptions = {
  readonly cast: Cast;
  readonly accountId: AccountId;
  readonly siteId: SiteId;
  readonly say: (line: string) => void;
};

export type StorySummary = {
  readonly ticket_id: string;
  readonly state: string;
  readonly timeline_events: number;
  readonly receipts_verified: number;
  readonly duration_ms: number;
};

const work = {
  labor_minutes: 95,
  travel_minutes: 30,
  parts: [{ sku: "PLY-18", description: "Plywood sheet 18 mm", quantity: 2, unit_price_cents: 4_200 }],
};
const nteCents = 88_000;

/** @throws CommandFailure where the API does anything else than the story says */
export async function tellStory({ cast, accountId, siteId, say }: StoryOptions): Promise<StorySummary> {
  const begun = performance.now();
  const { dispatcher: dana, quality: quinn, finance: fay, impostor } = cast;
  const receipts: Receipt[] = [];
  const note = ({ label }: Pick<Speaker, "label">, what: string, receipt: Receipt) => {
    receipts.push(receipt);
    const move = receipt.before_state === receipt.after_state ? "" : ` -> ${receipt.after_state}`;
    say(`  ${label.padEnd(cast.labelWidth)} ${what}${move}   (receipt ${receipt.receipt_id.slice(-12)})`);
  };

  if (cast.introduction !== null) say(cast.introduction);
  say("22:00. A shop front in Oakland cannot be locked. Dana, the dispatcher, takes the call.");
  const created = await dana.does("ticket.create", null, {
    account_id: accountId,
    site_id: siteId,
    summary: "Shop front door cannot be locked",
    description: "Pane next to the lock is broken; the customer waits on site.",
  });
  const id = created.id;
  note(dana, "opens the ticket", created.receipt);
  const triage = {
    priority: "EMERGENCY",
    incident_type: "CANNOT_SECURE_ENTRY",
    nte_cents: nteCents,
    ready_to_schedule: true,
  } as const;
  note(
    dana,
    `triages it: EMERGENCY, at most $${nteCents / 100}`,
    (await dana.does("ticket.triage", id, triage)).receipt,
  );

  const { slots } = await dana.reads(
    "schedule.slots",
    { ticketId: id },
    { limit: "3", ...(cast.techId !== null && { tech_id: cast.techId }) },
  );
  const [slot] = slots;
  if (!slot)
    throw new CommandFailure("Nobody is free within a week; run pnpm dispatch:bootstrap to refresh the demo roster.");
  const window = { start: slot.start, end: slot.end };
  const offered = await dana.does("schedule.propose", id, { options: slots.map(({ start, end }) => ({ start, end })) });
  note(dana, `offers ${slots.length} times`, offered.receipt);
  const queued = await cockpitLists(dana, id, "SCHEDULE_PROPOSED");
  note(dana, `confirms ${window.start} for the customer`, (await dana.does("schedule.confirm", id, window)).receipt);

  const sent = await sendTechnician({ cast, ticketId: id, window, note });
  const tech = cast.technician(sent.techId, sent.name);
  note(
    tech,
    "checks in on site",
    (await tech.does("tech.check_in", id, { timestamp: new Date().toISOString() })).receipt,
  );

  const early = await tech.isRefused("tech.complete", id, { checklist_status: fullChecklist, work });
  if (early.code !== "CLOSEOUT_REQUIREMENTS_INCOMPLETE")
    throw new CommandFailure(`Expected the closeout gate, got ${early.code}`);
  say(`  ${tech.label.padEnd(cast.labelWidth)} tries to complete: REFUSED, ${String(early["requirement_code"])}`);
  say(`${" ".repeat(cast.labelWidth + 3)}missing: ${(early["missing_evidence_keys"] as string[]).join(", ")}`);
  await addEvidence(tech, id, {
    say: (line) => say(`${" ".repeat(cast.labelWidth + 3)}${line}`),
    note: (what, receipt) => note(tech, what, receipt),
  });

  const foreign = await impostor.isRefused("tech.complete", id, { checklist_status: fullChecklist, work });
  say(`  ${impostor.label.padEnd(cast.labelWidth)} tries to complete somebody else's work: REFUSED, ${foreign.code}`);
  note(
    tech,
    "completes the work",
    (await tech.does("tech.complete", id, { checklist_status: fullChecklist, work })).receipt,
  );
  const packet = await tech.reads("tech.job_packet", { ticketId: id });
  const passed = await quinn.does("qa.verify", id, { timestamp: new Date().toISOString(), result: "PASS" });
  note(quinn, "verifies the work", passed.receipt);
  const billed = await fay.does("billing.generate_invoice", id, {});
  note(
    fay,
    `invoices $${(billed.invoice.total_cents / 100).toFixed(2)} (${billed.invoice.number}, ${billed.invoice.lines.length} lines)`,
    billed.receipt,
  );

  const ticket = await dana.reads("ticket.get", { ticketId: id });
  const timeline = await dana.reads("ticket.timeline", { ticketId: id });
  let verified = 0;
  for (const receipt of receipts) {
    const kept = await dana.reads("receipt.get", { receiptId: receipt.receipt_id });
    if (kept.hash === receipt.hash) verified++;
  }
  const ready = packet.packet.closeout_gate["ready"] === true;
  say(
    `The cockpit ${queued ? "listed the ticket" : "did NOT list the ticket"}; the job packet's gate ` +
      `is ${ready ? "ready" : "NOT ready"}; ${verified} of ${receipts.length} receipts read back ` +
      "unchanged.",
  );
  if (ticket.state !== "INVOICED" || !queued || !ready || verified !== receipts.length)
    throw new CommandFailure("The story did not end as it should.");
  return {
    ticket_id: id,
    state: ticket.state,
    timeline_events: timeline.events.length,
    receipts_verified: verified,
    duration_ms: Math.round(performance.now() - begun),
  };
}

/** Uploads and records the four pieces; the first is sent twice, as a phone with bad reception would. */
async function addEvidence(
  tech: Speaker,
  id: string,
  told: { say: (line: string) => void; note: (what: string, receipt: Receipt) => void },
): Promise<void> {
  let sentTwice = false;
  for (const file of evidenceFiles(id)) {
    const announcement = announcementOf(file);
    const upload = await tech.does("closeout.request_upload", id, announcement);
    told.note(`uploads ${file.key} (${file.contentType}, ${announcement.size_bytes} bytes)`, upload.receipt);
    await sendFile(upload, file);
    const input = { kind: file.kind, uri: upload.uri, evidence_key: file.key };
    const key = randomUUID();
    const added = await tech.does("closeout.add_evidence", id, input, key);
    if (added.verification !== "verified") throw new CommandFailure(`${file.key} was not verified`);
    told.note("records it; the server read it back: size, SHA-256 and type hold", added.receipt);
    if (sentTwice) continue;
    sentTwice = true;
    const again = await tech.repeats("closeout.add_evidence", id, input, key);
    if (!again.replayed || again.body.id !== added.id)
      throw new CommandFailure("A repeated call made a second piece of evidence.");
    told.say(`sent again with the same key: the same answer, still one item`);
  }
}
