// Proposes the coming day of each zone once a night, by the same search a dispatcher can ask for. Workers need not agree: the
// first one's row claims the day. A proposal moves nothing; a person applies it in the morning, or lets it expire.

import { loadChainOfIncident } from "../field/autonomy.ts";
import { Refusal } from "../kernel/refusal.ts";
import { dueNightlyDays } from "../planning/nightly-days.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { awayPart } from "./trouble.ts";

/** A search that failed is not made again with every tick. */
const againMs = 600_000;

export function proposeNightlyPlan({ desk, log, run }: DutyParts): Duty {
  // By day and zone; as many as there are zones, since only the coming night's are looked at.
  let tried = new Map<string, number>();
  return {
    name: "propose nightly plan",
    async round(stopping) {
      const hour = desk.settings.nightlyPlanHour;
      if (hour === null) return { more: false };
      const now = desk.clock.now();
      const due = await dueNightlyDays(desk.db, now, hour);
      tried = new Map([...tried].filter(([claim]) => due.some((one) => one.claim === claim)));
      for (const { day, zone, timeZone, claim } of due) {
        if (stopping() || now.getTime() - (tried.get(claim) ?? -Infinity) < againMs) continue;
        const [desks] = await loadChainOfIncident(desk.db, null);
        if (desks?.is_paused) return { more: false };
        tried.set(claim, now.getTime());
        try {
          const { plan, receipt } = await run("plan.nightly", {
            ticketId: null,
            input: { day, zone, time_zone: timeZone },
          });
          log.info(
            { plan_id: plan.id, day, zone, moves: plan.moves.length, receipt_id: receipt.receipt_id },
            "worker.plan_proposed",
          );
        } catch (error) {
          // Another worker was first, or all its threads are busy: then the next tick sees.
          if (!(error instanceof Refusal) || awayPart(error) !== null) throw error;
          log.info({ day, zone, error_code: error.code }, "worker.plan_not_proposed");
        }
      }
      return { more: false };
    },
  };
}
