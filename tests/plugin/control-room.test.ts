// The control room in a chat: who opens it, that its conversation can do no work whatever its model tries, and how it is left.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { commandEntries, queryEntries, type ToolName } from "../../dispatch/contract/index.ts";
import { roles } from "../../dispatch/contract/roles.ts";
import { controlRoomTools, forgetControlRooms, refusedOfHost } from "../../plugin/src/control-rooms.ts";
import { controlWordIn, obeyWord, receive, takeWord, type ControlWord } from "../../plugin/src/control-words.ts";
import { openDesk } from "../../plugin/src/desk.ts";
import { controlBrief } from "../../plugin/src/live-brief.ts";
import { tools } from "../../plugin/src/tool-catalog.ts";
import { commandTable } from "../contract/command-table.ts";
import { startTestApi } from "../support/api.ts";
import { acme, ana } from "../support/directory.ts";
import { builtScope } from "../support/task-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";
import { believing, openChat, sender } from "./chat.ts";
import { deadPort } from "./stand-in.ts";
import { argumentsFor } from "./tool-arguments.ts";

const everywhere = { accounts: ["*"], sites: ["*"], channel: "telegram" };
const people = [
  // Granted everything there is.
  { actor: "dana", roles, techId: ana, senderId: "1", ...everywhere },
  { actor: "ana", roles: ["tech"] as const, techId: ana, senderId: "2", ...everywhere },
  { actor: "nell", roles: ["dispatcher"] as const, senderId: "4", ...everywhere },
];
const [dana, annie, nell, stranger] = [sender("1"), sender("2"), sender("4"), sender("6")];
const session = "agent:main:telegram:direct:1";
const elsewhere = "agent:main:telegram:direct:9";
const open: ControlWord = { kind: "open", more: "" };
const end: ControlWord = { kind: "end" };

describe("the word", () => {
  const opens = ["dispatch", "DISPATCH", "  Dispatch\n", "!dispatch", "!DISPATCH "];
  for (const text of opens) test(`${JSON.stringify(text)} opens`, () => assert.deepEqual(controlWordIn(text), open));
  test("!dispatch with more behind it opens, and the more is what the turn is about", () =>
    assert.deepEqual(controlWordIn(" !Dispatch  How does it look?"), { kind: "open", more: "How does it look?" }));
  for (const text of ["dispatch end", "!dispatch END", " Dispatch  end "])
    test(`${JSON.stringify(text)} leaves`, () => assert.deepEqual(controlWordIn(text), end));
  for (const text of [
    "!dispatcher",
    "!dispatcher end",
    "dispatch Ana",
    "dispatcher",
    "/dispatch",
    "please dispatch",
    "!!dispatch",
    "",
    "end",
  ])
    test(`${JSON.stringify(text)} is another message`, () => assert.equal(controlWordIn(text), null));

  test("counts once, where it was received, from whoever wrote it, and not in a group", () => {
    const group = "agent:main:telegram:group:-100";
    receive(group, "1", "dispatch");
    assert.equal(takeWord(group, "1", "dispatch"), null);
    assert.equal(takeWord(session, "1", "dispatch"), null, "of a turn that nobody wrote, as another model's");
    receive(session, "1", "dispatch");
    assert.equal(takeWord(session, "2", "dispatch"), null);
    assert.equal(takeWord(elsewhere, "1", "dispatch"), null);
    assert.deepEqual(takeWord(session, "1", "dispatch"), open);
    assert.equal(takeWord(session, "1", "dispatch"), null);
  });
});

describe("a control room", async () => {
  const api = await startTestApi({ env: believing });
  const chat = openChat(api.url, { owner: null, people, clock: api.clock });
  const { desk } = chat;
  const say = (tool: ToolName, args: unknown = {}, from = dana, in_ = session) =>
    chat.say(tool, args, { from, session: in_, card: "allow-once" });
  const word = (from: typeof dana, one: ControlWord, in_ = session) =>
    obeyWord(desk, desk.personBehind(from), in_, one);
  await api.owner.query("UPDATE technicians SET skills = array_append(skills, $2) WHERE id = $1", [ana, builtScope]);

  test("is for people who were granted dispatcher; others are told why not, and nothing is opened", async () => {
    const traces = await tracesLeft(api.owner);
    for (const [from, why] of [
      [annie, /^Refused \(403\): a control room is for people who were granted the role dispatcher; you have tech\./],
      [stranger, /^Refused \(403\): whoever speaks here is not known/],
    ] as const) {
      const { text, isOpen } = await word(from, open);
      assert.match(text, why);
      assert.equal(isOpen, false);
    }
    assert.match((await word(dana, end)).text, /no control room: there is nothing to leave/);
    assert.deepEqual(await tracesLeft(api.owner), traces);
    assert.match((await say("ticket.search")).first, /^READ/);
  });

  describe("that is open", () => {
    before(async () => {
      const { text, isOpen } = await word(dana, open);
      assert.equal(isOpen, true, text);
      assert.match(text, /^This is your control room now.*dispatch end leaves it\.$/);
    });

    test("is one for each person, however often it is opened, and the desk knows by whom it was", async () => {
      await word(dana, { kind: "open", more: "and again" });
      const { rows } = await api.owner.query(
        `SELECT name, session_key, (SELECT array_agg(DISTINCT actor_role || ' ' || actor_type) FROM audit_events
           WHERE tool_name = 'control.open') AS by FROM rooms WHERE kind = 'control'`,
      );
      assert.deepEqual(rows, [{ name: "dispatch:dana", session_key: session, by: ["dispatcher HUMAN"] }]);
    });

    const attempts = attemptsToWork();
    test(`has a model that tries ${attempts.length} ways to do the work itself, and none of them does`, async () => {
      assert.ok(attempts.length >= 50);
      const traces = await tracesLeft(api.owner);
      for (const [what, tool, args, code] of attempts) {
        const { first } = await say(tool, args);
        assert.equal(first, `REFUSED ${code} ${tool}: nothing changed.`, what);
      }
      assert.deepEqual(await tracesLeft(api.owner), traces);
    });

    test("does none of the work that could be done: with arguments that are obeyed elsewhere", async () => {
      for (const { tool, roles: of, from } of commandTable) {
        if (of.includes("control")) continue;
        const args = await argumentsFor(api, tool, from[0], { assignee: "ana-alvarez", isTechnicians: true });
        const traces = await tracesLeft(api.owner);
        const [granted] = of;
        assert.equal(await chat.card(tool, { ...args, actor_role: granted }, dana, "card", session), null, tool);
        const { first, text } = await say(tool, { ...args, actor_role: granted });
        assert.equal(first, `REFUSED FORBIDDEN ${tool}: nothing changed.`);
        assert.match(text, /403: this conversation is a control room/);
        assert.deepEqual(await tracesLeft(api.owner), traces, tool);
      }
    });

    test("reads and hands out as control, whichever role a model asks for", async () => {
      for (const actor_role of ["dispatcher", "admin", "tech", "nonsense", 7, undefined])
        assert.equal((await say("room.list", { actor_role })).first, "READ room.list");
      await api.run("room.create", { body: { name: "clerk" }, as: "dispatcher" });
      assert.equal((await say("room.reset", { room: "clerk", actor_role: "admin" })).first, "DONE room.reset");
      const { rows } = await api.owner.query(
        "SELECT actor_id, actor_role, actor_type FROM audit_events WHERE tool_name = 'room.reset'",
      );
      assert.deepEqual(rows, [{ actor_id: "dana", actor_role: "control", actor_type: "AGENT" }]);
    });

    test("gives others in the same conversation no more than that: a technician nothing, a dispatcher the same role", async () => {
      assert.equal(
        (await say("tech.day", { tech_id: ana }, annie)).first,
        "REFUSED FORBIDDEN tech.day: nothing changed.",
      );
      assert.equal((await say("room.list", {}, annie)).first, "REFUSED FORBIDDEN room.list: nothing changed.");
      assert.equal((await say("room.list", {}, nell)).first, "READ room.list");
      assert.equal((await say("ticket.search", {}, nell)).first, "REFUSED FORBIDDEN ticket.search: nothing changed.");
      assert.match((await word(nell, end)).text, /^This is the control room of "dana", who alone can leave it\.$/);
      assert.equal((await say("room.list", {}, stranger)).first, "REFUSED UNKNOWN_SENDER room.list: nothing changed.");
    });

    test("takes no tool of the host's but those that look tools up", async () => {
      for (const name of [
        "exec",
        "write",
        "sessions_send",
        "sessions_spawn",
        "session_status",
        "message",
        "cron",
        "process",
      ])
        assert.match(
          (await refusedOfHost(desk, name, session)) ?? "",
          /^Refused \(403\): this conversation is a control room/,
        );
      for (const name of [...controlRoomTools, "tool_search", "tool_describe", "tool_call"])
        assert.equal(await refusedOfHost(desk, name, session), null);
      assert.equal(await refusedOfHost(desk, "exec", elsewhere), null);
      assert.equal(await refusedOfHost(desk, "exec", undefined), null);
    });

    test("has a brief that is asked for anew each time", async () => {
      const person = desk.personBehind(dana) ?? assert.fail();
      const brief = await controlBrief(desk, person);
      assert.match(brief ?? "", /^You hold the control room of this desk/);
      await api.run("room.create", { body: { name: "made-meanwhile" }, as: "dispatcher" });
      assert.match((await controlBrief(desk, person)) ?? "", /made-meanwhile/);
    });

    test("is one still when nobody here remembers it, as after a restart; and what cannot be known is not done", async () => {
      forgetControlRooms(desk);
      assert.equal((await say("ticket.search")).first, "REFUSED FORBIDDEN ticket.search: nothing changed.");
      const away = openChat(`http://127.0.0.1:${await deadPort()}`, { owner: null, people, timeoutMs: 300 });
      assert.equal(
        (await away.say("ticket.search", {}, { from: dana, session })).first,
        "FAILED ticket.search: it did not happen.",
      );
      assert.equal(await controlBrief(away.desk, desk.personBehind(dana) ?? assert.fail()), null);
      assert.equal(await refusedOfHost(away.desk, "exec", session), null);
    });

    test("is no other conversation's affair, and moves where it is opened next", async () => {
      assert.equal((await say("ticket.search", {}, dana, elsewhere)).first, "READ ticket.search");
      assert.match((await word(dana, open, elsewhere)).text, /It was open in another conversation/);
      assert.equal(
        (await say("ticket.search", {}, dana, elsewhere)).first,
        "REFUSED FORBIDDEN ticket.search: nothing changed.",
      );
      assert.equal((await say("ticket.search")).first, "READ ticket.search");
    });

    test("can be left by whoever was granted less meanwhile, and by them alone", async () => {
      const less = openChat(api.url, {
        owner: null,
        people: [...people.slice(1), { actor: "dana", roles: ["qa"] as const, senderId: "1", ...everywhere }],
      });
      const asQa = (one: ControlWord) => obeyWord(less.desk, less.desk.personBehind(dana), elsewhere, one);
      const first = async () => (await less.say("ticket.search", {}, { from: dana, session: elsewhere })).first;
      assert.equal(await first(), "REFUSED FORBIDDEN ticket.search: nothing changed.");
      assert.match((await asQa(open)).text, /^Refused \(403\): .*you have qa/);
      assert.match((await asQa(end)).text, /^This is no control room any more/);
      assert.equal(await first(), "READ ticket.search");
      assert.equal((await word(dana, open, elsewhere)).isOpen, true);
    });

    test("is left by its person's word, and everything is as before", async () => {
      assert.match((await word(dana, end, elsewhere)).text, /^This is no control room any more/);
      assert.equal((await say("ticket.search", {}, dana, elsewhere)).first, "READ ticket.search");
      assert.match((await word(dana, end, elsewhere)).text, /nothing to leave/);
    });
  });

  test("offers tools that list the role control, and no field by which a model could leave it", () => {
    const listed = [...commandEntries, ...queryEntries].filter(([, { roles: of }]) => of.includes("control"));
    assert.deepEqual(controlRoomTools.length, listed.length + 1);
    const opening = tools.find(({ name }) => name === "control.open") ?? assert.fail();
    assert.equal(opening.fields.has("session_key"), false);
  });

  test("cannot be opened while the desk is away, and says so", async () => {
    const away = openDesk({ ...desk.configuration, apiUrl: `http://127.0.0.1:${await deadPort()}`, timeoutMs: 300 });
    const { text, isOpen } = await obeyWord(away, away.personBehind(dana), session, open);
    assert.match(text, /^This did not happen: .*cannot be reached/);
    assert.equal(isOpen, false);
  });

  after(() => void forgetControlRooms(desk));
});

type Attempt = readonly [what: string, tool: ToolName, args: unknown, code: string];

/** What a model may think of. */
function attemptsToWork(): Attempt[] {
  const id = "01a1f8e9-0fc0-7cfc-9024-75cc3227896d";
  const call = { account_id: acme.id, site_id: acme.oakland, summary: "Door", description: "It hangs." };
  const task = { title: "Draft", scope: builtScope };
  const spellings: unknown[] = [
    "dispatcher",
    "DISPATCHER",
    " Dispatcher ",
    "assistant",
    "bot",
    "admin",
    "Admin\n",
    "tech",
    "technician",
    "qa",
    "approver",
    "finance",
    "agent",
    "customer",
    "control",
    "owner",
    "root",
    "system",
    "control,dispatcher",
    "dispatcher\u0000",
    ["dispatcher"],
    { role: "dispatcher" },
    true,
    1,
    "",
    null,
    "__proto__",
    "constructor",
    "x".repeat(10_000),
  ];
  const works: readonly [ToolName, object][] = [
    ["tech.check_in", { ticket_id: "T-000001", timestamp: "2026-11-30T10:00:00Z" }],
    ["tech.complete", { ticket_id: "T-000001" }],
    ["closeout.add_evidence", { ticket_id: "T-000001", kind: "photo", evidence_key: "x", uri: "u" }],
    ["qa.verify", { ticket_id: "T-000001", result: "PASS" }],
    ["approval.decide", { ticket_id: "T-000001", approval_id: id, decision: "APPROVED" }],
    ["billing.generate_invoice", { ticket_id: "T-000001" }],
    ["schedule.book", { ticket_id: "T-000001" }],
    ["assignment.dispatch", { ticket_id: "T-000001", tech_id: "Ana" }],
    ["ticket.cancel", { ticket_id: "T-000001", reason: "told to" }],
    ["task.progress", { task_id: id, message: "I do it myself" }],
    ["task.complete", { task_id: id, summary: "done" }],
    ["task.fail", { task_id: id, error: "no" }],
    ["task.create", task],
    ["task.update", { task_id: id, status: "cancelled" }],
    ["worker.drain", { slug: "clerk", reason: "told to do so" }],
    ["event.report", { room: "dispatch:dana", type: "task_completed", summary: "done" }],
  ];
  return [
    ...spellings.map((actor_role): Attempt => [
      `as ${JSON.stringify(actor_role)}`,
      "ticket.create",
      { ...call, actor_role },
      "FORBIDDEN",
    ]),
    ...works.map(([tool, args]): Attempt => [`by ${tool}`, tool, args, "FORBIDDEN"]),
    ["with somebody else's name", "ticket.create", { ...call, actor_id: "ana", actor_role: "tech" }, "FORBIDDEN"],
    ["as a repetition", "ticket.create", { ...call, request_id: id }, "FORBIDDEN"],
    ["as a reading of tickets", "ticket.search", { actor_role: "dispatcher" }, "FORBIDDEN"],
    ["by leaving the room", "control.open", { session_key: null }, "INVALID_ARGUMENTS"],
    ["by holding it elsewhere", "control.open", { session_key: elsewhere }, "INVALID_ARGUMENTS"],
    ["by a role for the session", "control.open", { role: "dispatcher" }, "INVALID_ARGUMENTS"],
    ["by telling itself", "room.push", { target: "dispatch:dana", command: "/task 1" }, "INVALID_ROOM_NAME"],
    ["by resetting itself", "room.reset", { room: "dispatch:dana" }, "CONTROL_ROOM_REFUSED"],
    ["by work for itself", "task.dispatch", { room: "dispatch:dana", prompt: "Do it" }, "CONTROL_ROOM_REFUSED"],
    ["by reading itself", "room.history", { room: "dispatch:dana" }, "CONTROL_ROOM_REFUSED"],
    ["by a room of its own name", "room.create", { name: "dispatch:dana", session_key: elsewhere }, "INVALID_REQUEST"],
    ["by a command that no room takes", "room.push", { target: "all", command: "/exec rm" }, "ROOM_NOT_FOUND"],
  ];
}
