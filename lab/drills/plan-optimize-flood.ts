// One actor asks for many long plans at once; everybody else wants to go on working.

import { randomUUID } from "node:crypto";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";

const plans = 24;
const searchSeconds = 10;
const visits = 14;
const flowsAgainMs = 10_000;

export const planOptimizeFlood: Drill = {
  name: "plan-optimize-flood",
  about: `one actor asks for ${plans} plans of ${searchSeconds} s each at once`,
  told: null,
  reads: { must: [/^health: ok/m], mustNot: [/unavailable/, /unknown/] },
  runbook: "ops/runbooks/slo_burn.md",
  wellWithinMs: flowsAgainMs,
  seconds: 30,
  async provoke(ground) {
    const day = await dayOfVisits(ground);
    const stopping = new AbortController();
    let under = plans;
    const answers = Array.from({ length: plans }, () => ask(ground, day, stopping.signal).finally(() => under--));
    void Promise.allSettled(answers);
    return {
      // Whether commands get on beside it is asked while it lasts.
      isWell: () => {
        if (under === 0) throw new CommandFailure("The flood was over before anybody could be kept waiting by it.");
        return true;
      },
      undo: async () => {
        stopping.abort();
        await Promise.allSettled(answers);
      },
    };
  },
  mend: { by: "itself" },
};

/** A day with enough visits that a search for a better one uses its time. @returns the day, as plans name it */
async function dayOfVisits({ dispatcher, accountId, siteId }: Ground): Promise<string> {
  const days = new Map<string, number>();
  for (let n = 0; n < visits; n++) {
    const about = { account_id: accountId, site_id: siteId, summary: `Drill: visit ${n + 1}` };
    const { id } = await dispatcher.does("ticket.create", null, about);
    const triage = { priority: "ROUTINE", incident_type: "DOOR_WONT_LATCH", ready_to_schedule: true } as const;
    await dispatcher.does("ticket.triage", id, triage);
    const { booking } = await dispatcher.does("schedule.book", id, {});
    const day = booking.start.slice(0, 10);
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  return [...days].sort(([, one], [, other]) => other - one)[0]?.[0] ?? "";
}

async function ask({ url }: Ground, day: string, signal: AbortSignal): Promise<void> {
  await fetch(`${url}/plans/optimize`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "idempotency-key": randomUUID(),
      "x-actor-id": "drill-planner",
      "x-actor-role": "dispatcher",
    },
    body: JSON.stringify({ day, seconds: searchSeconds }),
    signal,
  });
}
