// What a model asked a person for is kept in the database until somebody answers: it is done once, as it was shown, by whoever of API and
// worker comes to it; and never where nobody allowed it, or what it concerns is no longer as it was.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { actorFrom } from "../../dispatch/approval-requests/asker.ts";
import { allow, carryOut } from "../../dispatch/approval-requests/carry-out.ts";
import { selectRequest } from "../../dispatch/approval-requests/request-row.ts";
import type { ApprovalRequestBody } from "../../dispatch/contract/approval-request-responses.ts";
import { commandHandlers } from "../../dispatch/handlers.ts";
import { execute } from "../../dispatch/kernel/execute.ts";
import { openKernel } from "../../dispatch/kernel/kernel.ts";
import { RecentAnswers } from "../../dispatch/kernel/recent-answers.ts";
import { Refusal } from "../../dispatch/kernel/refusal.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { canonicalSha256 } from "../../dispatch/policy/canonical-json.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { call } from "../api/calls.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { speaking, tokenSecret } from "../support/token.ts";
import { tracesLeft } from "../support/traces-left.ts";
import { startTestWorker } from "../support/worker.ts";

const env = { DISPATCH_AUTH_JWT_SECRET: tokenSecret };
const reason = "the customer fixed it";
const dayMs = 24 * 3_600_000;
const noTrace = { correlationId: randomUUID(), traceId: null, traceParent: null, traceState: null };

/** Who asks through a model, and who answers themselves. */
const modelOf = (api: TestApi, claims: object = {}) => speaking(api, { via: "chat", actor_type: "AGENT", ...claims });
const person = (api: TestApi, sub = "olga", claims: object = {}) =>
  speaking(api, { sub, actor_type: "HUMAN", ...claims });

type Asked = { readonly id: string; readonly ticket: string; readonly key: string };

/** A model asks for the cancelling of a new ticket. */
async function ask(api: TestApi, claims: object = {}): Promise<Asked> {
  const { id: ticket } = await ticketIn(api, "NEW");
  const key = randomUUID();
  const { status, error } = await cancel(api, { ticket, key }, claims);
  assert.equal(status, 403);
  assert.equal(error.code, "HUMAN_APPROVAL_REQUIRED");
  return { id: String(error["approval_request"]).toLowerCase(), ticket, key };
}

const cancel = (api: TestApi, { ticket, key }: Pick<Asked, "ticket" | "key">, claims: object = {}) =>
  api.refuse("ticket.cancel", { ticket, key, body: { reason }, headers: modelOf(api, claims) });

const decide = (api: TestApi, id: string, outcome: "approved" | "denied", headers = person(api)) =>
  api.run("approval_request.decide", { approvalRequest: id, body: { outcome }, headers });

const read = (api: TestApi, id: string): Promise<ApprovalRequestBody> =>
  api.read("approval_request.get", { approvalRequest: id, headers: person(api) });

const stateOf = async (api: TestApi, ticket: string) => (await api.read("ticket.get", { ticket })).state;

/** The word of a person who answered the card of this call. */
const cardFor = (api: TestApi, { ticket, key }: Asked) => ({
  human_approval: {
    tool: "ticket.cancel",
    target: { aggregate: "ticket", id: ticket },
    arguments_hash: canonicalSha256({ reason }),
    request_id: key,
    approved_by: "Olga, owner",
    at: api.clock.iso,
  },
});

/** How often a ticket was cancelled, and on whose word. */
async function cancellations(api: TestApi, ticket: string) {
  const { rows } = await api.owner.query<{ payload: Record<string, unknown> }>(
    "SELECT payload FROM audit_events WHERE aggregate_id = $1 AND tool_name = 'ticket.cancel'",
    [ticket],
  );
  return rows.map(({ payload }) => [payload["approved_by"], payload["approval_request"], payload["via"]]);
}

describe("a call that a person must allow", async () => {
  const api = await startTestApi({ env });
  const kernel = openKernel(api.desk, commandHandlers);

  test("is kept as what it is, what it would change, and for how long; once for one key", async () => {
    const { id, ticket, key } = await ask(api, { claimed_by: "the owner" });
    const kept = await read(api, id);
    assert.deepEqual(
      {
        number: kept.number,
        status: kept.status,
        tool: kept.tool,
        target: kept.target,
        ticket_id: kept.ticket_id,
        arguments: kept.arguments,
        foreseen: kept.foreseen,
        asked_by: kept.asked_by,
        claimed_by: kept.claimed_by,
        rule: kept.rule,
        four_eyes: kept.four_eyes,
        hours: (Date.parse(kept.expires_at) - Date.parse(kept.created_at)) / 3_600_000,
      },
      {
        number: id.toUpperCase(),
        status: "pending",
        tool: "ticket.cancel",
        target: { aggregate: "ticket", id: ticket },
        ticket_id: ticket,
        arguments: { reason },
        foreseen: { state: "NEW", becomes: "CANCELLED", facts: {} },
        asked_by: "dana",
        claimed_by: "the owner",
        rule: "ticket.cancel",
        four_eyes: false,
        hours: 72,
      },
    );
    assert.match(kept.number, /^A-\d{6}$/);
    const again = await cancel(api, { ticket, key });
    assert.equal(again.error["approval_request"], kept.number);
    const other = await cancel(api, { ticket, key: randomUUID() });
    assert.notEqual(other.error["approval_request"], kept.number);
    assert.equal(await stateOf(api, ticket), "NEW");
  });

  test("allowed by a person it is done at once, in the asker's name; the asker's call is answered then", async () => {
    const { id, ticket, key } = await ask(api);
    assert.equal((await decide(api, id, "approved")).status, "approved");
    const done = await read(api, id);
    assert.deepEqual([done.status, done.decided_by, done.error], ["executed", "olga", null]);
    assert.equal(await stateOf(api, ticket), "CANCELLED");
    assert.deepEqual(await cancellations(api, ticket), [["olga", done.number, "chat"]]);
    const replay = await api.call("ticket.cancel", { ticket, key, body: { reason }, headers: modelOf(api) });
    assert.equal(replay.headers["idempotency-replayed"], "true");
    assert.ok(replay.text.includes(done.receipt_id ?? "none"));
    const late = await api.refuse("approval_request.decide", {
      approvalRequest: id,
      body: { outcome: "denied" },
      headers: person(api),
    });
    assert.equal(late.error.code, "INVALID_STATE_TRANSITION");
  });

  test("denied or taken back it stays undone, and whoever asks again is told", async () => {
    const denied = await ask(api);
    await decide(api, denied.id, "denied");
    const { error } = await cancel(api, denied);
    assert.deepEqual([error["approval_status"], error["decided_by"]], ["denied", "olga"]);
    const withdrawn = await ask(api);
    await api.run("approval_request.withdraw", {
      approvalRequest: withdrawn.id,
      body: { reason },
      headers: modelOf(api),
    });
    assert.equal((await cancel(api, withdrawn)).error["approval_status"], "withdrawn");
    for (const { id, ticket } of [denied, withdrawn]) {
      await carryOut(kernel, id);
      const { error: late } = await api.refuse("approval_request.decide", {
        approvalRequest: id,
        body: { outcome: "approved" },
        headers: person(api),
      });
      assert.equal(late.code, "INVALID_STATE_TRANSITION");
      assert.equal(await stateOf(api, ticket), "NEW");
    }
  });

  test("a ticket that changed meanwhile is not changed on the old word: it is asked anew, with the difference", async () => {
    const { id, ticket } = await ask(api);
    await api.run("ticket.add_note", { ticket, body: { text: "A note changes nothing", visibility: "internal" } });
    await api.run("ticket.update", { ticket, body: { summary: "They want us to come after all" } });
    await decide(api, id, "approved");
    const old = await read(api, id);
    assert.deepEqual([old.status, old.error?.code, old.receipt_id], ["failed", "APPROVAL_OUTDATED", null]);
    assert.equal(await stateOf(api, ticket), "NEW");
    const anew = await read(api, String(old.asked_again).toLowerCase());
    assert.deepEqual(
      [anew.status, anew.asks_again_for, anew.differs, anew.asked_by],
      ["pending", old.number, ["it has changed since it was asked for: version 0 then, 1 now"], "dana"],
    );
    await decide(api, anew.approval_request_id, "approved");
    assert.equal((await read(api, anew.approval_request_id)).status, "executed");
    assert.equal(await stateOf(api, ticket), "CANCELLED");
  });

  test("only a person answers: no model without a card, no service, nobody for an agent", async () => {
    const { id, ticket } = await ask(api);
    const answer = (headers: ReturnType<typeof person>) =>
      api.refuse("approval_request.decide", { approvalRequest: id, body: { outcome: "approved" }, headers });
    const traces = await tracesLeft(api.owner);
    assert.equal((await answer(modelOf(api))).error.code, "HUMAN_APPROVAL_REQUIRED");
    assert.equal(
      (await answer(modelOf(api, { sub: "olga", claimed_by: "the owner" }))).error.code,
      "HUMAN_APPROVAL_REQUIRED",
    );
    assert.equal((await answer(person(api, "olga", { actor_type: "AGENT" }))).error.code, "HUMAN_REQUIRED");
    assert.equal((await answer(person(api, "olga", { actor_type: "SERVICE" }))).error.code, "HUMAN_REQUIRED");
    assert.equal((await answer(person(api, "olga", { role: "tech" }))).error.code, "FORBIDDEN");
    assert.deepEqual(await tracesLeft(api.owner), traces);
    assert.equal(await stateOf(api, ticket), "NEW");
    assert.equal((await read(api, id)).status, "pending");
  });

  test("a model answers with the word of a person for that very answer", async () => {
    const { id, ticket } = await ask(api);
    const [key, body] = [randomUUID(), { outcome: "approved" }];
    const human_approval = {
      tool: "approval_request.decide",
      target: { aggregate: "approval_request", id },
      arguments_hash: canonicalSha256(body),
      request_id: key,
      approved_by: "olga",
      at: api.clock.iso,
    };
    await api.run("approval_request.decide", {
      approvalRequest: id,
      key,
      body,
      headers: modelOf(api, { human_approval }),
    });
    assert.deepEqual(await cancellations(api, ticket), [["olga", id.toUpperCase(), "chat"]]);
  });

  test("a card that was answered in time does it, and closes the request; not where the ticket changed since it was shown", async () => {
    const quick = await ask(api);
    await api.run("ticket.cancel", { ...quick, body: { reason }, headers: modelOf(api, cardFor(api, quick)) });
    const done = await read(api, quick.id);
    assert.deepEqual([done.status, done.decided_by], ["executed", "Olga, owner"]);
    assert.ok(done.receipt_id);
    const denied = await ask(api);
    await decide(api, denied.id, "denied");
    const late = await cancel(api, denied, cardFor(api, denied));
    assert.deepEqual([late.error.code, late.error["approval_status"]], ["HUMAN_APPROVAL_REQUIRED", "denied"]);
    assert.equal(await stateOf(api, denied.ticket), "NEW");
    const slow = await ask(api);
    await api.run("ticket.update", { ticket: slow.ticket, body: { summary: "They want us to come after all" } });
    const { error } = await cancel(api, slow, cardFor(api, slow));
    assert.equal(error.code, "APPROVAL_OUTDATED");
    assert.equal(await stateOf(api, slow.ticket), "NEW");
    const [old, anew] = [await read(api, slow.id), await read(api, String(error["asked_again"]).toLowerCase())];
    assert.deepEqual([old.status, old.asked_again, anew.status], ["failed", anew.number, "pending"]);
  });

  test("a card for another call by its key is obeyed; what the key kept is then done no more, and says why", async () => {
    const kept = await ask(api);
    const { id: ticket } = await ticketIn(api, "NEW");
    const other = { ...kept, ticket };
    await api.run("ticket.cancel", { ...other, body: { reason }, headers: modelOf(api, cardFor(api, other)) });
    assert.equal((await read(api, kept.id)).status, "pending");
    assert.equal((await decide(api, kept.id, "approved")).status, "approved");
    const { status, error, decided_by } = await read(api, kept.id);
    assert.deepEqual([status, error?.code, decided_by], ["failed", "IDEMPOTENCY_PAYLOAD_MISMATCH", "olga"]);
    assert.deepEqual([await stateOf(api, kept.ticket), await stateOf(api, ticket)], ["NEW", "CANCELLED"]);
    const anew = { ...kept, key: randomUUID() };
    assert.equal((await cancel(api, anew)).error["approval_status"], "pending");
  });

  test("cards of calls that came by one key, of two tools and of two callers, are each obeyed", async () => {
    const first = await ask(api);
    const { account } = await api.run("account.upsert", { body: { name: "Short-lived, by card" } });
    const { id: other } = await ticketIn(api, "NEW");
    const archive = { account: account.id, key: first.key, body: { reason } };
    await api.refuse("account.archive", { ...archive, headers: modelOf(api) });
    await cancel(api, { ticket: other, key: first.key }, { sub: "erin" });
    const archiving = { ...cardFor(api, first).human_approval, tool: "account.archive" };
    const target = { aggregate: "account", id: account.id };
    const word = { human_approval: { ...archiving, target } };
    await api.run("ticket.cancel", { ...first, body: { reason }, headers: modelOf(api, cardFor(api, first)) });
    await api.run("account.archive", { ...archive, headers: modelOf(api, word) });
    const theirs = { sub: "erin", ...cardFor(api, { ...first, ticket: other }) };
    await api.run("ticket.cancel", { ...first, ticket: other, body: { reason }, headers: modelOf(api, theirs) });
    assert.deepEqual([await stateOf(api, first.ticket), await stateOf(api, other)], ["CANCELLED", "CANCELLED"]);
  });

  test("a key that keeps one call is refused for another; anybody else has a request of their own", async () => {
    const { id, ticket, key } = await ask(api);
    const { id: other } = await ticketIn(api, "NEW");
    for (const [target, body] of [
      [other, { reason }],
      [ticket, { reason: "another one" }],
    ] as const) {
      const { error } = await api.refuse("ticket.cancel", { ticket: target, key, body, headers: modelOf(api) });
      assert.equal(error.code, "IDEMPOTENCY_PAYLOAD_MISMATCH");
    }
    const theirs = await cancel(api, { ticket: other, key }, { sub: "erin" });
    assert.equal(theirs.error.code, "HUMAN_APPROVAL_REQUIRED");
    assert.notEqual(String(theirs.error["approval_request"]).toLowerCase(), id);
    assert.deepEqual([await stateOf(api, ticket), await stateOf(api, other)], ["NEW", "NEW"]);
    await decide(api, id, "approved");
    assert.deepEqual([await stateOf(api, ticket), await stateOf(api, other)], ["CANCELLED", "NEW"]);
  });

  test("one call has one number, in whatever order its JSON comes, and however many come at once", async () => {
    const { id: ticket } = await ticketIn(api, "NEW");
    const key = randomUUID();
    const code = "CUSTOMER";
    const orders = [
      { reason, cancellation_code: code },
      { cancellation_code: code, reason },
    ];
    const send = (body: object) => api.refuse("ticket.cancel", { ticket, key, body, headers: modelOf(api) });
    const answers = await Promise.all([...orders, ...orders, ...orders].map(send));
    for (const { error } of answers) assert.equal(error.code, "HUMAN_APPROVAL_REQUIRED");
    assert.equal(new Set(answers.map(({ error }) => error["approval_request"])).size, 1);
  });

  test("of two calls that come at once by one key one is kept, and the other refused", async () => {
    const key = randomUUID();
    const tickets = [(await ticketIn(api, "NEW")).id, (await ticketIn(api, "NEW")).id];
    const codes = (await Promise.all(tickets.map((ticket) => cancel(api, { ticket, key })))).map(
      ({ error }) => error.code,
    );
    assert.deepEqual(codes.toSorted(), ["HUMAN_APPROVAL_REQUIRED", "IDEMPOTENCY_PAYLOAD_MISMATCH"]);
  });

  test("a key counts for one tool: by the same key another tool's call is kept beside it, and each is done", async () => {
    const { id, ticket, key } = await ask(api);
    const { account } = await api.run("account.upsert", { body: { name: "Short-lived" } });
    const archive = { account: account.id, key, body: { reason }, headers: modelOf(api) };
    const { error } = await api.refuse("account.archive", archive);
    assert.equal(error.code, "HUMAN_APPROVAL_REQUIRED");
    const other = String(error["approval_request"]).toLowerCase();
    for (const request of [id, other]) {
      await decide(api, request, "approved");
      assert.equal((await read(api, request)).status, "executed");
    }
    assert.equal(await stateOf(api, ticket), "CANCELLED");
  });

  test("what it moves is counted, once, whether a person decides or a card is answered", async () => {
    const cancelled = async (): Promise<number> => {
      const { text } = await call(api, "/metrics", { headers: { accept: "text/plain" } });
      return Number(
        /^dispatch_transitions_total\{from_state="NEW",to_state="CANCELLED"\} (\d+)$/m.exec(text)?.[1] ?? 0,
      );
    };
    const before = await cancelled();
    const decided = await ask(api);
    await decide(api, decided.id, "approved");
    assert.equal(await cancelled(), before + 1);
    const quick = await ask(api);
    for (const count of [before + 2, before + 2]) {
      await api.run("ticket.cancel", { ...quick, body: { reason }, headers: modelOf(api, cardFor(api, quick)) });
      assert.equal(await cancelled(), count);
    }
  });

  test("it is only asked whether a person must allow it: then nothing is done, whatever the answer", async () => {
    const { id: ticket } = await ticketIn(api, "NEW");
    const asking = { ...modelOf(api), "dispatch-ask": "approval" };
    const { error } = await api.refuse("ticket.cancel", { ticket, body: { reason }, headers: asking });
    assert.equal(error.code, "HUMAN_APPROVAL_REQUIRED");
    assert.match(String(error["approval_request"]), /^A-\d{6}$/);
    const traces = await tracesLeft(api.owner);
    const note = { ticket, body: { text: "a note", visibility: "internal" } };
    for (const headers of [asking, { ...person(api), "dispatch-ask": "approval" }])
      assert.equal((await api.refuse("ticket.add_note", { ...note, headers })).error.code, "APPROVAL_NOT_NEEDED");
    assert.deepEqual(await tracesLeft(api.owner), traces);
  });

  test("whoever reaches none of its account neither reads nor answers it", async () => {
    const { id, ticket } = await ask(api);
    const scope = { account_ids: [randomUUID()], site_ids: "*" };
    const stranger = person(api, "stan", { scope });
    const listed = await api.read("approval_request.list", { headers: stranger });
    assert.deepEqual(listed.approval_requests, []);
    const calls = [
      api.refuse("approval_request.get", { approvalRequest: id, headers: stranger }),
      api.refuse("approval_request.decide", { approvalRequest: id, body: { outcome: "approved" }, headers: stranger }),
      api.refuse("approval_request.withdraw", { approvalRequest: id, body: {}, headers: stranger }),
    ];
    for (const { error } of await Promise.all(calls)) assert.equal(error.code, "FORBIDDEN_SCOPE");
    assert.equal(await stateOf(api, ticket), "NEW");
    const { approval_requests: mine } = await api.read("approval_request.list", { headers: person(api) });
    assert.ok(mine.some(({ approval_request_id }) => approval_request_id === id));
  });

  /** An API that dies behind a person's answer. */
  const onlyAllow = (id: string) =>
    execute(kernel, {
      name: "approval_request.decide",
      path: `/approval-requests/${id}/decide`,
      ids: { approvalRequestId: id },
      body: { outcome: "approved" },
      requestId: randomUUID(),
      actor: { id: "olga", role: "dispatcher", type: "HUMAN", techId: null, accounts: "*", sites: "*" },
      trace: noTrace,
    });

  test("what another carried out meanwhile is not said to have failed by one that was refused before", async () => {
    const { id, ticket, key } = await ask(api);
    await onlyAllow(id);
    class Overtaken extends RecentAnswers {
      #isFirst = true;
      override async find(answerKey: string) {
        if (!this.#isFirst) return super.find(answerKey);
        this.#isFirst = false;
        const row = await api.desk.db.row(selectRequest, [id]);
        assert.ok(row);
        await execute(kernel, {
          name: row.tool,
          path: row.path,
          ids: { ticketId: ticket },
          body: { reason },
          requestId: key,
          actor: actorFrom(row),
          trace: noTrace,
          approved: { number: id.toUpperCase(), by: "olga", foreseen: row.foreseen, version: row.target_version },
        });
        throw new Refusal("INVALID_STATE_TRANSITION");
      }
    }
    await carryOut({ ...kernel, recent: new Overtaken(api.desk.db) }, id);
    const { status, error, receipt_id } = await read(api, id);
    assert.deepEqual([status, error], ["executed", null]);
    assert.ok(receipt_id);
    assert.equal((await cancellations(api, ticket)).length, 1);
  });

  test("where an API dies behind the answer a worker carries it out; ten at once do it once", async () => {
    const { id, ticket } = await ask(api);
    await onlyAllow(id);
    assert.equal(await stateOf(api, ticket), "NEW");
    await Promise.allSettled(Array.from({ length: 10 }, () => carryOut(kernel, id)));
    const worker = await startTestWorker(api);
    api.clock.advanceMs(5_000);
    await worker.until("it is done", async () => (await read(api, id)).status === "executed");
    assert.equal((await cancellations(api, ticket)).length, 1);
  });

  test("where an API dies behind a card, nobody denies it any more, and it is still carried out, once", async () => {
    const { id, ticket } = await ask(api);
    const row = await api.desk.db.row(selectRequest, [id]);
    assert.ok(row);
    await allow(kernel, row, "Olga, owner");
    await allow(kernel, row, "Olga, owner");
    assert.equal(await stateOf(api, ticket), "NEW");
    const { error } = await api.refuse("approval_request.decide", {
      approvalRequest: id,
      body: { outcome: "denied" },
      headers: person(api),
    });
    assert.equal(error.code, "INVALID_STATE_TRANSITION");
    await carryOut(kernel, id);
    assert.deepEqual(await cancellations(api, ticket), [["Olga, owner", id.toUpperCase(), "chat"]]);
  });

  test("the trail of all this is whole", async () => {
    const report = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual(report.faults, []);
  });
});

test("what nobody answers is reminded of once, and ends after three days; an answer just before is good", async (t) => {
  const api = await startTestApi({ t, env });
  const worker = await startTestWorker(api, { t });
  const [early, late] = [await ask(api), await ask(api)];
  const reminders = async () =>
    (await api.owner.query("SELECT FROM outbox WHERE aggregate = 'approval_request' AND event = 'reminder'")).rowCount;
  api.clock.advanceMs(1.5 * dayMs + 60_000);
  await worker.until("both are reminded of", async () => (await reminders()) === 2);
  await worker.wake();
  assert.equal(await reminders(), 2);
  api.clock.advanceMs(1.5 * dayMs - 120_000);
  await worker.wake();
  await decide(api, early.id, "approved");
  assert.equal(await stateOf(api, early.ticket), "CANCELLED");
  api.clock.advanceMs(120_000);
  const { error } = await api.refuse("approval_request.decide", {
    approvalRequest: late.id,
    body: { outcome: "approved" },
    headers: person(api),
  });
  assert.deepEqual([error.code, error["from_state"]], ["INVALID_STATE_TRANSITION", "expired"]);
  await worker.until("it has expired", async () => (await read(api, late.id)).status === "expired");
  assert.equal(await stateOf(api, late.ticket), "NEW");
});

test("where the policy wants four eyes, whoever asked is not one who may allow it, on a card neither", async (t) => {
  const { live: policy } = (await startTestApi({ t, env })).desk.policies;
  const rules = policy.humanApproval.map((rule) =>
    rule.rule === "ticket.cancel" ? { ...rule, fourEyes: true, expiresHours: 1 } : rule,
  );
  const api = await startTestApi({ t, env, policy: { ...policy, humanApproval: rules } });
  const asked = await ask(api);
  const kept = await read(api, asked.id);
  assert.equal(kept.four_eyes, true);
  assert.equal(Date.parse(kept.expires_at) - Date.parse(kept.created_at), 3_600_000);
  const own = await api.refuse("approval_request.decide", {
    approvalRequest: asked.id,
    body: { outcome: "approved" },
    headers: person(api, "dana"),
  });
  assert.equal(own.error.code, "SELF_APPROVAL_FORBIDDEN");
  const human_approval = {
    tool: "ticket.cancel",
    target: { aggregate: "ticket", id: asked.ticket },
    arguments_hash: canonicalSha256({ reason }),
    request_id: asked.key,
    approved_by: "dana",
    at: api.clock.iso,
  };
  assert.equal((await cancel(api, asked, { human_approval })).error.code, "HUMAN_APPROVAL_REQUIRED");
  assert.equal(await stateOf(api, asked.ticket), "NEW");
  await decide(api, asked.id, "approved");
  assert.equal(await stateOf(api, asked.ticket), "CANCELLED");
});
