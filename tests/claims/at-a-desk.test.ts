// The check beside a real desk: the stand-in's own answers of a dispatcher's day are let be, and what a model could make of the same
// answers of the API is marked.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { beginTurn, checkSaid, newTurnStore, recordCall } from "../../plugin/src/claims/turn-store.ts";
import { bySentences } from "../scripted-model/by-sentences.ts";
import { believing, openChat, type Chat } from "../plugin/chat.ts";
import { startTestApi } from "../support/api.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const key = "agent:main:main";

describe("replies at a desk", async () => {
  const api = await startTestApi({ env: believing });
  const plain = openChat(api.url, { clock: api.clock });
  const store = newTurnStore();
  const now = () => api.clock.now().getTime();
  let turns = 0;
  const turn = () => beginTurn(store, key, `run ${turns++}`, now());
  const said = (reply: string) => checkSaid(store, key, reply, now());
  /** As the plugin keeps what its tools answer. */
  const chat: Chat = {
    ...plain,
    say: async (tool, args, saying) => {
      const answer = await plain.say(tool, args, saying);
      const result = { content: [{ type: "text" as const, text: answer.text }], details: answer.details };
      recordCall(store, key, { tool, args, result }, now());
      return answer;
    },
  };
  const conversation = () => {
    const say = bySentences(chat, () => ({ now: api.clock.now(), timeZone: "America/Los_Angeles" }));
    return async (sentence: string): Promise<string> => {
      turn();
      const answer = await say(sentence);
      const { reply, findings } = said(answer);
      assert.equal(reply, answer, `${sentence}\n${reply}\n${JSON.stringify(findings)}`);
      return answer;
    };
  };
  const marks = (reply: string, lack: string) =>
    assert.deepEqual(
      said(reply).findings.map((one) => one.lack),
      [lack],
      reply,
    );
  const lets = (reply: string) => assert.deepEqual(said(reply).findings, [], reply);

  test("a day's answers are let be", async () => {
    const say = conversation();
    for (const sentence of [
      "open a ticket for Acme Retail at Acme Oakland: the front door does not latch",
      "triage it as urgent, the door won't latch",
      "book it",
      "the customer called, move it to Thursday",
      "send somebody with her because the door is heavy",
      "note that the gate code is 4711",
      "the number is wrong, it is 510 555 0166",
      "what is burning?",
      "show it",
      "dispatch the first",
      "check in",
      "complete it",
      "cancel it because the customer called it off",
    ])
      await say(sentence);
  });

  test("what is made of a real receipt is held to it", async () => {
    const say = conversation();
    const opened = await say("open a ticket for Acme Retail at Acme Oakland: the back door does not latch");
    const number = /T-\d{6}/.exec(opened)?.[0] ?? assert.fail(opened);
    lets(`I opened ${number} for Acme Oakland.`);
    marks("I opened T-000999 for Acme Oakland.", "other ticket");
    marks(`I opened ${number} and booked it.`, "no receipt");
    await say("triage it as urgent, the door won't latch");
    const booked = await say("book it");
    const { tickets } = await api.read("ticket.search", { query: `q=${number}` });
    const [ticket] = tickets;
    assert.ok(ticket, booked);
    const { technicians } = await api.read("roster.list");
    const name = (id: string | null) => technicians.find((one) => one.id === id)?.name ?? "";
    const mine = name(ticket.assigned_tech_id);
    const other = technicians.find((one) => one.id !== ticket.assigned_tech_id)?.name ?? "";
    turn();
    await chat.say("roster.list", {});
    const read = await chat.say("ticket.get", { ticket_id: number });
    assert.equal(read.outcome, "read", read.text);
    const [, clock = ""] = /T(\d\d:\d\d)/.exec(String(read.body["scheduled_start_local"])) ?? [];
    lets(`${number} is booked with ${mine} at ${clock}.`);
    marks(`${number} is booked with ${other} at ${clock}.`, "not read");
    marks(`${number} is booked with ${mine} at 03:17.`, "not read");
    marks(`I booked ${number} with ${mine} at ${clock}.`, "no receipt");
  });

  test("a refusal is told as one, and is no receipt", async () => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const { number } = await api.read("ticket.get", { ticket: id });
    turn();
    const answer = await chat.say("ticket.close", { ticket_id: number });
    assert.equal(answer.outcome, "refused", answer.text);
    lets(`${number} could not be closed; it is READY_TO_SCHEDULE.`);
    marks(`I closed ${number}.`, "refused");
  });
});
