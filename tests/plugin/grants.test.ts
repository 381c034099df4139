// Two people on a chat channel with different grants, and one who is not known: over every tool, each does exactly their own.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { queries, type CommandName, type QueryName } from "../../dispatch/contract/index.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import type { JsonObject } from "../../plugin/src/json.ts";
import { commandTable } from "../contract/command-table.ts";
import { queryTable } from "../contract/query-cases.ts";
import type { AnyStateName } from "../contract/roles-and-states.ts";
import { startTestApi } from "../support/api.ts";
import { acme, ana, ben, borealis } from "../support/directory.ts";
import { addReferenced } from "../support/evidence.ts";
import { invoicedTicket } from "../support/invoices.ts";
import { anyProposal } from "../support/plan-day.ts";
import { requestOf } from "../support/request-builder.ts";
import { roomOf } from "../support/room-builder.ts";
import { builtScope, taskIn } from "../support/task-builder.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";
import { believing, openChat, sender } from "./chat.ts";
import { argumentsFor } from "./tool-arguments.ts";

const everywhere = { accounts: ["*"], sites: ["*"], channel: "telegram" };
const people = [
  { actor: "dora", roles: ["dispatcher"] as const, senderId: "1", ...everywhere },
  { actor: "ana", roles: ["tech"] as const, techId: ana, senderId: "2", ...everywhere },
  { actor: "ben", roles: ["tech"] as const, techId: ben, senderId: "3", ...everywhere },
  {
    actor: "nell",
    roles: ["dispatcher"] as const,
    senderId: "4",
    channel: "telegram",
    accounts: [borealis.id],
    sites: ["*"],
  },
  { actor: "nora", roles: ["dispatcher"] as const, senderId: "5", channel: "telegram" },
];
const [dora, annie, benny, nell, nora, stranger] = [
  sender("1"),
  sender("2"),
  sender("3"),
  sender("4"),
  sender("5"),
  sender("6"),
];
type Who = ReturnType<typeof sender>;

/** A state the command starts from in which the work is Ana's, where there is one. */
const startOf = (from: readonly AnyStateName[]): AnyStateName | undefined =>
  (["IN_PROGRESS", "DISPATCHED", "ON_HOLD", "COMPLETED_PENDING_VERIFICATION"] as const).find((state) =>
    from.includes(state),
  ) ?? from[0];

describe("grants", async () => {
  const api = await startTestApi({ env: believing });
  const chat = openChat(api.url, { owner: null, people, clock: api.clock });

  // What the desk tasks take.
  await api.owner.query("UPDATE technicians SET skills = array_append(skills, $2) WHERE id = $1", [ana, builtScope]);
  const arranged = (tool: CommandName, from: readonly AnyStateName[]) =>
    argumentsFor(api, tool, startOf(from), { assignee: "ana-alvarez", isTechnicians: true });

  for (const { tool, path, roles, from } of commandTable) {
    const isOnTask = path.includes("{taskId}");
    const notTheirs = isOnTask ? "NOT_ASSIGNEE" : path.includes("{roomId}") ? "FORBIDDEN" : "NOT_ASSIGNED_TECH";
    const may = (role: Role) => roles.includes(role);

    test(`${tool} is for ${roles.join(", ")}`, async () => {
      const args = await arranged(tool, from);
      const refusedFirst = async (who: Who, code: string, wish: JsonObject = {}) => {
        const traces = await tracesLeft(api.owner);
        const said = await chat.say(tool, { ...args, ...wish }, { from: who, card: "allow-once" });
        assert.equal(said.first, `REFUSED ${code} ${tool}: nothing changed.`, said.text);
        assert.deepEqual(await tracesLeft(api.owner), traces);
      };
      await refusedFirst(stranger, "UNKNOWN_SENDER");
      await refusedFirst(stranger, "UNKNOWN_SENDER", { actor_role: "dispatcher", actor_id: "dora" });
      if (!may("dispatcher")) await refusedFirst(dora, "ROLE_NOT_GRANTED");
      if (!may("tech")) await refusedFirst(annie, "ROLE_NOT_GRANTED");
      await refusedFirst(annie, "ROLE_NOT_GRANTED", { actor_role: "dispatcher", actor_id: "dora" });
      await refusedFirst(dora, "ROLE_NOT_GRANTED", { actor_role: "tech", actor_id: "ana" });
      if (may("tech")) await refusedFirst(benny, notTheirs);
      // Scopes: another account's, and none at all; a task that is about no ticket lies in every scope.
      if (may("dispatcher") && from.length > 0 && !isOnTask)
        for (const who of [nell, nora]) await refusedFirst(who, "FORBIDDEN_SCOPE");

      let next: JsonObject | null = args;
      for (const [who, role] of [
        [dora, "dispatcher"],
        [annie, "tech"],
      ] as const) {
        if (!may(role)) continue;
        next ??= await arranged(tool, from);
        const said = await chat.say(tool, next, { from: who, card: "allow-once" });
        // What only the API sees was done when the answer was typed; this is told of it again.
        assert.ok(said.first === `DONE ${tool}` || said.details["replayed"] === true, said.text);
        next = null;
      }
    });
  }

  for (const { tool, roles } of queryTable) {
    test(`${tool} is for ${roles.join(", ")}`, async () => {
      const { id } = await ticketIn(api, tool === "schedule.slots" ? "READY_TO_SCHEDULE" : "IN_PROGRESS");
      const args = await argumentsOf(tool, id);
      const first = async (from: Who) => (await chat.say(tool, args, { from })).first;
      const refused = (code: string) => `REFUSED ${code} ${tool}: nothing changed.`;
      assert.equal(await first(stranger), refused("UNKNOWN_SENDER"));
      assert.equal(await first(dora), roles.includes("dispatcher") ? `READ ${tool}` : refused("ROLE_NOT_GRANTED"));
      assert.equal(await first(annie), roles.includes("tech") ? `READ ${tool}` : refused("ROLE_NOT_GRANTED"));
      if (args["ticket_id"] !== undefined) assert.equal(await first(nora), refused("FORBIDDEN_SCOPE"));
    });
  }

  async function argumentsOf(tool: QueryName, ticket_id: string): Promise<JsonObject> {
    const { path } = queries[tool];
    if (path.includes("{evidenceId}"))
      return { ticket_id, evidence_id: (await addReferenced(api, { ticket: ticket_id }, "photo")).id };
    if (path.includes("{ticketId}")) return { ticket_id };
    if (path.includes("{invoiceId}")) return { invoice_id: (await invoicedTicket(api)).invoiceId };
    if (tool === "tech.day") return { tech_id: ana };
    if (tool === "billing.export") return { from: "2026-01-01", to: "2026-12-31" };
    if (path.includes("{taskId}")) return { task_id: (await taskIn(api, "pending")).id };
    if (path.includes("{approvalRequestId}")) return { approval_request_id: await requestOf(api) };
    if (path.includes("{roomId}")) return { room: (await roomOf(api)).name };
    if (path.includes("{planId}")) return { plan_id: (await anyProposal(api)).id };
    if (path.includes("{accountId}")) return { account_id: acme.id };
    if (path.includes("{siteId}")) return { site_id: acme.oakland };
    if (path.includes("{assetId}")) return { asset_id: acme.door };
    if (path.includes("{contactId}")) {
      const { contact } = await api.run("contact.upsert", { body: { account_id: acme.id, name: "Kim Lee" } });
      return { contact_id: contact.id };
    }
    if (!path.includes("{receiptId}")) return {};
    const [event] = (await api.read("ticket.timeline", { ticket: ticket_id })).events;
    return { receipt_id: event?.id };
  }

  test("a reading shows what lies in the sender's scope and nothing else", async () => {
    const { id } = await ticketIn(api, "NEW", {
      accountId: borealis.id,
      siteId: borealis.albany,
      summary: "Oven hatch jams",
    });
    for (const tool of ["dispatcher.cockpit", "ticket.search"] as const) {
      const seen = (await chat.say(tool, {}, { from: nell })).text;
      assert.ok(seen.includes(id) && !seen.includes(acme.oakland) && !seen.includes("Acme"), seen);
      assert.doesNotMatch((await chat.say(tool, {}, { from: nora })).text, /ticket [0-9a-f]{8}-/);
    }
  });
});
