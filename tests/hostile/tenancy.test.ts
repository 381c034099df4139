// Who sees whose rows: every tool of the contract says so in its case (tests/contract), every path of the API's own in a table
// here, and each is asked by somebody of A's about what is B's. isolation.test.ts asks the same at random.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openApiDocument } from "../../dispatch/api/openapi.ts";
import { commands, queries, contract, toolEntries, type ToolName } from "../../dispatch/contract/index.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import type { WorldOfB } from "../contract/command-cases/case.ts";
import { commandCases } from "../contract/command-table.ts";
import { queryCases } from "../contract/query-cases.ts";
import { startTestApi, type CallOptions, type TestApi } from "../support/api.ts";
import { everyCase } from "../support/cases.ts";
import { acme, addTechnician, ana, borealis } from "../support/directory.ts";
import { invoicedTicket } from "../support/invoices.ts";
import { day } from "../support/plan-day.ts";
import { requestOf } from "../support/request-builder.ts";
import { roomOf, saidIn } from "../support/room-builder.ts";
import { sleepingWorker, taskIn } from "../support/task-builder.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";
import { eventsUpTo } from "./event-reader.ts";

/** As the tool's case says; what names a ticket in its path is about that ticket. */
const scopingOf = (tool: ToolName) => ({ ...commandCases, ...queryCases })[tool].scope ?? ({ by: "ticket" } as const);

/** The API's own paths: how each keeps apart, and what it tells to anybody. */
const ownPaths: Readonly<
  Record<string, "rows" | "counts of the whole desk, for operators; no id" | "the same for everybody" | "only taken in">
> = {
  "/events": "rows",
  "/ops/alerts": "counts of the whole desk, for operators; no id",
  "/metrics": "counts of the whole desk, for operators; no id",
  "/health": "the same for everybody",
  "/contract": "the same for everybody",
  "/claims": "only taken in",
};

const ofA = [
  ["by account", { "x-account-scope": acme.id }],
  ["by site", { "x-site-scope": `${acme.oakland},${acme.dallas}` }],
  ["of A's account and B's site", { "x-account-scope": acme.id, "x-site-scope": borealis.albany }],
  ["of nothing", { "x-account-scope": "", "x-site-scope": "" }],
] as const;
const ofB = { "x-account-scope": borealis.id };

describe("whose rows a caller sees", async () => {
  const api = await startTestApi();
  let b: WorldOfB;
  before(async () => void (b = await worldOfB(api)));
  const rowsOf = (...kinds: readonly ReturnType<typeof scopingOf>["by"][]) =>
    toolEntries.filter(([tool]) => kinds.includes(scopingOf(tool).by));

  test("is settled in the table for every tool and every path of the API's own", () => {
    const { paths } = openApiDocument(contract);
    assert.ok(isObject(paths));
    const ofTools = new Set<string>(toolEntries.map(([, { path }]) => path));
    assert.deepEqual(
      Object.keys(paths)
        .filter((path) => !ofTools.has(path))
        .sort(),
      Object.keys(ownPaths).sort(),
    );
    for (const [tool, { path }] of toolEntries)
      assert.equal(path.includes("{ticketId}"), scopingOf(tool).by === "ticket", tool);
  });

  for (const [how, scope] of ofA) {
    test(`what names something of B's is refused to a caller ${how}, and leaves nothing behind`, async () => {
      const traces = await tracesLeft(api.owner);
      await everyCase(
        rowsOf("ticket", "named", "plan", "receipt", "invoice"),
        ([tool]) => tool,
        async ([
          tool,
          {
            roles: [as],
          },
        ]) => {
          const { status, error } = await api.refuse(tool, { ...callOf(tool, b), ...(as && { as }), headers: scope });
          assert.deepEqual([status, error.code], [403, "FORBIDDEN_SCOPE"]);
          assert.equal(error["scope_field"] === "site_id", how === "by site");
        },
      );
      assert.deepEqual(await tracesLeft(api.owner), traces);
    });
  }

  for (const [how, scope] of ofA) {
    test(`what lists holds nothing of B's for a caller ${how}`, async () => {
      await everyCase(
        rowsOf("rows", "desk"),
        ([tool]) => tool,
        async ([tool]) => {
          const reply = await api.call(tool, { ...callOf(tool, b), headers: scope });
          assert.ok(reply.status < 300, reply.text);
          assert.deepEqual(idsOfB(reply.text, b), []);
        },
        1,
      );
    });
  }

  test("while the same question of B's people shows it", async () => {
    await everyCase(
      rowsOf("rows"),
      ([tool]) => tool,
      async ([tool]) => {
        const reply = await api.call(tool, { ...callOf(tool, b), headers: ofB });
        assert.ok(reply.status < 300, reply.text);
        assert.ok(idsOfB(reply.text, b).length > 0, reply.text.slice(0, 300));
      },
      1,
    );
  });

  test("a filter for B's account, site or ticket widens nothing", async () => {
    const headers = { "x-account-scope": acme.id };
    const empty = async (
      tool: "ticket.search" | "dispatcher.cockpit" | "approval.list",
      query: string,
      list: string,
    ) => {
      const { text } = await api.call(tool, { query, headers });
      const body: unknown = JSON.parse(text);
      assert.ok(isObject(body));
      assert.deepEqual(body[list], [], `${tool}?${query}`);
    };
    for (const filter of [`account_id=${borealis.id}`, `site_id=${borealis.albany}`]) {
      await empty("ticket.search", filter, "tickets");
      await empty("dispatcher.cockpit", filter, "queue");
    }
    await empty("approval.list", `ticket_id=${b.tickets[0]}`, "approvals");
    for (const tool of ["dispatcher.cockpit", "ops.autonomy.state"] as const) {
      assert.equal(
        (await api.refuse(tool, { query: `ticket_id=${b.tickets[0]}`, headers })).error.code,
        "FORBIDDEN_SCOPE",
        tool,
      );
    }
  });

  test("what is B's counts for nothing under a ticket of A's", async () => {
    const headers = { "x-account-scope": acme.id };
    const { id } = await ticketIn(api, "APPROVAL_REQUIRED");
    const ticketOfA = await ticketIn(api, "SCHEDULED");
    const codes = await Promise.all([
      api.refuse("ticket.create", {
        headers,
        body: { account_id: acme.id, site_id: acme.oakland, asset_id: borealis.oven, summary: "Door" },
      }),
      api.refuse("ticket.create", {
        headers,
        body: { account_id: acme.id, site_id: borealis.albany, summary: "Door" },
      }),
      api.refuse("approval.decide", {
        headers,
        as: "approver",
        ticket: id,
        body: { approval_id: b.approvalId, decision: "APPROVED" },
      }),
      api.refuse("assignment.dispatch", {
        headers,
        ticket: ticketOfA.id,
        body: { tech_id: ana, recommendation_snapshot_id: b.snapshotId },
      }),
    ]);
    assert.deepEqual(
      codes.map(({ error }) => error.code),
      ["ASSET_NOT_FOUND", "SITE_NOT_FOUND", "APPROVAL_NOT_FOUND", "ASSIGNMENT_NOT_FOUND"],
    );
  });

  test("a worker's report moves no task of B's by a token for A's", async () => {
    const body = { type: "task_completed", task_id: b.taskId, summary: "done" };
    const traces = await tracesLeft(api.owner);
    for (const [, headers] of ofA) {
      const { error } = await api.refuse("event.report", {
        as: "agent",
        actor: b.roomWorker,
        room: b.room,
        headers,
        body,
      });
      assert.equal(error.code, "FORBIDDEN_SCOPE");
    }
    assert.deepEqual(await tracesLeft(api.owner), traces);
  });

  test("rooms are told nothing of B's work, B's question is not answered, and B's events stay unread", async () => {
    const traces = await tracesLeft(api.owner);
    const unread = () =>
      api.owner.query("SELECT id FROM room_events WHERE acked_at IS NULL AND task_id = $1", [b.taskId]);
    const { rows } = await unread();
    assert.equal(rows.length, 1);
    for (const [, headers] of ofA) {
      for (const command of [`/task ${b.taskId}`, `/job-packet ${b.tickets[1] ?? ""}`]) {
        const { error } = await api.refuse("room.push", { headers, body: { target: b.room, command } });
        assert.equal(error.code, "FORBIDDEN_SCOPE", command);
      }
      const [{ id: asked }] = rows as [{ id: string }];
      const answer = { target: b.room, command: "/queue-check", reply_to: asked };
      assert.equal((await api.refuse("room.push", { headers, body: answer })).error.code, "EVENT_NOT_FOUND");
      assert.equal(
        (await api.refuse("event.ack", { headers, body: { event_id: asked } })).error.code,
        "EVENT_NOT_FOUND",
      );
    }
    assert.deepEqual(await tracesLeft(api.owner), traces);
    api.clock.advance(1);
    const last = await saidIn(api, await roomOf(api));
    for (const [, headers] of ofA) await api.run("event.ack", { headers, body: { up_to: last } });
    assert.deepEqual((await unread()).rows, rows);
  });

  test("why B's room is in error, and what its screen showed, only B's people and whoever sees everything read", async () => {
    const secret = "The safe of Borealis is open";
    await api.owner.query("UPDATE rooms SET status_reason = $1 WHERE name = $2", [secret, b.room]);
    const { pushes } = await api.run("room.push", { body: { target: b.room, command: "/queue-check" } });
    await api.owner.query("UPDATE pushes SET captured = $1 WHERE id = $2", [secret, pushes[0]?.push_id]);
    const read = (headers: Record<string, string>) => api.read("room.status", { room: b.room, headers });
    assert.equal(JSON.stringify(await read({})).split(secret).length, 3);
    for (const [, headers] of ofA) assert.ok(!JSON.stringify(await read(headers)).includes(secret));
  });

  test("the API's own paths hold nothing of B's, and the stream of events only to B's people", async () => {
    const asked = { "x-actor-id": "somebody", "x-actor-role": "dispatcher", "x-account-scope": acme.id };
    for (const path of Object.keys(ownPaths).filter((one) => !/rows|taken/.test(ownPaths[one] ?? ""))) {
      const { status, text } = await api.send("GET", path, asked);
      assert.equal(status, 200, path);
      assert.deepEqual(idsOfB(text, b), [], path);
    }
    const { receipt } = await api.run("ticket.create", {
      body: { account_id: acme.id, site_id: acme.oakland, summary: "the last one" },
    });
    const port = Number(new URL(api.url).port);
    assert.deepEqual(idsOfB(await eventsUpTo(port, "/events?after=0.0", asked, receipt.receipt_id), b), []);
    const seen = await eventsUpTo(port, "/events?after=0.0", { ...asked, ...ofB }, b.receiptId);
    assert.ok(idsOfB(seen, b).length > 0);
  });
});

/** The call as the table says, with the contract's own example where nothing else matters. */
function callOf(tool: ToolName, b: WorldOfB): CallOptions {
  const row = scopingOf(tool);
  const isCommand = Object.hasOwn(commands, tool);
  const { example } = { ...commands, ...queries }[tool];
  const body = isCommand ? { body: example } : {};
  switch (row.by) {
    case "ticket":
      return { ...body, ticket: b.tickets[0] ?? "", evidence: b.receiptId };
    case "plan":
      return { ...body, plan: b.planId };
    case "receipt":
      return { receipt: b.receiptId };
    case "invoice":
      return { invoice: b.invoiceId };
    case "named":
      return row.send(b);
    default:
      return row.ask(b);
  }
}

const uuids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
const idsOfB = (text: string, { ids }: WorldOfB): string[] =>
  (text.match(uuids) ?? []).filter((id) => ids.has(id.toLowerCase()));

/** One ticket that waits for an approval, one with a technician on the way, one that a plan names, and a pause. */
async function worldOfB(api: TestApi): Promise<WorldOfB> {
  const of = { accountId: borealis.id, siteId: borealis.albany };
  await addTechnician(api.owner, { zone: "NY", name: "Nia of New York" });
  const waiting = await ticketIn(api, "APPROVAL_REQUIRED", of);
  const dispatched = await ticketIn(api, "DISPATCHED", of);
  const { invoiceId, ...billed } = await invoicedTicket(api, of);
  const unplanned = await ticketIn(api, "READY_TO_SCHEDULE", of);
  await api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: waiting.id, reason: "B said so" } });
  const { plan } = await api.run("plan.optimize", { headers: ofB, body: { day, iterations: 1 } });
  const { receipt, snapshot_id: snapshotId } = await api.run("assignment.recommend", {
    ticket: unplanned.id,
    body: { service_type: "DEFAULT" },
  });
  const { contact } = await api.run("contact.upsert", {
    body: { account_id: borealis.id, site_id: borealis.albany, name: "Alba Albany" },
  });
  const { id: taskId, assignee } = await taskIn(api, "assigned", { ticketId: waiting.id });
  const worker = await sleepingWorker(api, "night-clerk");
  const room = await roomOf(api, assignee);
  await saidIn(api, room, { type: "waiting_for_input", task_id: taskId, question: "Which door of Borealis?" });
  const { approvalId } = waiting;
  assert.ok(approvalId);
  const tickets = [waiting.id, dispatched.id, unplanned.id, billed.id];
  return {
    tickets,
    planId: plan.id,
    receiptId: receipt.receipt_id,
    invoiceId,
    approvalId,
    snapshotId,
    contactId: contact.id,
    taskId,
    worker,
    room: room.name,
    roomWorker: room.worker,
    approvalRequest: await requestOf(api, {
      ticket: waiting.id,
      account_id: borealis.id,
      site_id: (await api.read("ticket.get", { ticket: waiting.id })).site_id,
    }),
    spareEventId: await saidIn(api, await roomOf(api)),
    ids: new Set([
      ...tickets,
      plan.id,
      receipt.receipt_id,
      approvalId,
      snapshotId,
      contact.id,
      taskId,
      borealis.id,
      borealis.albany,
      borealis.oven,
    ]),
    clock: api.clock,
  };
}
