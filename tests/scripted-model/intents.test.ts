// Every sentence the scripted stand-in understands, and the calls it makes of it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { chatName, commandEntries, queryEntries } from "../../dispatch/contract/index.ts";
import { intents, readSentence } from "../../lab/scripted-model/intents.ts";
import { tools } from "../../plugin/src/tool-catalog.ts";
import {
  aboutTicket,
  anaId,
  benId,
  Conversation,
  offered,
  place,
  rankingText,
  receiptId,
  snapshotId,
  taskId,
  taskText,
  ticketId,
  ticketText,
  type Called,
} from "./conversation.ts";

const now = place.now.toISOString();
const onIt = (name: string, args: JsonObject = {}): Called => ({ name, args: { ticket_id: ticketId, ...args } });
const emergency = { priority: "EMERGENCY", incident_type: "CANNOT_SECURE_ENTRY", nte_cents: 88_000 };
const nine = { start: "2026-11-24T17:00:00.000Z", end: "2026-11-24T19:00:00.000Z" };
const thirteen = { start: "2026-11-24T21:00:00.000Z", end: "2026-11-24T23:00:00.000Z" };
const site: Called = { name: "directory_search", args: { kind: "site", q: "Demo Site North", limit: 5 } };
const pause = (args: JsonObject): Called => ({ name: "ops_autonomy_pause", args });

const cases: readonly (readonly [string, ...Called[]])[] = [
  ["what is burning?", { name: "dispatcher_cockpit", args: {} }],
  ["What's urgent?", { name: "dispatcher_cockpit", args: {} }],
  ["show me the queue", { name: "dispatcher_cockpit", args: {} }],
  ["what should I do next?", { name: "dispatcher_cockpit", args: {} }],
  ["open a ticket for Demo Site North: the front door does not lock", site],
  ["Please open a new ticket at Demo Site North, the front door does not lock", site],
  [
    "open a ticket for Acme at Demo Site North: it is broken",
    site,
    { name: "directory_search", args: { kind: "account", q: "Acme", limit: 5 } },
  ],
  [
    "triage it as an emergency, cannot secure entry, at most $880",
    onIt("ticket_triage", { ...emergency, ready_to_schedule: true }),
  ],
  [
    "triage it as an emergency, cannot secure entry, up to $1,250.50, no appointment",
    onIt("ticket_triage", { ...emergency, nte_cents: 125_050, ready_to_schedule: false }),
  ],
  [
    "triage the ticket as routine, the closer slams",
    onIt("ticket_triage", {
      priority: "ROUTINE",
      incident_type: "CLOSER_LEAKING_OR_SLAMMING",
      ready_to_schedule: true,
    }),
  ],
  ["when can someone go?", onIt("schedule_slots", { limit: 5 })],
  [
    "when could someone go on Tuesday afternoon?",
    onIt("schedule_slots", { earliest: "2026-11-24T20:00:00.000Z", latest: "2026-11-25T02:00:00.000Z", limit: 5 }),
  ],
  [
    "book it for tomorrow morning",
    onIt("schedule_book", { earliest: "2026-11-22T15:00:00.000Z", latest: "2026-11-22T20:00:00.000Z" }),
  ],
  [
    "book it with Ana for Tuesday 9 to 11",
    onIt("schedule_book", { earliest: nine.start, latest: nine.end, tech_id: "Ana" }),
  ],
  ["book it as soon as possible", onIt("schedule_book", { strategy: "earliest" })],
  ["offer Tuesday 9 to 11 or 13 to 15", onIt("schedule_propose", { options: [nine, thirteen] })],
  ["confirm Tuesday 9am-11am", onIt("schedule_confirm", nine)],
  ["who should go?", onIt("assignment_recommend", { service_type: "CANNOT_SECURE_ENTRY" })],
  ["send Ana", onIt("assignment_dispatch", { tech_id: "Ana" })],
  ["dispatch the first", onIt("assignment_recommend", { service_type: "CANNOT_SECURE_ENTRY" })],
  [
    "send Ben instead because Ana is ill today",
    onIt("assignment_override", {
      override_type: "reassign_tech",
      reason_code: "other",
      tech_id: "Ben",
      note: "Ana is ill today",
    }),
  ],
  [
    "send Ana right now, it is an emergency",
    onIt("assignment_dispatch", {
      tech_id: "Ana",
      dispatch_mode: "EMERGENCY_BYPASS",
      dispatch_rationale: "send Ana right now, it is an emergency",
      dispatch_confirmation: true,
    }),
  ],
  ["check in", onIt("tech_check_in", { timestamp: now })],
  ["what is missing?", onIt("tech_job_packet")],
  ["complete it", onIt("tech_complete", { checklist_status: {} })],
  [
    "complete it, no signature because the shop was shut, 90 minutes of work",
    onIt("tech_complete", {
      checklist_status: {},
      work: { labor_minutes: 90 },
      no_signature_reason: "the shop was shut",
    }),
  ],
  ["complete it, the whole checklist is done", onIt("tech_job_packet")],
  ["show the evidence", onIt("closeout_list_evidence")],
  ["show me the photo", onIt("closeout_list_evidence")],
  ["open the picture they took", onIt("closeout_list_evidence")],
  [
    "attach the photo s3://bucket/door.jpg as photo_before_security_risk.",
    onIt("closeout_add_evidence", {
      kind: "PHOTO",
      uri: "s3://bucket/door.jpg",
      evidence_key: "photo_before_security_risk",
    }),
  ],
  ["verify it", onIt("qa_verify", { timestamp: now, result: "PASS" })],
  ["invoice it", onIt("billing_generate_invoice")],
  ["close it", onIt("ticket_close")],
  ["cancel it because the customer called it off", onIt("ticket_cancel", { reason: "the customer called it off" })],
  ["pause everything because the power is out", pause({ scope_type: "GLOBAL", reason: "the power is out" })],
  [
    "pause this ticket because the customer complains",
    pause({ scope_type: "TICKET", ticket_id: ticketId, reason: "the customer complains" }),
  ],
  [
    "pause the door closers because of a recall",
    pause({ scope_type: "INCIDENT", incident_type: "CLOSER_LEAKING_OR_SLAMMING", reason: "a recall" }),
  ],
  ["resume everything", { name: "ops_autonomy_rollback", args: { scope_type: "GLOBAL" } }],
  ["show the timeline", onIt("ticket_timeline")],
  ["show me the ticket", onIt("ticket_get")],
  ["is that true? show me the receipt", { name: "receipt_get", args: { receipt_id: receiptId } }],
  ["find tickets about the front door", { name: "ticket_search", args: { q: "the front door", limit: 5 } }],
  ["status", { name: "dispatch_contract_status", args: {} }],
  ["show T-000012", { name: "ticket_get", args: { ticket_id: "T-000012" } }],
  [
    "move it to Tuesday 9 to 11 because the shop is shut",
    onIt("schedule_move", { ...nine, reason: "the shop is shut" }),
  ],
  [
    "The customer called: reschedule the visit to Tuesday 13 to 15.",
    onIt("schedule_move", { ...thirteen, reason: "The customer called: reschedule the visit to Tuesday 13 to 15" }),
  ],
  [
    "the customer called, move it to Thursday",
    onIt("schedule_slots", { earliest: "2026-11-26T08:00:00.000Z", latest: "2026-11-27T08:00:00.000Z", limit: 1 }),
  ],
  [
    "hand it over to Ana because Ben has to leave",
    onIt("assignment_transfer", { tech_id: "Ana", reason: "Ben has to leave" }),
  ],
  [
    "Ana takes over, Bob has to leave",
    onIt("assignment_transfer", { tech_id: "Ana", reason: "Ana takes over, Bob has to leave" }),
  ],
  ["give Bob's job to Ana", { name: "dispatcher_cockpit", args: { assigned_tech_id: "Bob", limit: 5 } }],
  ["send Ben along", onIt("assignment_crew", { add: ["Ben"], reason: "send Ben along" })],
  [
    "Ben Okafor goes along because the door weighs 90 kg",
    onIt("assignment_crew", { add: ["Ben Okafor"], reason: "the door weighs 90 kg" }),
  ],
  ["send somebody with him", onIt("ticket_get"), onIt("assignment_recommend", { service_type: "CANNOT_SECURE_ENTRY" })],
  ["take Ben off the crew", onIt("assignment_crew", { remove: ["Ben"], reason: "take Ben off the crew" })],
  ["nobody was home", onIt("closeout_no_work", { reason_code: "no_access", note: "nobody was home" })],
  [
    "they sent us away at the door",
    onIt("closeout_no_work", { reason_code: "cancelled_at_door", note: "they sent us away at the door" }),
  ],
  ["it was not needed", onIt("closeout_no_work", { reason_code: "not_needed", note: "it was not needed" })],
  ["it was not safe", onIt("closeout_no_work", { reason_code: "unsafe", note: "it was not safe" })],
  ["it is urgent after all", onIt("ticket_update", { priority: "URGENT" })],
  ["the number is wrong, it is 510 555 0199", onIt("ticket_update", { customer_phone: "510 555 0199" })],
  ["change the priority to emergency", onIt("ticket_update", { priority: "EMERGENCY" })],
  ["change the limit to $1,250", onIt("ticket_update", { nte_cents: 125_000 })],
  ["change the kind of work to glass", onIt("ticket_update", { incident_type: "FRAME_OR_GLASS_DAMAGE" })],
  ["correct the summary to the back door drags.", onIt("ticket_update", { summary: "the back door drags" })],
  [
    "note that the gate code is 4711",
    onIt("ticket_add_note", { text: "the gate code is 4711", visibility: "internal" }),
  ],
  [
    "add a note for the customer: we bring the part",
    onIt("ticket_add_note", { text: "we bring the part", visibility: "customer" }),
  ],
  [
    "attach the note s3://bucket/risk.txt as note_risk_mitigation_and_customer_handoff",
    onIt("closeout_add_evidence", {
      kind: "NOTE",
      uri: "s3://bucket/risk.txt",
      evidence_key: "note_risk_mitigation_and_customer_handoff",
    }),
  ],
  ["reopen it because the photo shows another door", onIt("qa_reopen", { reasons: ["the photo shows another door"] })],
  [
    "take it back from quality for another visit because the frame is bent",
    onIt("qa_reopen", { reasons: ["the frame is bent"], workflow_outcome: "READY_TO_SCHEDULE" }),
  ],
  [
    "ask for $200 more because the frame was bent",
    onIt("billing_request_limit", { amount_delta_cents: 20_000, reason: "the frame was bent" }),
  ],
  [
    "it leaks again, same door",
    onIt("ticket_follow_up", {
      kind: "callback",
      summary: "It leaks again, same door",
      reason: "it leaks again, same door",
    }),
  ],
  [
    "the closer leaks again, that is warranty, and urgent",
    onIt("ticket_follow_up", {
      kind: "warranty",
      summary: "The closer leaks again, that is warranty, and urgent",
      reason: "the closer leaks again, that is warranty, and urgent",
      priority: "URGENT",
    }),
  ],
  [
    "further work is needed because the second door drags",
    onIt("ticket_follow_up", {
      kind: "further_work",
      summary: "Further work is needed because the second door drags",
      reason: "the second door drags",
    }),
  ],
];

const eventIds = ["01a1fda9-6666-7b02-8c55-00aa11bb22cc", "01a1fda9-7777-7b02-8c55-00aa11bb22cc"] as const;
const toRooms: readonly (readonly [string, ...Called[]])[] = [
  ["what is waiting for my approval?", { name: "approval_request_list", args: {} }],
  ["what became of A-000123?", { name: "approval_request_get", args: { approval_request_id: "a-000123" } }],
  [
    "Approve A-000123.",
    { name: "approval_request_decide", args: { approval_request_id: "a-000123", outcome: "approved" } },
  ],
  ["deny a-7", { name: "approval_request_decide", args: { approval_request_id: "a-7", outcome: "denied" } }],
  ["take back A-000123", { name: "approval_request_withdraw", args: { approval_request_id: "a-000123" } }],
  ["open the control room", { name: "control_open", args: {} }],
  ["what's going on?", { name: "control_brief", args: {} }],
  ["set up a room for the clerk", { name: "room_create", args: { name: "clerk", worker_id: "clerk" } }],
  ["reset the night-clerk's room", { name: "room_reset", args: { room: "night-clerk" } }],
  [
    "Please tell the clerk to check the queue",
    { name: "room_push", args: { target: "clerk", command: "/queue-check" } },
  ],
  [
    "ask the clerk's room to draft the quote, and the offer.",
    { name: "task_dispatch", args: { room: "clerk", prompt: "Draft the quote, and the offer" } },
  ],
  ["who sits where", { name: "room_list", args: {} }],
  ["show me the board", { name: "room_board", args: {} }],
  ["how is the clerk doing?", { name: "room_status", args: { room: "clerk" } }],
  ["what did we tell the clerk?", { name: "room_history", args: { room: "clerk", limit: 20 } }],
  ["any news from the rooms?", { name: "event_list", args: { limit: 20 } }],
  ["I have seen that", ...eventIds.map((event_id) => ({ name: "event_ack", args: { event_id } }))],
  [`I've seen that: ${eventIds[1]}`, { name: "event_ack", args: { event_id: eventIds[1] } }],
];

describe("a sentence about rooms becomes a call", () => {
  const text = [
    "READ event.list",
    ...eventIds.map((id) => `event_id ${id} task_failed from room "clerk" at ${now}; "no answer"`),
  ].join("\n");
  const fields = new Map(tools.map(({ chatName: name, fields: known }) => [name, known]));
  for (const [sentence, ...calls] of toRooms) {
    test(sentence, () => {
      const news = aboutTicket().says("any news from the rooms?").ran({ name: "event_list", text });
      assert.deepEqual(news.says(sentence).calls(), calls);
      for (const { name, args } of calls)
        for (const field of Object.keys(args)) assert.ok(fields.get(name)?.has(field), `${name} has no ${field}`);
    });
  }

  test("but where nothing was said, nothing is marked as read", () => {
    assert.match(aboutTicket().says("I have seen that").hears(), /^What have you seen\?/);
  });
});

const title = (words: string) => ({ title: words, ticket_id: ticketId });
const handed: readonly (readonly [string, Called])[] = [
  [
    "have somebody check the warranty",
    { name: "task_create", args: { ...title("Check the warranty"), scope: "warranty" } },
  ],
  ["let an agent draft the quote.", { name: "task_create", args: { ...title("Draft the quote"), scope: "quote" } }],
  [
    "could you have the clerk call the supplier about the pane, and the hinge",
    {
      name: "task_create",
      args: { ...title("Call the supplier about the pane, and the hinge"), scope: "supplier", assignee: "clerk" },
    },
  ],
  [
    "have somebody write to the landlord",
    { name: "task_create", args: { ...title("Write to the landlord"), scope: "office" } },
  ],
  ["cancel that task", { name: "task_update", args: { task_id: taskId, status: "cancelled" } }],
  [
    "cancel the task because the customer called it off",
    { name: "task_update", args: { task_id: taskId, status: "cancelled", reason: "the customer called it off" } },
  ],
  ["give that task to the clerk", { name: "task_update", args: { task_id: taskId, assignee: "clerk" } }],
  ["try it again", { name: "task_update", args: { task_id: taskId, status: "pending" } }],
  ["is that done yet?", { name: "task_check", args: { task_id: taskId } }],
  ["what came out of it?", { name: "task_check", args: { task_id: taskId } }],
  ["why does nobody do it?", { name: "task_explain", args: { task_id: taskId } }],
  ["why that agent", { name: "task_explain", args: { task_id: taskId } }],
  [
    "which tasks wait?",
    { name: "task_list", args: { status: ["pending", "assigned", "in_progress", "awaiting_review"], limit: 10 } },
  ],
  ["which agents are awake?", { name: "worker_list", args: {} }],
  ["give the clerk nothing new", { name: "worker_drain", args: { slug: "clerk" } }],
  ["the clerk may have new work again", { name: "worker_undrain", args: { slug: "clerk" } }],
];

describe("a sentence about desk tasks becomes a call", () => {
  const afterOne = () => aboutTicket().ran({ name: "task_create", text: `DONE task.create\n${taskText()}` });
  for (const [sentence, called] of handed) {
    test(sentence, () => {
      assert.deepEqual(afterOne().says(sentence).calls(), [called]);
      const fields = tools.find(({ chatName }) => chatName === called.name)?.fields;
      for (const field of Object.keys(called.args)) assert.ok(fields?.has(field), field);
    });
  }

  test("and one that is to be done, by whose it is, three: it is read, begun and reported", () => {
    const read = `READ task.check\n${taskText("assigned")}\nnext: task_update`;
    const id = { task_id: taskId };
    const conversation = new Conversation().says(`do task ${taskId}`);
    const check = { name: "task_check", args: id };
    assert.deepEqual(conversation.calls(), [check]);
    const progress = { name: "task_progress", args: { ...id, message: "Looking it up", percent: 50 } };
    assert.deepEqual(conversation.ran({ ...check, text: read }).calls(), [progress]);
    const begun = `DONE task.progress\n${taskText("in_progress")}`;
    const [complete] = conversation.ran({ ...progress, text: begun }).calls();
    assert.deepEqual(complete, {
      name: "task_complete",
      args: { ...id, summary: "In warranty until 1 May 2028", result: { warranty_until: "2028-05-01" } },
    });
    const done = `DONE task.complete\n${taskText("completed")}`;
    assert.equal(
      conversation.ran({ name: "task_complete", args: id, text: done }).hears(),
      "Begun: the task is in progress, nobody has it yet.\n\nDone: the task is completed, nobody has it yet.",
    );
  });

  test("and what came of one is told in words", () => {
    const text = `READ task.check\n${taskText("completed").replace("nobody has it", "assignee clerk")}\ncame to: "In [stock]"`;
    const heard = afterOne().says("is that done yet?").ran({ name: "task_check", text }).hears();
    assert.equal(heard, '"Check the warranty" is completed. It is with clerk. In \\[stock\\].');
    const waits = afterOne()
      .says("is that done yet?")
      .ran({ name: "task_check", text: `READ task.check\n${taskText()}` });
    assert.equal(waits.hears(), '"Check the warranty" is pending. Nobody has it.');
  });

  test("and by name where the host offers a directory and no schemas", () => {
    const directory = new Set(["tool_search", "tool_describe", "tool_call"]);
    assert.deepEqual(afterOne().says("which agents are awake?").calls(directory), [{ name: "worker_list", args: {} }]);
    assert.match(
      afterOne()
        .says("which agents are awake?")
        .hears(new Set(["tool_search"])),
      /does not offer me/,
    );
  });

  test("but for a task that none has come up, it asks which", () => {
    assert.match(aboutTicket().says("cancel that task").hears(), /^Which task\?/);
  });

  test("and cancels the ticket where no task is meant", () => {
    const cancelled = afterOne().says("cancel it because the customer called it off").calls();
    assert.deepEqual(cancelled[0]?.name, "ticket_cancel");
  });
});

describe("a sentence becomes calls", () => {
  for (const [sentence, ...calls] of cases) {
    test(sentence, () => assert.deepEqual(aboutTicket().says(sentence).calls(), calls));
  }

  test("every tool it may call is offered by the plugin, with the arguments it gives", () => {
    const fields = new Map(tools.map(({ chatName, fields }) => [chatName, fields]));
    for (const [sentence, ...calls] of cases) {
      for (const { name, args } of calls) {
        assert.ok(offered.has(name), `${sentence}: ${name}`);
        for (const field of Object.keys(args))
          assert.ok(fields.get(name)?.has(field), `${sentence}: ${name} has no ${field}`);
      }
    }
  });

  test("so is every sentence that the README has for the chat", async () => {
    const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
    const sentences = [...readme.matchAll(/^> (.+)$/gm)].map(([, sentence = ""]) => sentence);
    assert.ok(sentences.length >= 5);
    for (const sentence of sentences) assert.ok(readSentence(sentence), sentence);
  });

  const swarm = queryEntries.filter(([tool]) => /^(?:task|worker|room|event|control|approval_request)\./.test(tool));
  for (const [tool, { said = [] }] of [...commandEntries, ...swarm]) {
    for (const sentence of said)
      test(`so is what people say for ${tool}: ${sentence}`, () => {
        const meant = readSentence(sentence)?.map(({ intent }) => intent.tool);
        assert.deepEqual(meant, [chatName(tool)]);
      });
  }

  for (const { example, tool } of intents) {
    test(`its own example is understood: ${example}`, () => {
      const conversation = aboutTicket()
        .says("have somebody check the warranty")
        .ran({ name: "task_create", text: `DONE task.create\n${taskText()}` })
        .says("any news from the rooms?")
        .ran({ name: "event_list", text: `READ event.list\nevent_id ${eventIds[0]} task_failed from room "clerk"` })
        .says("offer Tuesday 9 to 11")
        .ran({ name: "schedule_propose", args: { options: [nine] }, text: "DONE schedule.propose" })
        .says(example);
      const onTheWay: Readonly<Record<string, string>> = {
        ticket_create: "directory_search",
        assignment_dispatch: "assignment_recommend",
        schedule_move: "schedule_slots",
        assignment_crew: "ticket_get",
        assignment_transfer: "dispatcher_cockpit",
        closeout_get_evidence: "closeout_list_evidence",
        roster_upsert: "roster_list",
        task_complete: "task_check",
      };
      assert.ok([tool, onTheWay[tool]].includes(conversation.calls()[0]?.name));
    });
  }
});

const searched = (...found: readonly string[]): string => ["READ directory.search", ...found].join("\n");
const north = `site_id ${anaId} "Demo North" "1 High St" account_id ${anaId}`;
const south = `site_id ${benId} "Demo South" - account_id ${anaId}`;

describe("what a conversation has come to decides the calls", () => {
  test("a ticket is opened with the ids its names led to", () => {
    const found = new Conversation()
      .says("open a ticket for Demo Site North: the front door does not lock, at most $500")
      .ran({
        name: "directory_search",
        text: searched(
          `site_id ${anaId} "Demo Site North" "100 Demo Drive" account_id ${benId}`,
          `site_id ${benId} "Demo Site North Annex" - account_id ${anaId}`,
        ),
      });
    assert.deepEqual(found.calls(), [
      {
        name: "ticket_create",
        args: {
          account_id: benId,
          site_id: anaId,
          summary: "The front door does not lock, at most $500",
          nte_cents: 50_000,
        },
      },
    ]);
  });

  test("where a name could be several sites, it asks and opens nothing", () => {
    const found = new Conversation()
      .says("open a ticket for Demo: the door is stuck")
      .ran({ name: "directory_search", text: searched(north, south) });
    assert.match(found.hears(), /^Which site\? Demo North \(1 High St\), Demo South could be meant/);
  });

  test("an account that is named tells sites of one name apart", () => {
    const other = north.replaceAll(anaId, benId);
    const found = new Conversation()
      .says("open a ticket for Demo Home at Demo North: the door is stuck")
      .ran(
        { name: "directory_search", text: searched(other, north) },
        { name: "directory_search", text: searched(`account_id ${anaId} "Demo Home" -`) },
      );
    assert.deepEqual(found.calls(), [
      { name: "ticket_create", args: { account_id: anaId, site_id: anaId, summary: "The door is stuck" } },
    ]);
  });

  test("a technician's further zones are put behind those there are", () => {
    const line = (zones: string) =>
      `READ roster.list\ntech_id ${anaId} "Ana Alvarez"; zones ${zones}; 12 08:00-17:00; 2 in work`;
    const asked = () => new Conversation().says("Ana also works in CA and NV");
    assert.deepEqual(asked().calls(), [{ name: "roster_list", args: { tech_id: "Ana" } }]);
    const after = (zones: string) => asked().ran({ name: "roster_list", text: line(zones) });
    assert.deepEqual(after('"OR, ca"').calls(), [
      { name: "roster_upsert", args: { tech_id: anaId, zones: ["OR", "ca", "NV"] } },
    ]);
    assert.deepEqual(after("-").calls()[0]?.args, { tech_id: anaId, zones: ["CA", "NV"] });
    assert.match(after('"CA, NV"').hears(), /^Ana works there already: CA, NV\.$/m);
    assert.match(after('"CA, N…"').hears(), /more zones than I am told of/);
  });

  test("one of the times offered is confirmed by its number", () => {
    const offered = aboutTicket()
      .says("offer them")
      .ran({ name: "schedule_propose", args: { options: [nine, thirteen] }, text: "DONE schedule.propose" });
    assert.deepEqual(offered.says("confirm the second one").calls(), [onIt("schedule_confirm", thirteen)]);
  });

  test("the times found are offered by their number", () => {
    const slot = (start: string, end: string, at: number) =>
      `${at}. ${start} to ${end} tech_id ${anaId} "Ana Alvarez" score 10`;
    const seen = aboutTicket()
      .says("when can someone go?")
      .ran({
        name: "schedule_slots",
        text: `READ schedule.slots\n${slot(nine.start, nine.end, 1)}\n${slot(thirteen.start, thirteen.end, 2)}`,
      });
    assert.deepEqual(seen.says("offer the first").calls(), [onIt("schedule_propose", { options: [nine] })]);
  });

  const ranked = () =>
    aboutTicket("SCHEDULED")
      .says("who should go?")
      .ran({ name: "assignment_recommend", text: rankingText })
      .answers("Ana.");
  const first = onIt("assignment_dispatch", { tech_id: anaId, recommendation_snapshot_id: snapshotId });
  for (const [sentence, call] of [
    ["send Ana", first],
    ["dispatch the first", first],
    ["send Ben Okafor", onIt("assignment_dispatch", { tech_id: benId })],
    ["send Carla", onIt("assignment_dispatch", { tech_id: "Carla" })],
  ] as const) {
    test(`after a ranking, "${sentence}" names the snapshot only with its first`, () =>
      assert.deepEqual(ranked().says(sentence).calls(), [call]));
  }

  test('without a ranking, "dispatch the first" asks for one and then sends the first', () => {
    const asked = aboutTicket("SCHEDULED").says("dispatch the first");
    assert.deepEqual(asked.ran({ name: "assignment_recommend", text: rankingText }).calls(), [first]);
  });

  test("what was ranked for one ticket is not used for another", () => {
    const other = "01a1fda9-9999-7d40-91ab-570e80928c4e";
    const moved = ranked()
      .says("show the ticket")
      .ran({
        name: "ticket_get",
        text: `READ ticket.get\nticket ${other} SCHEDULED URGENT "DOOR_WONT_LATCH" version 2`,
      });
    assert.deepEqual(moved.says("send Ana").calls(), [
      { name: "assignment_dispatch", args: { ticket_id: other, tech_id: "Ana" } },
    ]);
  });

  const slot = `1. ${nine.start} to ${nine.end} tech_id ${anaId} "Ana Alvarez" score 10`;
  test("a visit moves to the first free time of the day that was named, and nowhere when there is none", () => {
    const asked = () => aboutTicket("SCHEDULED").says("the customer called, move it to Thursday");
    assert.deepEqual(
      asked()
        .ran({ name: "schedule_slots", text: `READ schedule.slots\n${slot}` })
        .calls(),
      [onIt("schedule_move", { ...nine, reason: "the customer called, move it to Thursday" })],
    );
    const none = asked().ran({ name: "schedule_slots", text: "READ schedule.slots\nno free slot" });
    assert.match(none.hears(), /Nobody is free then, so nothing was moved\.$/);
  });

  test("whoever goes along is the best who is free and not the lead", () => {
    const asked = (ranking: string) =>
      aboutTicket("SCHEDULED")
        .says("send somebody with him because the door is heavy")
        .ran(
          { name: "ticket_get", text: `READ ticket.get\n${ticketText("SCHEDULED", { more: ` tech_id ${anaId}` })}` },
          { name: "assignment_recommend", text: ranking },
        );
    assert.deepEqual(asked(rankingText).calls(), [
      onIt("assignment_crew", { add: [benId], reason: "the door is heavy" }),
    ]);
    const alone = rankingText.replace(/^2\..*\n/m, "");
    assert.match(asked(alone).hears(), /Nobody else is free for it, so nobody goes along\.$/);
  });

  const job = (state: string, number = "T-000007") =>
    `1. ticket ${benId} ${state} URGENT "DOOR_WONT_LATCH"; number ${number} "Door"; sla healthy 01:00; site "Main St, Oakland"; ` +
    `scheduled ${nine.start}; tech_id ${benId}`;
  const given = (...rows: string[]) =>
    aboutTicket()
      .says("give Bob's job to Ana")
      .ran({ name: "dispatcher_cockpit", text: ["READ dispatcher.cockpit", ...rows].join("\n") });
  test("work that is under way changes hands, and before that another is put on it", () => {
    const reason = "give Bob's job to Ana";
    assert.deepEqual(given(job("IN_PROGRESS")).calls(), [
      { name: "assignment_transfer", args: { ticket_id: benId, tech_id: "Ana", reason } },
    ]);
    assert.deepEqual(given(job("DISPATCHED")).calls(), [
      {
        name: "assignment_override",
        args: { ticket_id: benId, override_type: "reassign_tech", reason_code: "other", tech_id: "Ana", note: reason },
      },
    ]);
    assert.match(given("no ticket in the queue").hears(), /Bob has no open job\.$/);
    assert.match(given(job("DISPATCHED"), job("SCHEDULED", "T-000008")).hears(), /several: T-000007, T-000008\./);
  });

  test("the whole checklist is the one the job packet lists", () => {
    const packet = aboutTicket("IN_PROGRESS")
      .says("complete it, the whole checklist is done")
      .ran({
        name: "tech_job_packet",
        text: `READ tech.job_packet\nticket ${ticketId} IN_PROGRESS\nmissing checklist: work_performed, resolution_status`,
      });
    assert.deepEqual(packet.calls(), [
      onIt("tech_complete", { checklist_status: { work_performed: true, resolution_status: true } }),
    ]);
  });

  test("a ticket named by its id is meant before the one talked about", () => {
    assert.deepEqual(aboutTicket().says(`show the timeline of ${benId}`).calls(), [
      { name: "ticket_timeline", args: { ticket_id: benId } },
    ]);
  });

  for (const sentence of [
    "triage it as urgent, glass",
    "book it for tomorrow",
    "check in",
    "send Ana",
    "complete it",
    "cancel it because it rains",
  ]) {
    test(`without a ticket "${sentence}" asks which`, () =>
      assert.match(new Conversation().says(sentence).hears(), /^Which ticket\?/));
  }

  for (const [sentence, question] of [
    ["triage it", /^As what\?/],
    ["cancel it", /^Why\?/],
    ["pause everything", /^Why\?/],
    ["pause because of the rain", /^How far/],
    ["offer it", /^Which times\?/],
    ["confirm it", /^Which time\?/],
    ["open a ticket", /^Where, and what is wrong\?/],
    ["attach the photo", /^A chat cannot carry the file itself/],
    ["move it", /^To when\?/],
    ["reopen it", /^Why\?/],
    ["ask for a higher limit", /^How much more, and why\?/],
    ["change the colour to red", /^Change what to what\?/],
  ] as const) {
    test(`"${sentence}" lacks something, and it asks for that`, () =>
      assert.match(aboutTicket().says(sentence).hears(), question));
  }
});

describe("two things in a sentence", () => {
  test("are read at once", () => {
    assert.deepEqual(aboutTicket().says("what is burning, and show the timeline").calls(), [
      { name: "dispatcher_cockpit", args: {} },
      onIt("ticket_timeline"),
    ]);
  });

  test("are done one after the other when something changes", () => {
    const said = aboutTicket("DISPATCHED").says("check in and then complete it");
    assert.deepEqual(said.calls(), [onIt("tech_check_in", { timestamp: now })]);
    assert.deepEqual(
      said.ran({ name: "tech_check_in", text: `DONE tech.check_in\nticket ${ticketId} IN_PROGRESS` }).calls(),
      [onIt("tech_complete", { checklist_status: {} })],
    );
  });

  test("stop at the first refusal", () => {
    const said = aboutTicket()
      .says("check in and then complete it")
      .ran({
        name: "tech_check_in",
        text: "REFUSED INVALID_STATE_TRANSITION tech.check_in: nothing changed.\nNot from here.",
      });
    assert.equal(said.hears(), "Refused, nothing changed: Not from here. (INVALID_STATE_TRANSITION)");
  });

  test("are not looked for in what a customer said or in a reason", () => {
    assert.deepEqual(aboutTicket().says("cancel it because the door is fine and close it").calls(), [
      onIt("ticket_cancel", { reason: "the door is fine and close it" }),
    ]);
    assert.deepEqual(
      new Conversation().says("open a ticket for Demo Site North: the door is stuck and cancel it").calls(),
      [site],
    );
  });
});
