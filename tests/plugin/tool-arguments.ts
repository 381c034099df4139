// Arguments with which each command's tool is obeyed, for tests that call every one of them.

import assert from "node:assert/strict";
import { commands, type CommandName } from "../../dispatch/contract/index.ts";
import type { TicketState } from "../../dispatch/contract/states.ts";
import type { JsonObject } from "../../plugin/src/json.ts";
import { deskCase, waysToObey } from "../contract/command-table.ts";
import type { TestApi } from "../support/api.ts";
import { addTechnician } from "../support/directory.ts";
import { anyProposal } from "../support/plan-day.ts";
import { ticketIn } from "../support/ticket-builder.ts";

/**
 * Arranges what the command acts on: a ticket, a technician, a plan, or nothing.
 * @param from the state of the ticket; the first the command starts from unless given
 */
export async function argumentsFor(
  api: TestApi,
  tool: CommandName,
  from: TicketState | undefined = commands[tool].from[0],
): Promise<JsonObject> {
  const { path, example } = commands[tool];
  if (path.includes("{technicianId}")) return { tech_id: await addTechnician(api.owner, {}), ...example };
  if (path.includes("{planId}")) return { plan_id: (await anyProposal(api)).id };
  if (from === undefined) {
    const { inChat, body } = deskCase(tool);
    return inChat ?? { ...body("dispatcher") };
  }
  const [way] = waysToObey(tool, from);
  assert.ok(way, `no way to obey ${tool}`);
  const ticket = await ticketIn(api, from, way.plan);
  await way.arrange?.(api, ticket);
  return { ticket_id: ticket.id, ...way.body(api, ticket) };
}
