// What waits for a person's word, while APIs, workers and Postgres are killed, in small; and the model that judges it, shown what it must
// find.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { chaos } from "../../lab/approvals/chaos.ts";
import { kinds, type Kind } from "../../lab/approvals/kinds.ts";
import {
  judge,
  unproven,
  type Evidence,
  type KindTold,
  type RequestAtEnd,
  type TrailEvent,
} from "../../lab/approvals/model.ts";

test("what a model asks for is never lost, doubled, unapproved or done on an old yes, whatever is killed", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-chaos-"));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const { violations, ...figures } = await chaos({
    folder,
    seed: 20_261_130,
    kills: { api: 15, worker: 7, postgres: 3, gateway: 0 },
    seconds: 40,
    lanes: 4,
    say: () => undefined,
  });
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(violations, []);
  // A busy machine comes to fewer within the time.
  assert.ok(figures.kills.api > 0 && figures.kills.worker > 0, "nothing was killed");
  assert.ok(figures.done > 0, "nothing was done");
  // They are dealt in turn.
  if (figures.asked >= 2 * kinds.length)
    for (const { tool } of kinds) assert.ok((figures.kinds[tool]?.asked ?? 0) > 0, `${tool} was never asked for`);
});

const reserved: ReadonlySet<string> = new Set(kinds.map(({ tool }) => tool));

/** How its target is made and changed in a trail, and what the command makes of it. */
const inTrail: Readonly<
  Record<string, { readonly made: string; readonly changed: string; readonly becomes: string | null }>
> = {
  "ticket.cancel": { made: "ticket.create", changed: "ticket.update", becomes: "CANCELLED" },
  "assignment.override": { made: "ticket.create", changed: "ticket.update", becomes: "DISPATCHED" },
  "account.archive": { made: "account.upsert", changed: "account.upsert", becomes: null },
  "site.archive": { made: "site.upsert", changed: "site.upsert", becomes: null },
  // Somebody gives a part of it back.
  "billing.credit": { made: "ticket.create", changed: "billing.credit", becomes: "VERIFIED" },
};

type Case = Partial<Omit<Evidence, "reserved">> & { readonly says: RegExp | null };

/** What the model is shown of one kind of call, and what it must say. */
function casesOf({ tool: command, aggregate: of }: Kind): {
  readonly usual: Omit<Evidence, "reserved">;
  readonly cases: Record<string, Case>;
} {
  const words = inTrail[command] ?? assert.fail(`how is ${command} told in a trail?`);
  const event = (
    commit: number,
    tool: string,
    [aggregate, id, after]: readonly [string, string, string | null],
    more: Partial<TrailEvent> = {},
  ): TrailEvent => ({
    event: `event ${commit}`,
    aggregate,
    id,
    commit: String(commit),
    tool,
    actor: "dana",
    after,
    via: null,
    approvedBy: null,
    number: null,
    outcome: null,
    ...more,
  });
  const request = (state: string, id = "a-1") => ["approval_request", id, state] as const;
  const opened = event(2, "approval_request.open", request("pending"), { via: "chat" });
  const decided = (outcome: string) =>
    event(4, "approval_request.decide", request(outcome), { actor: "olga", outcome });
  const act = event(6, command, [of, "t", words.becomes], { via: "chat", approvedBy: "olga", number: "A-1" });
  const finished = (state: string) => event(7, "approval_request.finish", request(state), { actor: "desk" });
  const made = event(1, words.made, [of, "t", null]);
  const changed = (commit: number) => event(commit, words.changed, [of, "t", null], { actor: "otto" });
  const anew = event(5, "approval_request.open", request("pending", "a-2"), { via: "chat" });
  const ask = { tool: command, target: "t", by: "dana", key: "k" };
  const kept: RequestAtEnd = {
    ...ask,
    number: "A-1",
    status: "executed",
    decidedBy: "olga",
    receipt: "event 6",
    error: null,
    askedAgain: null,
    asksAgainFor: null,
    differs: [],
  };
  const undone = (status: string, more: Partial<RequestAtEnd> = {}): RequestAtEnd => ({
    ...kept,
    status,
    receipt: null,
    ...more,
  });
  const outdated = undone("failed", { error: "APPROVAL_OUTDATED", askedAgain: "A-2" });
  const successor = undone("pending", {
    number: "A-2",
    key: "k again",
    decidedBy: null,
    asksAgainFor: "A-1",
    differs: ["it has changed"],
  });
  const start = [made, opened];
  const yes = [...start, decided("approved")];
  const done = [...yes, act, finished("executed")];
  const tooLate = [...start, changed(3), decided("approved"), anew, finished("failed")];
  const another = kinds.find(({ tool }) => tool !== command) ?? assert.fail("there is but one kind");
  const said = (outcome: "approved" | "denied" | "withdrawn") => [{ number: "A-1", outcome, by: "olga" }];
  const ofTickets: Record<string, Case> = {
    "nothing where the ticket was only ranked for meanwhile": {
      trail: [
        ...start,
        event(3, "assignment.recommend", ["ticket", "t", null]),
        decided("approved"),
        act,
        finished("executed"),
      ],
      says: null,
    },
  };
  const cases: Record<string, Case> = {
    ...(of === "ticket" && ofTickets),
    "nothing where all is well": { says: null },
    "nothing where a card allowed it": {
      trail: [...start, act, finished("executed")],
      words: [],
      cards: [{ key: "k", by: "olga" }],
      says: null,
    },
    "nothing where it was denied": {
      trail: [...start, decided("denied")],
      requests: [undone("denied")],
      words: said("denied"),
      says: null,
    },
    "nothing where it had changed and is asked anew": { trail: tooLate, requests: [outdated, successor], says: null },
    "a request that was told and is not there": { trail: [made], requests: [], words: [], says: /^LOST A-1 was told/m },
    "a request that keeps another call": {
      requests: [{ ...kept, target: "u" }],
      says: /^LOST A-1 keeps another call/m,
    },
    "an answer that was taken and is not there": {
      trail: start,
      requests: [undone("pending")],
      says: /^LOST olga was told/m,
    },
    "a row that its trail does not explain": {
      requests: [undone("denied")],
      says: /^LOST A-1 is denied, and its trail/m,
    },
    "what was allowed and is still not done": {
      trail: yes,
      requests: [undone("approved")],
      says: /^LOST A-1 was allowed, and is neither/m,
    },
    "what counts as done and nothing did": {
      trail: [...yes, finished("executed")],
      says: /^LOST A-1 counts as done, and nothing did it/m,
    },
    "a receipt of something else": { requests: [{ ...kept, receipt: "event 1" }], says: /^LOST A-1 names another/m },
    "what was done twice": {
      trail: [...yes, act, { ...act, event: "more", commit: "6b" }, finished("executed")],
      says: /^DOUBLED A-1/m,
    },
    "one target that it was done to on two requests": {
      trail: [...done, { ...act, event: "more", commit: "8", number: "A-3" }],
      says: new RegExp(`^DOUBLED ${command} of t`, "m"),
    },
    "what a model did without a request": {
      trail: [made, { ...act, number: null, approvedBy: null }],
      requests: [],
      told: [],
      words: [],
      says: new RegExp(`^UNAPPROVED ${command} of t names no request`, "m"),
    },
    "what was done before anybody allowed it": {
      trail: [...start, { ...act, commit: "3" }, decided("approved"), finished("executed")],
      says: /^UNAPPROVED .* did not allow A-1 before/m,
    },
    "what was done in another's name": {
      trail: [...yes, { ...act, actor: "mia" }, finished("executed")],
      says: /^UNAPPROVED .* by mia is not what A-1 keeps/m,
    },
    "what names somebody who said nothing": {
      trail: [...yes, { ...act, approvedBy: "zoe" }, finished("executed")],
      says: /^UNAPPROVED .* names zoe/m,
    },
    "what was denied and done": {
      trail: [...start, decided("denied"), act],
      requests: [undone("denied")],
      words: said("denied"),
      says: /^UNAPPROVED A-1 is denied, and was done/m,
    },
    "what was taken back and done": {
      trail: [...start, event(4, "approval_request.withdraw", request("withdrawn"), { actor: "olga" }), act],
      requests: [undone("withdrawn")],
      words: said("withdrawn"),
      says: /^UNAPPROVED A-1 is withdrawn, and was done/m,
    },
    "what waits and was done": {
      trail: [...start, act],
      requests: [undone("pending")],
      words: [],
      cards: [{ key: "k", by: "olga" }],
      says: /^UNAPPROVED A-1 is pending, and was done/m,
    },
    "a request that nobody asked for": { sent: [], says: /^UNAPPROVED A-1 was asked by nobody/m },
    "another command that was done on its number": {
      trail: [...yes, { ...act, tool: another.tool }, finished("executed")],
      says: new RegExp(`^UNAPPROVED ${another.tool} of t by dana is not what A-1 keeps`, "m"),
    },
    "what was done to another target on its number": {
      trail: [...yes, { ...act, id: "u" }, finished("executed")],
      says: new RegExp(`^UNAPPROVED ${command} of u by dana is not what A-1 keeps`, "m"),
    },
    "what was done although its target had changed": {
      trail: [...start, changed(3), decided("approved"), act, finished("executed")],
      says: new RegExp(`^OLD YES ${command} of t on A-1, and ${words.changed} changed it since`, "m"),
    },
    "what was done on a card although its target had changed": {
      trail: [...start, changed(3), act, finished("executed")],
      words: [],
      cards: [{ key: "k", by: "olga" }],
      says: new RegExp(`^OLD YES ${command} of t on A-1`, "m"),
    },
    "what changed between the answer and the doing": {
      trail: [...yes, changed(5), act, finished("executed")],
      says: /^OLD YES/m,
    },
    "what failed although nothing had changed": {
      trail: [...yes, anew, finished("failed")],
      requests: [outdated, successor],
      says: /^LOST A-1 failed, and nothing had changed/m,
    },
    "what failed of a fault of the desk": {
      trail: [...start, changed(3), decided("approved"), finished("failed")],
      requests: [undone("failed", { error: "DEPENDENCY_UNAVAILABLE" })],
      says: /^LOST A-1 failed with DEPENDENCY_UNAVAILABLE/m,
    },
    "what was outdated and is not asked anew": {
      trail: [...start, changed(3), decided("approved"), finished("failed")],
      requests: [outdated],
      says: /^LOST A-1 was outdated, and is asked anew 0 times/m,
    },
    "what is asked anew and does not say what differs": {
      trail: tooLate,
      requests: [outdated, { ...successor, differs: [] }],
      says: /^LOST A-2 asks anew/m,
    },
  };
  return {
    usual: {
      trail: done,
      requests: [kept],
      sent: [ask],
      told: [{ ...ask, number: "A-1" }],
      words: said("approved"),
      cards: [],
    },
    cases,
  };
}

for (const kind of kinds) {
  describe(`of ${kind.tool} the model finds`, () => {
    const { usual, cases } = casesOf(kind);
    for (const [what, { says, ...evidence }] of Object.entries(cases)) {
      test(what, () => {
        const { violations } = judge({ ...usual, ...evidence, reserved });
        if (says === null) assert.deepEqual(violations, []);
        else assert.match(violations.join("\n"), says);
      });
    }
  });
}

describe("what a run proves", () => {
  test("is counted for each kind, those that nobody asked for among them", () => {
    const [one, other] = kinds;
    const { usual } = casesOf(one);
    const { kinds: told } = judge({ ...usual, reserved });
    assert.deepEqual(Object.keys(told), [...reserved]);
    assert.deepEqual(told[one.tool], { asked: 1, kept: 1, done: 1, outdated: 0, ends: { executed: 1 } });
    assert.deepEqual(told[other.tool], { asked: 0, kept: 0, done: 0, outdated: 0, ends: {} });
  });

  const told = (asked: number, done: number): KindTold => ({ asked, kept: asked, done, outdated: 0, ends: {} });
  const all = { "ticket.cancel": told(9, 4), "site.archive": told(9, 1) };

  test("is all of it where each kind was asked for and done", () => {
    assert.deepEqual(unproven({ kinds: all }, 50), []);
  });

  test("lacks a kind that was never asked for, and one that was never done", () => {
    assert.deepEqual(unproven({ kinds: { ...all, "ticket.cancel": told(0, 0), "site.archive": told(3, 0) } }, 50), [
      "ticket.cancel was never asked for: the run proves nothing of it.",
      "site.archive was asked for 3 times and never done: the run does not prove that it is done once.",
    ]);
  });

  test("is not asked of a run that is too short for it", () => {
    assert.deepEqual(unproven({ kinds: { "ticket.cancel": told(0, 0) } }, 49), []);
  });
});
