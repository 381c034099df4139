// Finds technicians for scheduled tickets that have none: worst first. Who is wanted soon is sent by the same two commands a
// dispatcher would give; for a later visit somebody is booked, and sent when its time comes.
// What cannot be assigned is put aside with its reason, and taken up again when its delay is over or the roster changes.

import { newId } from "../kernel/clock.ts";
import { Refusal } from "../kernel/refusal.ts";
import { isShortage, lostChoice, shortOf } from "../field/attention.ts";
import { isAnybodyAble } from "../field/anybody-able.ts";
import { loadChainOfTicket, requireAutonomy } from "../field/autonomy.ts";
import {
  claimNext,
  giveBack,
  type OpenClaim,
  putAside,
  putAsideAlike,
  recallTickets,
  visitOver,
  waitUntil,
} from "./assignment-queue.ts";
import { bumpForEmergency } from "./bump-for-emergency.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { anyService } from "../workforce/ability.ts";
import { sendTime } from "../workforce/send-time.ts";
import { awayPart, lacksRules } from "./trouble.ts";

type Outcome = "assigned" | "put_aside" | "skipped";

/** Another ticket may take the recommended technician in the moment between the two commands. */
const maxChoices = 3;
/** One claim in ten goes to a ticket that was put aside, so that a stream of new ones never starves those. */
const retryEvery = 10;
const recallLimit = 500;
/** A dispatcher took somebody off a moment ago, and may be about to say who comes instead. */
const handsOff = "HANDS_OFF";

/** @param onRecalled called when tickets may be due again, also some that only wait to be sent */
export function assignTickets(parts: DutyParts, onRecalled: () => void): Duty {
  const { desk, log, totals } = parts;
  let claims = 0;
  let toldAt = -Infinity;
  return {
    name: "assign tickets",
    async round(stopping) {
      if (!desk.policy.workerMayDispatch) return { more: false };
      const cycle = ++totals.cycles;
      const counts = { assigned: 0, put_aside: 0, skipped: 0 };
      let queued = 0;
      const recalled = await recallTickets(desk.db, desk.clock.now(), recallLimit);
      if (recalled.recalled > 0) onRecalled();
      while (queued < desk.settings.workerBatchLimit && !stopping()) {
        const claim = await claimNext(desk.db, desk.clock.now(), ++claims % retryEvery === 0);
        if (!claim) break;
        queued++;
        counts[await assign(parts, claim)]++;
      }
      // Between two ticks every commit of the desk leads to a cycle; those that found nothing would fill the log.
      const worthTelling = queued > 0 || performance.now() - toldAt >= desk.settings.workerLoopMs / 2;
      if (worthTelling) toldAt = performance.now();
      log[worthTelling ? "info" : "debug"](
        {
          cycle,
          queued_count: queued,
          processed_count: counts.assigned + counts.put_aside,
          skipped_count: counts.skipped,
          success_count: counts.assigned,
        },
        "worker.cycle_complete",
      );
      return { more: recalled.more || queued === desk.settings.workerBatchLimit };
    },
  };
}

async function assign(parts: DutyParts, claim: OpenClaim): Promise<Outcome> {
  const { desk } = parts;
  const now = () => desk.clock.now();
  try {
    const pauses = await loadChainOfTicket(desk.db, claim.ticketId);
    requireAutonomy(pauses, { id: claim.ticketId, incident_type: claim.incidentType });
    const handsOffUntil = (claim.takenOffAt ?? -Infinity) + desk.policy.handsOffMinutes * 60_000;
    if (handsOffUntil > now().getTime()) {
      await waitUntil(desk.db, claim, handsOffUntil, handsOff);
      return "put_aside";
    }
    if (claim.visit && claim.visit.end <= now().getTime()) {
      await putAside(desk.db, claim, now(), { reason: visitOver, unable: false });
      return "put_aside";
    }
    const reason = await choose(parts, claim);
    if (reason === null) return "assigned";
    await putAsideWithItsLike(parts, claim, reason);
    return "put_aside";
  } catch (error) {
    if (awayPart(error) !== null) throw error;
    if (error instanceof Refusal && error.code === "IDEMPOTENCY_IN_FLIGHT") await giveBack(desk.db, claim, now());
    // A defect that one ticket brings about must not keep the others waiting; it is in the log already.
    else
      await putAside(desk.db, claim, now(), {
        reason: error instanceof Refusal ? error.code : "DEFECT",
        unable: false,
      });
    return "skipped";
  }
}

async function putAsideWithItsLike({ desk, log }: DutyParts, claim: OpenClaim, reason: string): Promise<void> {
  const policy = await desk.policies.held(claim.policyVersion);
  const unable = !(await isAnybodyAble(desk.db, claim.ticketId, claim.incidentType, policy));
  await putAside(desk.db, claim, desk.clock.now(), { reason, unable });
  // Others of this kind need not take as many.
  if (isShortage(reason)) return;
  const alike = await putAsideAlike(desk.db, claim.ticketId, desk.clock.now(), { reason, unable });
  if (alike > 0) log.info({ ticket_id: claim.ticketId, reason, alike_count: alike }, "worker.put_aside_alike");
}

/**
 * Recommends, and sends or books whoever comes first.
 * @returns why nobody was found; null when somebody was
 * @throws Refusal when the ticket was taken by another, or work on it is paused
 */
async function choose(parts: DutyParts, claim: OpenClaim): Promise<string | null> {
  const { desk, log, run, totals } = parts;
  const { ticketId, incidentType, visit } = claim;
  const later = visit !== null && sendTime(visit, null, desk.policy.dispatchAheadMinutes) > desk.clock.now().getTime();
  const correlationId = newId();
  const serviceType = incidentType ?? anyService;
  for (let choice = 1; ; choice++) {
    const about = { ticket_id: ticketId, correlation_id: correlationId };
    const recommended = await run("assignment.recommend", {
      ticketId,
      correlationId,
      input: { service_type: serviceType },
    }).catch((error: unknown) => noteError(parts, "worker.recommend_error", about, error));
    const [first] = recommended.recommendations;
    if (!first) {
      // Of a visit that lies ahead others may yet make way by themselves; and a bump sends at once.
      const bumping = later ? false : bumpForEmergency(parts, claim, recommended.bump ?? [], correlationId);
      if (bumping && (await bumping.catch((error: unknown) => noteError(parts, "worker.dispatch_error", about, error))))
        return null;
      const { crew } = recommended;
      const reason = crew && crew.free > 0 && crew.free < crew.needed ? shortOf(crew) : whyNobody(recommended.rejected);
      log.info({ ...about, reason, rejected_count: recommended.rejected.length }, "worker.no_recommendation");
      return reason;
    }
    try {
      const input = { tech_id: first.tech_id, recommendation_snapshot_id: recommended.snapshot_id };
      const sending = { ticketId, correlationId, input: { ...input, dispatch_mode: "WORKER_AUTO" as const } };
      const { receipt } = later
        ? await run("assignment.reserve", { ticketId, correlationId, input })
        : await run("assignment.dispatch", sending);
      if (!later) totals.dispatches++;
      log.info(
        { ...about, tech_id: first.tech_id, score: first.score, receipt_id: receipt.receipt_id },
        later ? "worker.reserve_success" : "worker.dispatch_success",
      );
      return null;
    } catch (error) {
      if (error instanceof Refusal && lostChoice.has(error.code)) {
        if (choice < maxChoices) continue;
        return error.code;
      }
      return noteError(parts, "worker.dispatch_error", about, error);
    }
  }
}

/** What would have to change for somebody to be found: the time, or else the zone, or else what people can do. */
function whyNobody(rejected: readonly { readonly reason: string }[]): string {
  const reasons = new Set(rejected.map(({ reason }) => reason));
  const never = ["INACTIVE", "DRAINED", "SKILL_MISSING", "TOOL_MISSING", "ZONE_MISMATCH"];
  // It is the same for all who could, and a search for somebody else finds nobody.
  if (reasons.has("SITE_CLOSED")) return "SITE_CLOSED";
  if (reasons.size === 0 || [...reasons].some((reason) => !never.includes(reason))) return "NOBODY_AVAILABLE";
  if (reasons.has("ZONE_MISMATCH")) return "ZONE_MISMATCH";
  return reasons.has("SKILL_MISSING") || reasons.has("TOOL_MISSING") ? "SKILL_MISSING" : "NOBODY_AVAILABLE";
}

/** Logs what is neither another's success nor a part that is away, and throws it on. */
function noteError({ log, totals }: DutyParts, message: string, about: object, error: unknown): never {
  const code = error instanceof Refusal ? error.code : null;
  const expected =
    lacksRules(error) ||
    code === "AUTONOMY_DISABLED" ||
    code === "IDEMPOTENCY_IN_FLIGHT" ||
    code === "INVALID_STATE_TRANSITION";
  if (!expected && awayPart(error) === null) {
    totals.errors++;
    log.error({ ...about, error_code: code, err: error }, message);
  }
  throw error;
}
