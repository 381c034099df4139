// Adds up what became of tasks and wakes, for metrics that outlive processes. Whichever worker comes first does.

import { advanceTally } from "../workforce/task-tally.ts";
import type { Duty, DutyParts } from "./duty.ts";

export const tallyTasks = ({ desk }: DutyParts): Duty => ({
  name: "tally tasks",
  round: async () => ({ more: await advanceTally(desk.db) }),
});
