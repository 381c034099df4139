// The same 25 calls of a day twice: without an agent, and with one that does the paperwork as desk tasks. Every ticket ends in the
// same state by the same steps, every task is done, every receipt holds, and what is not an agent's to do is refused.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test, after } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import type { CommandName } from "../../dispatch/contract/index.ts";
import type { TicketState } from "../../dispatch/contract/states.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn, type Plan } from "../support/ticket-builder.ts";
import { tokenSecret } from "../support/token.ts";
import { tracesLeft } from "../support/traces-left.ts";
import { startTestWorker } from "../support/worker.ts";
import { addTask } from "./agents.ts";

type Paperwork = "warranty" | "quote" | "supplier";
type CallOfTheDay = {
  readonly summary: string;
  /** How far the day brings it. */
  readonly end: TicketState;
  readonly plan?: Plan;
  readonly paperwork: Paperwork;
};

const urgent = { priority: "URGENT" } as const;
const emergency = { priority: "EMERGENCY", nteCents: 88_000 } as const;
const calls: readonly CallOfTheDay[] = [
  { summary: "Front door does not latch", end: "CLOSED", paperwork: "warranty" },
  { summary: "Closer slams the door", end: "CLOSED", paperwork: "warranty" },
  { summary: "Shop cannot be locked", end: "INVOICED", plan: emergency, paperwork: "supplier" },
  { summary: "Panic bar hangs", end: "INVOICED", plan: urgent, paperwork: "warranty" },
  { summary: "Strike plate is bent", end: "INVOICED", paperwork: "quote" },
  { summary: "Hinge creaks and drops", end: "INVOICED", paperwork: "quote" },
  { summary: "Back door scrapes the floor", end: "VERIFIED", paperwork: "warranty" },
  { summary: "Double door leaves a gap", end: "VERIFIED", plan: urgent, paperwork: "supplier" },
  {
    summary: "Lock turns and does not open",
    end: "COMPLETED_PENDING_VERIFICATION",
    plan: emergency,
    paperwork: "quote",
  },
  { summary: "Door closer leaks oil", end: "COMPLETED_PENDING_VERIFICATION", paperwork: "warranty" },
  { summary: "Storeroom door sags", end: "IN_PROGRESS", paperwork: "quote" },
  { summary: "Shutter key broke off", end: "IN_PROGRESS", plan: urgent, paperwork: "supplier" },
  { summary: "Sliding door jumps its rail", end: "ON_HOLD", paperwork: "supplier" },
  { summary: "Roller of the gate is worn", end: "ON_HOLD", paperwork: "supplier" },
  { summary: "Night latch does not catch", end: "DISPATCHED", plan: emergency, paperwork: "warranty" },
  { summary: "Door rattles in the wind", end: "DISPATCHED", paperwork: "warranty" },
  { summary: "Two doors want new seals", end: "SCHEDULED", paperwork: "quote" },
  { summary: "Handle comes off", end: "SCHEDULED", plan: urgent, paperwork: "warranty" },
  { summary: "Cylinder is to be replaced", end: "SCHEDULE_PROPOSED", paperwork: "quote" },
  { summary: "Fire door wants a look", end: "READY_TO_SCHEDULE", paperwork: "supplier" },
  { summary: "Frame was hit by a cart", end: "APPROVAL_REQUIRED", paperwork: "quote" },
  {
    summary: "Closer costs more than allowed",
    end: "APPROVAL_REQUIRED",
    plan: { approvalFrom: "change" },
    paperwork: "quote",
  },
  { summary: "Some door somewhere squeaks", end: "NEEDS_INFO", paperwork: "warranty" },
  { summary: "Customer found the key", end: "CANCELLED", plan: { cancelledIn: "NEW" }, paperwork: "warranty" },
  { summary: "Customer shut the shop", end: "CANCELLED", plan: { cancelledIn: "DISPATCHED" }, paperwork: "supplier" },
];

const titles: Record<Paperwork, string> = {
  warranty: "Check the warranty",
  quote: "Draft the quote",
  supplier: "Call the supplier",
};

/** In place of a model: what came out depends on the kind of work alone. */
const clerk = `read -r task
case $task in
  *'"scope":"warranty"'*) said='{"result":{"in_warranty":true},"summary":"In warranty"}' ;;
  *'"scope":"quote"'*) said='{"result":{"lines":3},"summary":"A quote of three lines"}' ;;
  *'"scope":"supplier"'*) said='{"result":{"in_stock":true},"summary":"In stock"}' ;;
  *) said='{"result":{"calls":25},"summary":"25 calls today"}' ;;
esac
echo '{"progress":{"message":"at it","percent":50}}'
echo "$said"`;
const summaries = {
  warranty: "In warranty",
  quote: "A quote of three lines",
  supplier: "In stock",
  summary: "25 calls today",
};

/** Takes every call, and brings it as far as the day does. @returns the tickets, in the calls' order */
async function playDay(
  api: TestApi,
  onTaken: (call: CallOfTheDay, ticket: string) => Promise<void>,
): Promise<string[]> {
  const tickets: string[] = [];
  for (const call of calls) {
    const { id } = await api.run("ticket.create", {
      body: { account_id: acme.id, site_id: acme.oakland, summary: call.summary },
    });
    await onTaken(call, id);
    // With whom it is booked: nobody is left for the worker to find, so that the two days have the same steps.
    await ticketIn(api, call.end, { ticketId: id, booked: call.end !== "SCHEDULE_PROPOSED", ...call.plan });
    tickets.push(id);
  }
  return tickets;
}

/** What was done to a ticket, by whom, and where it came to. */
async function trailOf(api: TestApi, ticket: string): Promise<string[]> {
  const { events } = await api.read("ticket.timeline", { ticket });
  return events.map((one) => `${one.tool_name} by ${one.actor_id} as ${one.actor_role} -> ${one.after_state}`);
}

describe("a day of 25 calls", async () => {
  assert.equal(calls.length, 25);
  const [alone, helped] = [
    await startTestApi(),
    await startTestApi({ env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } }),
  ];
  const worker = await startTestWorker(helped);
  const options = {
    slug: "clerk",
    url: helped.url,
    capabilities: "warranty, quote, supplier, summary",
    "max-concurrent": "4",
    command: JSON.stringify(["sh", "-c", clerk]),
  };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const agent = spawn(process.execPath, ["dispatch/agent/main.ts", ...words], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"] ?? "" },
  });
  after(async () => {
    if (agent.exitCode === null && agent.signalCode === null && agent.kill("SIGKILL")) await once(agent, "exit");
  });
  await once(agent.stdout, "data");

  const without = await playDay(alone, async () => undefined);
  const tasks: string[] = [];
  const withAgent = await playDay(helped, async ({ paperwork }, ticket_id) => {
    const { id } = await addTask(helped, { title: titles[paperwork], scope: paperwork, ticket_id });
    tasks.push(id);
  });
  const lastWord = await addTask(helped, {
    title: "Sum up the day",
    scope: "summary",
    context: { tickets: withAgent.length },
  });
  tasks.push(lastWord.id);

  test("every piece of paperwork is done by the agent, by the broker's choice, at the first try", async () => {
    await eventually("all paperwork is done", async () => {
      await worker.wake();
      return (await helped.read("task.list", { query: "status=completed" })).length === tasks.length;
    });
    for (const [index, task] of tasks.entries()) {
      const done = await helped.read("task.check", { task });
      const kind = calls[index]?.paperwork ?? "summary";
      assert.deepEqual(
        [done.assignee, done.retry_count, done.ticket_id, done.result_summary],
        ["clerk", 0, withAgent[index] ?? null, summaries[kind]],
      );
      const steps = (await helped.read("task.events", { task })).map(({ tool, actor }) => `${tool} by ${actor}`);
      assert.deepEqual(
        // A task that comes while the clerk has all it may have waits, and is told of.
        steps.filter((step) => !/^task\.(?:progress|unmatched) by /.test(step)),
        ["task.create by dispatcher-1", "task.assign by dispatch-worker", "task.complete by clerk"],
      );
    }
  });

  test("every ticket ends where it ends without the agent, by the same steps of the same people", async () => {
    for (const [index, { end, summary }] of calls.entries()) {
      const [one = "", other = ""] = [without[index], withAgent[index]];
      assert.equal((await helped.read("ticket.get", { ticket: other })).state, end, summary);
      assert.deepEqual(await trailOf(helped, other), await trailOf(alone, one), summary);
    }
  });

  test("every receipt of the paperwork reads back, and every chain holds", async () => {
    const { rows } = await helped.owner.query<{ id: string; hash: string }>(
      "SELECT id, hash FROM audit_events WHERE aggregate = 'task'",
    );
    assert.ok(rows.length >= tasks.length * 3, `${rows.length} receipts`);
    const kept = await Promise.all(rows.map(({ id }) => helped.read("receipt.get", { as: "admin", receipt: id })));
    assert.deepEqual(
      kept.map(({ hash }) => hash),
      rows.map(({ hash }) => hash),
    );
    assert.deepEqual((await verifyAudit(helped.desk.db, aggregates)).faults, []);
  });

  /** What belongs to people, each on a ticket in the state it is for. */
  const notAnAgents: readonly (readonly [CommandName, TicketState, object])[] = [
    ["tech.check_in", "DISPATCHED", {}],
    ["tech.complete", "IN_PROGRESS", {}],
    ["qa.verify", "COMPLETED_PENDING_VERIFICATION", { result: "PASS" }],
    ["approval.decide", "APPROVAL_REQUIRED", { decision: "APPROVED" }],
    ["billing.generate_invoice", "VERIFIED", {}],
    ["ticket.close", "INVOICED", {}],
    ["assignment.dispatch", "SCHEDULED", {}],
    ["ticket.cancel", "READY_TO_SCHEDULE", { reason: "Nobody wants it" }],
  ];
  for (const [tool, state, body] of notAnAgents)
    test(`${tool} is not the agent's to do, and leaves nothing behind`, async () => {
      const ticket = withAgent[calls.findIndex(({ end }) => end === state)] ?? assert.fail();
      const before = await tracesLeft(helped.owner);
      const { status, error } = await helped.refuse(tool, { as: "agent", actor: "clerk", ticket, body });
      assert.deepEqual([status, error.code], [403, "FORBIDDEN"]);
      assert.deepEqual(await tracesLeft(helped.owner), before);
    });

  test("its own token opens nothing but what agents call", async () => {
    const { token } = await helped.run("worker.token", { as: "admin", worker: "clerk" });
    const headers = { "x-agent-id": "clerk", authorization: `Bearer ${token}` };
    const own = await helped.send("GET", "/api/v1/tasks?assignee=clerk", headers);
    assert.equal(own.status, 200);
    const [ticket] = withAgent;
    const { status } = await helped.send("GET", `/tickets/${ticket}`, headers);
    assert.equal(status, 401);
  });

  test("a note is what it may leave on a ticket, in its own name, and the state stays", async () => {
    const index = calls.findIndex(({ end }) => end === "ON_HOLD");
    const [ticket = "", same = ""] = [withAgent[index], without[index]];
    await helped.run("ticket.add_note", { as: "agent", actor: "clerk", ticket, body: { text: "In stock" } });
    assert.deepEqual(await trailOf(helped, ticket), [
      ...(await trailOf(alone, same)),
      "ticket.add_note by clerk as agent -> ON_HOLD",
    ]);
  });
});
