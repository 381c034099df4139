// What stands at the edge of approval requests: who may answer what is the whole office's, rules that changed since or are several, what
// cannot be asked anew, and one that fails in front of others.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import type { ApprovalRequestBody } from "../../dispatch/contract/approval-request-responses.ts";
import { canonicalSha256 } from "../../dispatch/policy/canonical-json.ts";
import type { HumanApprovalRule } from "../../dispatch/policy/policy.ts";
import { startTestApi, type TestApi, type TestApiOptions } from "../support/api.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { speaking, tokenSecret } from "../support/token.ts";
import { startTestWorker } from "../support/worker.ts";

const env = { DISPATCH_AUTH_JWT_SECRET: tokenSecret };
const reason = "the customer fixed it";
const dayMs = 24 * 3_600_000;
const ofOneAccount = { scope: { account_ids: [randomUUID()], site_ids: "*" } };

const modelOf = (api: TestApi, claims: object = {}) => speaking(api, { via: "chat", actor_type: "AGENT", ...claims });
const person = (api: TestApi, sub = "olga", claims: object = {}) =>
  speaking(api, { sub, actor_type: "HUMAN", ...claims });

type Asked = { readonly id: string; readonly ticket: string; readonly key: string };

/** A model asks for the cancelling of a new ticket. */
async function ask(api: TestApi, key: string = randomUUID()): Promise<Asked> {
  const { id: ticket } = await ticketIn(api, "NEW");
  const { error } = await api.refuse("ticket.cancel", { ticket, key, body: { reason }, headers: modelOf(api) });
  return { id: String(error["approval_request"]).toLowerCase(), ticket, key };
}

const approve = (api: TestApi, id: string, headers = person(api)) =>
  api.call("approval_request.decide", { approvalRequest: id, body: { outcome: "approved" }, headers });

const read = (api: TestApi, id: string | null): Promise<ApprovalRequestBody> =>
  api.read("approval_request.get", { approvalRequest: String(id).toLowerCase(), headers: person(api) });

const stateOf = async (api: TestApi, ticket: string) => (await api.read("ticket.get", { ticket })).state;

/** The word of a person who answered a card. */
const word = (api: TestApi, tool: string, target: object, key: string, body: object) => ({
  human_approval: {
    tool,
    target,
    arguments_hash: canonicalSha256(body),
    request_id: key,
    approved_by: "Olga, owner",
    at: api.clock.iso,
  },
});
const cardFor = (api: TestApi, { ticket, key }: Asked) =>
  word(api, "ticket.cancel", { aggregate: "ticket", id: ticket }, key, { reason });

/** The policy of an API with other rules. */
const withRules = ({ desk }: TestApi, change: (rules: readonly HumanApprovalRule[]) => HumanApprovalRule[]) => {
  const { live } = desk.policies;
  return { policy: { ...live, humanApproval: change(live.humanApproval) } } satisfies TestApiOptions;
};

const ofTool = (tool: string, more: Partial<HumanApprovalRule> = {}): HumanApprovalRule => ({
  rule: `also_${tool.replaceAll(".", "_")}`,
  tool,
  severity: "warning",
  reason: "A person says so.",
  ...more,
});

const importing = { kind: "account", rows: [{ name: "Acme of a table" }], dry_run: false };

test("what is about the office as a whole is answered and taken back by those who reach all of it", async (t) => {
  const api = await startTestApi({ t, env });
  const { error } = await api.refuse("directory.import", { body: importing, headers: modelOf(api) });
  const id = String(error["approval_request"]).toLowerCase();
  const stranger = person(api, "stan", ofOneAccount);
  const withdrawing = { approvalRequest: id, body: {}, headers: stranger };
  assert.equal((await approve(api, id, stranger)).status, 404);
  assert.equal((await api.refuse("approval_request.withdraw", withdrawing)).error.code, "APPROVAL_REQUEST_NOT_FOUND");
  assert.equal((await read(api, id)).status, "pending");
  await approve(api, id);
  assert.equal((await read(api, id)).status, "executed");
  const own = { body: { scope_type: "GLOBAL", reason }, headers: modelOf(api, ofOneAccount) };
  await api.run("ops.autonomy.pause", { ...own, headers: person(api) });
  const asked = String((await api.refuse("ops.autonomy.rollback", own)).error["approval_request"]).toLowerCase();
  await api.run("approval_request.withdraw", { ...withdrawing, approvalRequest: asked, headers: own.headers });
  assert.equal((await read(api, asked)).status, "withdrawn");
});

test("what changes two accounts is answered by those who reach all of the office, and not by whoever reaches one of them", async (t) => {
  const plain = await startTestApi({ t, env });
  const api = await startTestApi({ t, env, ...withRules(plain, (all) => [...all, ofTool("account.merge")]) });
  const make = async (name: string) => (await api.run("account.upsert", { body: { name } })).account.id;
  const [from, into] = [await make("Acme"), await make("Acme again")];
  const merging = { account: from, body: { into, reason: "entered twice" }, headers: modelOf(api) };
  const { error } = await api.refuse("account.merge", merging);
  const id = String(error["approval_request"]).toLowerCase();
  const ofOne = { scope: { account_ids: [from], site_ids: "*" } };
  assert.equal((await approve(api, id, person(api, "stan", ofOne))).status, 404);
  assert.equal((await read(api, id)).status, "pending");
  await approve(api, id);
  assert.equal((await read(api, id)).status, "executed");
});

test("a card allows what is about the office as a whole, also where whoever asked does not reach all of it", async (t) => {
  const api = await startTestApi({ t, env });
  const [key, body] = [randomUUID(), { scope_type: "GLOBAL", reason }];
  await api.run("ops.autonomy.pause", { body, headers: person(api) });
  const asking = { key, body, headers: modelOf(api, ofOneAccount) };
  const { error } = await api.refuse("ops.autonomy.rollback", asking);
  assert.equal(error.code, "HUMAN_APPROVAL_REQUIRED");
  const card = word(api, "ops.autonomy.rollback", { aggregate: "desk", id: null }, key, body);
  await api.run("ops.autonomy.rollback", { ...asking, headers: modelOf(api, { ...ofOneAccount, ...card }) });
  assert.equal((await read(api, String(error["approval_request"]))).status, "executed");
});

test("who only asks has nothing done, also where a person's word comes with the question", async (t) => {
  const api = await startTestApi({ t, env });
  const asked = await ask(api);
  const headers = { ...modelOf(api, cardFor(api, asked)), "dispatch-ask": "approval" };
  await api.refuse("ticket.cancel", { ...asked, body: { reason }, headers });
  assert.equal(await stateOf(api, asked.ticket), "NEW");
  assert.equal((await read(api, asked.id)).status, "pending");
  await api.run("ticket.cancel", { ...asked, body: { reason }, headers: modelOf(api, cardFor(api, asked)) });
});

test("where the rule has come to want four eyes whoever asked does not allow it; somebody else is asked anew", async (t) => {
  const before = await startTestApi({ t, env });
  const asked = await ask(before);
  const rules = withRules(before, (all) =>
    all.map((one) => (one.rule === "ticket.cancel" ? { ...one, fourEyes: true } : one)),
  );
  const api = await startTestApi({ t, env, beside: before, ...rules });
  await approve(api, asked.id, person(api, "dana"));
  assert.equal(await stateOf(api, asked.ticket), "NEW");
  const { status, error, asked_again } = await read(api, asked.id);
  assert.deepEqual([status, error?.code], ["failed", "APPROVAL_OUTDATED"]);
  const anew = await read(api, asked_again);
  assert.equal(anew.four_eyes, true);
  assert.equal((await approve(api, anew.approval_request_id, person(api, "dana"))).status, 403);
  await approve(api, anew.approval_request_id);
  assert.equal(await stateOf(api, asked.ticket), "CANCELLED");
});

test("a rule that wants four eyes counts behind another that is met as well", async (t) => {
  const plain = await startTestApi({ t, env });
  const rules = withRules(plain, (all) => [...all, ofTool("ticket.cancel", { fourEyes: true })]);
  const api = await startTestApi({ t, env, ...rules });
  const asked = await ask(api);
  assert.equal((await approve(api, asked.id, person(api, "dana"))).status, 403);
  assert.equal(await stateOf(api, asked.ticket), "NEW");
});

test("of what is over the newest is listed, however much there is", async (t) => {
  const api = await startTestApi({ t, env });
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const { id } = await ask(api);
    ids.push(id);
    await approve(api, id);
    api.clock.advanceMs(1_000);
  }
  const listed = async (query: string) =>
    (await api.read("approval_request.list", { query, headers: person(api) })).approval_requests.map(
      ({ approval_request_id }) => approval_request_id,
    );
  assert.deepEqual(await listed("status=executed&limit=2"), [ids[2], ids[1]]);
  const waiting = [(await ask(api)).id, (await ask(api)).id];
  assert.deepEqual(await listed("limit=1"), waiting.slice(0, 1));
});

test("behind its end whoever asks again hears that it is over, also before a worker has noted that", async (t) => {
  const api = await startTestApi({ t, env });
  const asked = await ask(api);
  api.clock.advanceMs(3 * dayMs + 1_000);
  for (const claims of [{}, cardFor(api, asked)]) {
    const { error } = await api.refuse("ticket.cancel", { ...asked, body: { reason }, headers: modelOf(api, claims) });
    assert.deepEqual([error.code, error["approval_status"]], ["HUMAN_APPROVAL_REQUIRED", "expired"]);
  }
  assert.equal(await stateOf(api, asked.ticket), "NEW");
});

test("a difference that is long is told in part, and what was allowed is over", async (t) => {
  const plain = await startTestApi({ t, env });
  const api = await startTestApi({ t, env, ...withRules(plain, (all) => [...all, ofTool("account.upsert")]) });
  const { account } = await api.run("account.upsert", { body: { name: "Acme" }, headers: person(api) });
  const long = (letter: string): string => letter.repeat(60);
  const body = {
    account_id: account.id,
    name: long("n"),
    billing: { name: long("b"), address: long("a"), purchase_order_required: true },
    payment_terms_days: 30,
    tax_exempt: true,
    tax_id: "TAX",
    default_nte_cents: 123_456,
    notes: long("o"),
    external_ref: { source: "erp", id: long("i") },
  };
  const { error } = await api.refuse("account.upsert", { body, headers: modelOf(api) });
  await api.run("account.upsert", { body, headers: person(api) });
  const id = String(error["approval_request"]).toLowerCase();
  await approve(api, id);
  const { status, asked_again } = await read(api, id);
  assert.equal(status, "failed");
  const { differs } = await read(api, asked_again);
  assert.ok(differs.some((text) => text.length === 500 && text.endsWith("…")));
});

test("what cannot be asked anew, since its key keeps another call, is over all the same", async (t) => {
  const api = await startTestApi({ t, env });
  const asked = await ask(api);
  const hex = createHash("sha256").update(`${asked.key} again`).digest("hex");
  await ask(
    api,
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
  );
  await api.run("ticket.update", { ticket: asked.ticket, body: { summary: "They want us to come after all" } });
  await approve(api, asked.id);
  const { status, error, asked_again } = await read(api, asked.id);
  assert.deepEqual([status, error?.code, asked_again], ["failed", "APPROVAL_OUTDATED", null]);
  assert.equal(await stateOf(api, asked.ticket), "NEW");
});

test("one that a worker cannot carry out keeps none behind it waiting, nor those whose time is over", async (t) => {
  const api = await startTestApi({ t, env });
  const [unknown, good, late] = [await ask(api), await ask(api), await ask(api)];
  // As a release leaves it whose successor has no such tool; allowed, and the API died behind that.
  await api.owner.query("UPDATE approval_requests SET tool = 'ticket.of_another_release' WHERE id = $1", [unknown.id]);
  const allowed =
    "UPDATE approval_requests SET status = 'approved', decided_by = 'olga', decided_at = $2 WHERE id = $1";
  for (const { id } of [unknown, good]) await api.owner.query(allowed, [id, api.clock.iso]);
  const worker = await startTestWorker(api, { t });
  api.clock.advanceMs(3 * dayMs + 60_000);
  await worker.until("the others are done", async () => (await read(api, late.id)).status === "expired");
  assert.equal((await read(api, good.id)).status, "executed");
  assert.equal((await read(api, unknown.id)).status, "approved");
});

test("what was denied stays undone, and what waits goes on waiting, where no rule asks for a person any more", async (t) => {
  const before = await startTestApi({ t, env });
  const [denied, waiting] = [await ask(before), await ask(before)];
  const body = { outcome: "denied" };
  await before.run("approval_request.decide", { approvalRequest: denied.id, body, headers: person(before) });
  const rules = withRules(before, (all) => all.filter(({ rule }) => rule !== "ticket.cancel"));
  const api = await startTestApi({ t, env, beside: before, ...rules });
  for (const [asked, status] of [
    [denied, "denied"],
    [waiting, "pending"],
  ] as const) {
    const { error } = await api.refuse("ticket.cancel", { ...asked, body: { reason }, headers: modelOf(api) });
    assert.equal(error["approval_status"], status);
    assert.equal(await stateOf(api, asked.ticket), "NEW");
  }
  const card = { ...denied, body: { reason }, headers: modelOf(api, cardFor(api, denied)) };
  assert.equal((await api.refuse("ticket.cancel", card)).error["approval_status"], "denied");
  await approve(api, waiting.id);
  assert.equal(await stateOf(api, waiting.ticket), "CANCELLED");
  const fresh = { ...denied, key: randomUUID(), body: { reason }, headers: modelOf(api) };
  await api.run("ticket.cancel", fresh);
});

test("what could not be done tells why to whoever sends it again, and stays undone where nothing is in its way by then", async (t) => {
  const before = await startTestApi({ t, env });
  const asked = await ask(before);
  await before.run("ticket.cancel", { ticket: asked.ticket, body: { reason: "by phone" }, headers: person(before) });
  await approve(before, asked.id);
  assert.equal((await read(before, asked.id)).error?.code, "INVALID_STATE_TRANSITION");
  const rules = withRules(before, (all) => all.filter(({ rule }) => rule !== "ticket.cancel"));
  const api = await startTestApi({ t, env, beside: before, ...rules });
  const again = async (at: TestApi, claims = {}) =>
    (await at.refuse("ticket.cancel", { ...asked, body: { reason }, headers: modelOf(at, claims) })).error;
  for (const at of [before, api])
    for (const claims of [{}, cardFor(at, asked)])
      assert.equal((await again(at, claims)).code, "INVALID_STATE_TRANSITION");
  await api.owner.query("UPDATE tickets SET state = 'NEW' WHERE id = $1", [asked.ticket]);
  for (const at of [before, api]) {
    const { code, ...details } = await again(at);
    assert.equal(code, "HUMAN_APPROVAL_REQUIRED");
    assert.deepEqual([details["approval_status"], details["failed_with"]], ["failed", "INVALID_STATE_TRANSITION"]);
  }
  assert.equal(await stateOf(api, asked.ticket), "NEW");
});

test("what a model asks for by an event is kept as well", async (t) => {
  const plain = await startTestApi({ t, env });
  const api = await startTestApi({ t, env, ...withRules(plain, (all) => [...all, ofTool("task.create")]) });
  const headers = { ...modelOf(api), "x-agent-id": "dana", "content-type": "application/json" };
  const event = { subject: "swarm.task.request", data: { title: "Check the warranty", scope: "warranty" } };
  const { text } = await api.send("POST", "/api/v1/events", headers, JSON.stringify(event));
  const number = /"approval_request":"(A-\d{6})"/.exec(text)?.[1] ?? "none";
  await approve(api, number);
  assert.equal((await read(api, number)).status, "executed");
});
