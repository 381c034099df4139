// Sends whoever is booked for a visit once its time has come, whether the worker booked them or a person did. Somebody who
// cannot be sent leaves the ticket waiting with the reason; whom to send instead is a dispatcher's to say.

import { newId } from "../kernel/clock.ts";
import { Refusal } from "../kernel/refusal.ts";
import { loadChainOfTicket, requireAutonomy } from "../field/autonomy.ts";
import { loadRoster, readingAt } from "../workforce/calendar.ts";
import { sendTime, sentAhead } from "../workforce/send-time.ts";
import { claimNextReserved, giveBack, putAside, type ReservedClaim, visitOver, waitUntil } from "./assignment-queue.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { awayPart } from "./trouble.ts";

export const sendTechnicians = (parts: DutyParts): Duty => ({
  name: "send technicians",
  async round(stopping) {
    const { desk } = parts;
    if (!desk.policy.workerMayDispatch) return { more: false };
    let looked = 0;
    while (looked < desk.settings.workerBatchLimit && !stopping()) {
      const claim = await claimNextReserved(desk.db, desk.clock.now());
      if (!claim) break;
      looked++;
      await sendClaimed(parts, claim);
    }
    return { more: looked === desk.settings.workerBatchLimit };
  },
});

async function sendClaimed(parts: DutyParts, claim: ReservedClaim): Promise<void> {
  const { desk, log, totals } = parts;
  const now = desk.clock.now();
  try {
    const at = await sendingOf(parts, claim);
    if (at > now.getTime()) return await waitUntil(desk.db, claim, at, null);
    const pauses = await loadChainOfTicket(desk.db, claim.ticketId);
    requireAutonomy(pauses, { id: claim.ticketId, incident_type: claim.incidentType });
    if (claim.visit && claim.visit.end <= now.getTime())
      return await putAside(desk.db, claim, now, { reason: visitOver, unable: false });
    await send(parts, claim);
  } catch (error) {
    if (awayPart(error) !== null) throw error;
    const code = error instanceof Refusal ? error.code : "DEFECT";
    if (code === "IDEMPOTENCY_IN_FLIGHT") return await giveBack(desk.db, claim, desk.clock.now());
    if (code === "DEFECT") totals.errors++;
    const about = { ticket_id: claim.ticketId, tech_id: claim.techId, reason: code };
    if (code === "DEFECT") log.error({ ...about, err: error }, "worker.dispatch_error");
    else log.warn(about, "worker.not_sent");
    await putAside(desk.db, claim, desk.clock.now(), { reason: code, unable: false });
  }
}

/** When the technician is to be sent; what is due by the clock alone asks for nobody's hours. */
async function sendingOf(
  { desk }: DutyParts,
  { ticketId, techId, visit, driveMinutes }: ReservedClaim,
): Promise<number> {
  if (visit === null) return -Infinity;
  const aheadMinutes = sentAhead(desk.policy, driveMinutes);
  const ahead = sendTime(visit, null, aheadMinutes);
  if (ahead <= desk.clock.now().getTime()) return ahead;
  const [technician] = await loadRoster(
    desk.db,
    { ticketId, techId },
    readingAt(desk.policy, desk.clock.now().toISOString()),
  );
  return sendTime(visit, technician ?? null, aheadMinutes);
}

async function send({ log, run, totals }: DutyParts, { ticketId, techId }: ReservedClaim): Promise<void> {
  const correlationId = newId();
  const input = { tech_id: techId, dispatch_mode: "WORKER_AUTO" as const };
  const { receipt } = await run("assignment.dispatch", { ticketId, correlationId, input });
  totals.dispatches++;
  log.info(
    { ticket_id: ticketId, correlation_id: correlationId, tech_id: techId, receipt_id: receipt.receipt_id },
    "worker.dispatch_success",
  );
}
