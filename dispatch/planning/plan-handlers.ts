// The planner's commands and queries with their handlers. They are audited in the desk's own chain; a plan's moves are told
// in the chains of their tickets besides.

import { planApply } from "./plan-apply.ts";
import { planCancel } from "./plan-cancel.ts";
import { planNightly, planOptimize } from "./plan-optimize.ts";
import { planGet, planList } from "./plan-queries.ts";

export const planCommands = {
  "plan.optimize": planOptimize,
  "plan.nightly": planNightly,
  "plan.apply": planApply,
  "plan.cancel": planCancel,
} as const;

export const planQueries = { "plan.get": planGet, "plan.list": planList } as const;
