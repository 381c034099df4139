// Who speaks, in which role, and which call is the same call: by what the host proved, whatever a model says.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { queries, commands } from "../../dispatch/contract/index.ts";
import { chooseRole, nobody, personBehind, type Requester } from "../../plugin/src/identity.ts";
import { isUuid, keyOfIntent, type Intent } from "../../plugin/src/idempotency-key.ts";
import { ana, ben } from "../support/directory.ts";
import { configured } from "./chat.ts";

/** What the host proved of somebody who speaks for themselves. */
type Proved = Omit<Requester, "agentId">;

const secret = "s".repeat(32);
const configuration = configured({
  apiUrl: "http://127.0.0.1:1",
  signing: { secret },
  owner: { actor: "olga", roles: ["dispatcher"] },
  people: [
    { channel: "telegram", senderId: "1", actor: "ana", roles: ["tech"], techId: ana },
    { channel: "telegram", accountId: "bot-b", senderId: "2", actor: "ben", roles: ["tech"], techId: ben },
    { channel: "slack", senderId: "1", actor: "sam", roles: ["qa"] },
  ],
  agents: [{ agentId: "archive", actor: "archivist", roles: ["agent"] }],
});

describe("the person behind a requester", () => {
  const table: readonly (readonly [who: string | null, what: string, by: Proved])[] = [
    ["olga", "the owner where no sender is", { channel: null, accountId: null, senderId: null, owner: true }],
    [
      "olga",
      "the owner on the dashboard's channel",
      { channel: "webchat", accountId: null, senderId: null, owner: true },
    ],
    [
      null,
      "the owner's flag without a sender on a chat channel, as in a heartbeat",
      { channel: "telegram", accountId: null, senderId: null, owner: true },
    ],
    [null, "no sender and no owner", { channel: null, accountId: null, senderId: null, owner: false }],
    [null, "no sender on a chat channel", { channel: "telegram", accountId: "bot-b", senderId: null, owner: false }],
    ["ana", "a known sender", { channel: "telegram", accountId: null, senderId: "1", owner: false }],
    [
      "ana",
      "a known sender by any account where none is named",
      { channel: "telegram", accountId: "bot-z", senderId: "1", owner: false },
    ],
    [
      "ana",
      "a known sender with the owner's flag is not the owner",
      { channel: "telegram", accountId: null, senderId: "1", owner: true },
    ],
    [null, "an unknown sender", { channel: "telegram", accountId: null, senderId: "3", owner: false }],
    [
      null,
      "an unknown sender with the owner's flag",
      { channel: "telegram", accountId: null, senderId: "3", owner: true },
    ],
    [
      null,
      "an empty sender with the owner's flag",
      { channel: "telegram", accountId: null, senderId: "", owner: true },
    ],
    ["ben", "a sender by the account named", { channel: "telegram", accountId: "bot-b", senderId: "2", owner: false }],
    [
      null,
      "the same sender by another account",
      { channel: "telegram", accountId: "bot-a", senderId: "2", owner: false },
    ],
    [
      null,
      "the same sender by an unproved account",
      { channel: "telegram", accountId: null, senderId: "2", owner: false },
    ],
    [
      "sam",
      "the same sender id on another channel is somebody else",
      { channel: "slack", accountId: null, senderId: "1", owner: false },
    ],
    [null, "a known sender id on no channel", { channel: null, accountId: null, senderId: "1", owner: false }],
    [null, "a channel in another spelling", { channel: "Telegram", accountId: null, senderId: "1", owner: false }],
    [null, "a sender id with a blank", { channel: "telegram", accountId: null, senderId: "1 ", owner: false }],
  ];
  for (const [who, what, requester] of table) {
    test(`${what}: ${who ?? "nobody"}`, () =>
      assert.equal(personBehind(configuration, { ...nobody, ...requester })?.actor ?? null, who));
  }

  const owners = { ...nobody, owner: true };
  const turns: readonly (readonly [who: string | null, what: string, by: Requester])[] = [
    ["archivist", "a worker's own turn", { ...owners, agentId: "archive" }],
    ["archivist", "a worker's own turn on the dashboard", { ...owners, channel: "webchat", agentId: "archive" }],
    ["olga", "a turn of another agent", { ...owners, agentId: "main" }],
    ["olga", "a turn of an agent in another spelling", { ...owners, agentId: "Archive" }],
    [
      "ana",
      "a known sender who speaks to a worker",
      { ...nobody, channel: "telegram", senderId: "1", agentId: "archive" },
    ],
    [
      null,
      "an unknown sender who speaks to a worker",
      { ...nobody, channel: "telegram", senderId: "3", agentId: "archive" },
    ],
    [null, "a worker's turn that nobody asked for", { ...owners, channel: "telegram", agentId: "archive" }],
    [null, "a worker's turn for another than the owner", { ...nobody, agentId: "archive" }],
  ];
  for (const [who, what, requester] of turns) {
    test(`${what}: ${who ?? "nobody"}`, () => assert.equal(personBehind(configuration, requester)?.actor ?? null, who));
  }

  test("nobody is the owner where none is configured", () => {
    const without = configured({ apiUrl: "http://h", signing: { secret } });
    assert.equal(personBehind(without, { ...nobody, owner: true }), null);
  });
});

describe("the role to act in", () => {
  const person = { actor: "x", roles: ["tech", "dispatcher"] as const, accounts: [], sites: [], techId: null };
  const cockpit = queries["dispatcher.cockpit"];
  const complete = commands["tech.complete"];
  const good: readonly (readonly [string, typeof cockpit | typeof complete, unknown, string])[] = [
    ["the first granted that the tool allows", cockpit, undefined, "dispatcher"],
    ["the first in the person's order", complete, undefined, "tech"],
    ["no wish by null", complete, null, "tech"],
    ["no wish by an empty text", complete, "", "tech"],
    ["the one wished for", complete, "dispatcher", "dispatcher"],
    ["in another spelling", complete, " Assistant ", "dispatcher"],
    ["even where the tool will refuse it: the API says so", cockpit, "technician", "tech"],
  ];
  for (const [what, entry, wish, role] of good)
    test(what, () => assert.deepEqual(chooseRole(person, entry, wish), { role }));

  const bad: readonly unknown[] = [
    "finance",
    "admin",
    "owner",
    "dispatcher,finance",
    "tech\ndispatcher",
    0,
    1,
    true,
    false,
    ["dispatcher"],
    { role: "dispatcher" },
    {},
    "constructor",
    "__proto__",
    "x".repeat(1_000_000),
  ];
  for (const wish of bad) {
    test(`none for ${JSON.stringify(wish).slice(0, 40)}`, () => {
      const choice = chooseRole(person, complete, wish);
      assert.ok("why" in choice);
      assert.match(choice.why, /was not granted .*granted here: tech, dispatcher$/);
      assert.ok(choice.why.length < 200);
    });
  }

  test("none where no granted role may use the tool", () => {
    const choice = chooseRole({ ...person, roles: ["qa"] }, cockpit, undefined);
    assert.deepEqual(choice, { why: "this tool is for dispatcher; granted here: qa" });
  });
});

describe("the key of a call", () => {
  const intent: Intent = {
    toolCallId: "call_1",
    sessionKey: "main",
    sessionId: "s1",
    tool: "ticket.create",
    args: { a: 1, b: [1, { c: "d" }] },
  };

  test("is the same for the same call, in whatever order its arguments come", () => {
    assert.equal(keyOfIntent(intent), keyOfIntent({ ...intent, args: { b: [1, { c: "d" }], a: 1 } }));
  });

  test("is the same for the same call through the host's tool search, however often that was used", () => {
    const [first, later, other] = ["call_1:ticket_create:1", "call_1:ticket_create:17", "call_2:ticket_create:1"].map(
      (id) => keyOfIntent({ ...intent, toolCallId: `tool_search_code:${id}` }),
    );
    assert.equal(first, later);
    assert.notEqual(first, other);
  });

  test("is a uuid of version 8", () =>
    assert.match(keyOfIntent(intent), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/));

  const others: readonly Partial<Intent>[] = [
    { toolCallId: "call_2" },
    { sessionKey: "other" },
    { sessionKey: null },
    { sessionId: "s2" },
    { sessionId: null },
    { tool: "ticket.cancel" },
    { args: { a: 1, b: [1, { c: "e" }] } },
    { args: { a: "1", b: [1, { c: "d" }] } },
    { args: { a: 1, b: [{ c: "d" }, 1] } },
    { args: {} },
    { args: null },
    // What is joined in another place is another call.
    { toolCallId: "call_1main", sessionKey: "" },
    { toolCallId: 'call_1","main' },
  ];
  test("is another for anything else", () => {
    const keys = [intent, ...others.map((other) => ({ ...intent, ...other }))].map(keyOfIntent);
    assert.equal(new Set(keys).size, keys.length);
  });

  test("is a uuid whatever JSON a model sends, and one per value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const [a, b] = [one, other].map((args) => keyOfIntent({ ...intent, args }));
        assert.ok(isUuid(a));
        if (JSON.stringify(one) === JSON.stringify(other)) assert.equal(a, b);
      }),
    );
  });
});

test("a uuid is a uuid and nothing beside it", () => {
  const one = "0d8f4f0e-9d3e-4c3a-8a52-3f6f0c7f0a11";
  assert.ok(isUuid(one) && isUuid(one.toUpperCase()));
  for (const not of [
    `${one} `,
    `${one}/..`,
    `${one}\n`,
    `x${one}`,
    one.slice(1),
    "",
    7,
    null,
    undefined,
    [one],
    { id: one },
  ])
    assert.equal(isUuid(not), false, JSON.stringify(not));
});
