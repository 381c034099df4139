// plan.cancel: ends a search, in whichever process it runs, or withdraws a proposal. A search looks at its row each time it
// tells its progress, twenty times over its budget; the best plan so far then becomes the proposal.

import { deskCommand } from "../kernel/desk-chain.ts";
import {
  lockPlan,
  notOpen,
  planBody,
  requestCancel,
  requirePlan,
  setPlanStatus,
  statusOf,
  type PlanRow,
} from "./plan-rows.ts";

export const planCancel = deskCommand({
  name: "plan.cancel",
  load: (tx, { ids: { planId } }) => tx.row(lockPlan, [planId]),
  decide({ ids: { planId }, actor, input, clockTime }, known: PlanRow | null) {
    const row = requirePlan(known, planId, actor);
    const status = statusOf(row, clockTime);
    if (status !== "RUNNING" && status !== "PROPOSED") throw notOpen(row, status);
    const after: PlanRow = status === "RUNNING" ? row : { ...row, status: "WITHDRAWN" };
    return {
      concerns: row,
      payload: { plan_id: row.id, previous_status: status, status: after.status, note: input.note ?? null },
      write: (tx) => [
        status === "RUNNING" ? tx.row(requestCancel, [row.id]) : tx.row(setPlanStatus, [row.id, after.status]),
      ],
      body: () => ({ plan: planBody(after, clockTime) }),
    };
  },
});
