// A technician who is signed off or leaves the roster gives back their desk tasks with their visits, in the same transaction.

import type { IdsOf, InputOf } from "../contract/index.ts";
import type { TechnicianId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { requireScope } from "../kernel/authorize.ts";
import type { Call, RowCommand } from "../kernel/command.ts";
import { rosterCommands } from "../workforce/roster-handlers.ts";
import { giveOutAgain } from "./agent-commands.ts";
import { handedBack } from "./take-back.ts";
import { taskColumns, type TaskRow } from "./task-row.ts";

// Behind the command's own locks: whoever would be given a task meanwhile is locked by then, and the task that they were given before
// is seen.
const lockTasksOfTechnician = statement<TaskRow>(
  "tasks_lock_of_technician",
  `SELECT ${taskColumns} FROM tasks
   WHERE assignee = (SELECT slug FROM worker_slugs WHERE technician_id = $1) AND status IN ('assigned', 'in_progress', 'blocked')
   ORDER BY id FOR NO KEY UPDATE`,
);

type WithTasks<Loaded> = { readonly loaded: Loaded; readonly tasks: readonly TaskRow[] };

/**
 * A roster's command that gives back the tasks of whoever leaves by it.
 * @param leaving who does; null: nobody
 */
function givingTasksBack<Input, Ids, Row, Change, Body, Answer extends object, Loaded, Prepared>(
  command: RowCommand<Input, Ids, Row, Change, Body, Answer, Loaded, Prepared>,
  leaving: (call: Pick<Call<Input, Ids>, "input" | "ids">) => TechnicianId | null,
): RowCommand<Input, Ids, Row, Change, Body, Answer, WithTasks<Loaded>, Prepared> {
  const { load, decide, name, on, aggregate, alone, preparedOnce, races } = command;
  return {
    name,
    on,
    aggregate,
    ...(alone !== undefined && { alone }),
    ...(preparedOnce !== undefined && { preparedOnce }),
    ...(races && { races }),
    async load(tx, call) {
      const who = leaving(call);
      const own = load?.(tx, call) as Promise<Loaded>;
      const [loaded, tasks] = await Promise.all([own, who === null ? [] : tx.rows(lockTasksOfTechnician, [who])]);
      return { loaded, tasks };
    },
    decide(call, { loaded, tasks }, prepared) {
      const decision = decide(call, loaded, prepared);
      if (tasks.length === 0) return decision;
      // As with visits: whoever may not see a task may not take it from whoever has it.
      for (const { account_id, site_id } of tasks)
        if (account_id !== null) requireScope(call.actor, { account_id, site_id });
      const related = giveOutAgain(tasks, (task) => handedBack(task, "stopped"));
      return {
        ...decision,
        payload: { ...decision.payload, handed_back: tasks.map(({ id }) => id) },
        related: [...(decision.related ?? []), ...related],
      };
    },
  };
}

type Leaving<N extends "roster.sign_off" | "roster.upsert"> = { readonly input: InputOf<N>; readonly ids: IdsOf<N> };

export const leavingCommands = {
  "roster.sign_off": givingTasksBack(
    rosterCommands["roster.sign_off"],
    ({ ids }: Leaving<"roster.sign_off">) => ids.technicianId,
  ),
  "roster.upsert": givingTasksBack(rosterCommands["roster.upsert"], ({ input }: Leaving<"roster.upsert">) =>
    input.active === false ? (input.tech_id ?? null) : null,
  ),
};
