// Arguments with which each command's tool is obeyed, for tests that call every one of them.

import assert from "node:assert/strict";
import { commands, type CommandName } from "../../dispatch/contract/index.ts";
import type { TicketState } from "../../dispatch/contract/states.ts";
import type { JsonObject } from "../../plugin/src/json.ts";
import type { DirectoryIds } from "../contract/command-cases/case.ts";
import { deskCase, waysToObey } from "../contract/command-table.ts";
import type { TestApi } from "../support/api.ts";
import { acme, addSite, addTechnician, ana } from "../support/directory.ts";
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
    const { inChat, body, arrange } = deskCase(tool);
    // A technician keeps the assets of places where they have work.
    if (tool === "asset.upsert") {
      const site_id = await addSite(api.owner);
      await ticketIn(api, "DISPATCHED", { techId: ana, accountId: acme.id, siteId: site_id });
      return { site_id, name: "Back door" };
    }
    if (inChat) return inChat;
    const { body: beside, ...ids } = (await arrange?.(api)) ?? {};
    return { ...inFields(ids), ...body("dispatcher"), ...beside };
  }
  const [way] = waysToObey(tool, from);
  assert.ok(way, `no way to obey ${tool}`);
  const ticket = await ticketIn(api, from, way.plan);
  await way.arrange?.(api, ticket);
  return { ticket_id: ticket.id, ...way.body(api, ticket) };
}

/** The ids of the directory by the names of the chat's parameters. */
export const inFields = (ids: DirectoryIds): JsonObject =>
  Object.fromEntries(Object.entries(ids).map(([kind, id]) => [`${kind}_id`, id]));
