// plan.get and plan.list: what was proposed, why, and what became of it.

import { reachParameter } from "../kernel/actor.ts";
import { deskQuery } from "../kernel/answer-query.ts";
import { planBody, planSummary, requirePlan, selectPlan, selectPlans } from "./plan-rows.ts";

export const planGet = deskQuery("plan.get", async ({ desk, actor, ids: { planId }, now }) => {
  const row = requirePlan(await desk.db.row(selectPlan, [planId]), planId, actor);
  return { plan: planBody(row, now) };
});

const normalLimit = 20;

export const planList = deskQuery("plan.list", async ({ desk, actor, input, now }) => {
  const { status = null, day = null, limit = normalLimit } = input;
  const rows = await desk.db.rows(selectPlans, [
    now,
    status,
    day,
    reachParameter(actor.accounts),
    reachParameter(actor.sites),
    limit,
  ]);
  return { plans: rows.map((row) => planSummary(row, now)), generated_at: now };
});
