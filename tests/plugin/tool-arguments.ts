// Arguments with which each command's tool is obeyed, for tests that call every one of them.

import assert from "node:assert/strict";
import { commands, type CommandName } from "../../dispatch/contract/index.ts";
import type { JsonObject } from "../../plugin/src/json.ts";
import type { DirectoryIds } from "../contract/command-cases/case.ts";
import { deskCase, waysOnTask, waysToObey } from "../contract/command-table.ts";
import { allStates, allTaskStates, type AnyStateName } from "../contract/roles-and-states.ts";
import type { TestApi } from "../support/api.ts";
import { acme, addSite, addTechnician, ana } from "../support/directory.ts";
import { anyProposal } from "../support/plan-day.ts";
import { taskIn, type TaskPlan } from "../support/task-builder.ts";
import { ticketIn } from "../support/ticket-builder.ts";

/**
 * Arranges what the command acts on: a ticket, a task, a technician, a plan, or nothing.
 * @param from the state of the ticket or task; the first the command starts from unless given
 * @param held who has the task
 */
export async function argumentsFor(
  api: TestApi,
  tool: CommandName,
  from: AnyStateName | undefined = commands[tool].from[0],
  held: Pick<TaskPlan, "assignee" | "isTechnicians"> = { assignee: "dana" },
): Promise<JsonObject> {
  const { path, example } = commands[tool];
  if (path.includes("{technicianId}")) return { tech_id: await addTechnician(api.owner, {}), ...example };
  if (path.includes("{planId}")) return { plan_id: (await anyProposal(api)).id };
  if (from === undefined || path.includes("{approvalRequestId}")) {
    const { inChat, body, arrange } = deskCase(tool);
    // A technician keeps the assets of places where they have work.
    if (tool === "asset.upsert") {
      const site_id = await addSite(api.owner);
      await ticketIn(api, "DISPATCHED", { techId: ana, accountId: acme.id, siteId: site_id });
      return { site_id, name: "Back door" };
    }
    if (inChat) return inChat;
    const { body: beside, ...ids } = (await arrange?.(api, held.assignee ?? "dana")) ?? {};
    return { ...inFields(ids), ...body("dispatcher"), ...beside };
  }
  const ofTask = allTaskStates.find((state) => state === from);
  if (path.includes("{taskId}") && ofTask) {
    const [known] = waysOnTask(tool, ofTask);
    assert.ok(known, `no way to obey ${tool}`);
    const task = await taskIn(api, ofTask, { ...known.plan, ...held });
    return { task_id: task.id, ...known.body };
  }
  const state = allStates.find((one) => one === from);
  const [way] = waysToObey(tool, from);
  assert.ok(way && state, `no way to obey ${tool}`);
  const ticket = await ticketIn(api, state, way.plan);
  await way.arrange?.(api, ticket);
  return { ticket_id: ticket.id, ...way.body(api, ticket) };
}

/** The ids of the directory, a worker's and a room's, by the names of the chat's parameters. */
export const inFields = (ids: DirectoryIds): JsonObject =>
  Object.fromEntries(Object.entries(ids).map(([kind, id]) => [namedInChat[kind] ?? `${kind}_id`, id]));
const namedInChat: Readonly<Record<string, string>> = {
  worker: "slug",
  room: "room",
  approvalRequest: "approval_request_id",
};
