// Every command's case by its name, and as the table that the tests go through; command-cases/case.ts says what is in one.

import assert from "node:assert/strict";
import { commandEntries, type CommandName } from "../../dispatch/contract/index.ts";
import { approvalRequestCases } from "./command-cases/approval-request-cases.ts";
import { assignmentCases } from "./command-cases/assignment-cases.ts";
import type {
  CasesFor,
  CommandFacts,
  DeskCase,
  Obeyed,
  ObeyedTask,
  TaskCase,
  TicketCase,
} from "./command-cases/case.ts";
import { correctionCases } from "./command-cases/correction-cases.ts";
import { directoryCases } from "./command-cases/directory-cases.ts";
import { moneyCases } from "./command-cases/money-cases.ts";
import { importCases } from "./command-cases/import-cases.ts";
import { planCases } from "./command-cases/plan-cases.ts";
import { roomCases } from "./command-cases/room-cases.ts";
import { rosterCases } from "./command-cases/roster-cases.ts";
import { scheduleCases } from "./command-cases/schedule-cases.ts";
import { taskCases } from "./command-cases/task-cases.ts";
import { technicianCases } from "./command-cases/technician-cases.ts";
import { ticketCases } from "./command-cases/ticket-cases.ts";
import { visitCases } from "./command-cases/visit-cases.ts";
import { workerCases } from "./command-cases/worker-cases.ts";
import { allStates, allTaskStates, type AnyStateName } from "./roles-and-states.ts";

const cases: CasesFor<CommandName> = {
  ...ticketCases,
  ...correctionCases,
  ...moneyCases,
  ...scheduleCases,
  ...assignmentCases,
  ...visitCases,
  ...rosterCases,
  ...technicianCases,
  ...planCases,
  ...directoryCases,
  ...importCases,
  ...taskCases,
  ...workerCases,
  ...roomCases,
  ...approvalRequestCases,
};
export const commandCases: Readonly<Record<CommandName, TicketCase | TaskCase | DeskCase>> = cases;

export type CommandRow = CommandFacts & { readonly tool: CommandName };

export const commandTable: readonly CommandRow[] = commandEntries.map(([tool]) => ({ tool, ...commandCases[tool] }));

/** Every way in which a command on a ticket can be obeyed from a state it allows. */
export function waysToObey(tool: CommandName, from: AnyStateName): readonly Obeyed[] {
  const known = commandCases[tool];
  const state = allStates.find((one) => one === from);
  return "obeyed" in known && state ? known.obeyed(state) : [];
}

/** Every way in which a command on a task can be obeyed from a state it allows. */
export function waysOnTask(tool: CommandName, from: AnyStateName): readonly ObeyedTask[] {
  const known = commandCases[tool];
  const state = allTaskStates.find((one) => one === from);
  return "onTask" in known && state ? known.onTask(state) : [];
}

/** Of a command that is given on no ticket and no task. */
export function deskCase(tool: CommandName): DeskCase {
  const known = commandCases[tool];
  return "body" in known ? known : assert.fail(`${tool} is on a ticket or task`);
}
