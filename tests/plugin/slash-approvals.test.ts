// `/dispatch approvals`, `approve` and `deny`: what a person types about what a model asked for, and what the status tells of it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerSlash } from "../../plugin/src/slash-command.ts";
import { startTestApi } from "../support/api.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { believing, openChat, sender, theOwner } from "./chat.ts";

describe("what a person types about what a model asked for", async () => {
  const api = await startTestApi({ env: believing });
  const people = [
    { actor: "fay", roles: ["finance"] as const, senderId: "2", channel: "telegram" },
    { actor: "bo", roles: ["dispatcher"] as const, senderId: "3", channel: "telegram", accounts: [], sites: [] },
  ];
  const chat = openChat(api.url, { people, clock: api.clock });
  const type = (text: string, from = theOwner) => answerSlash(chat.desk, from, text, async () => "");
  const asked = async (): Promise<{ number: string; ticket: string }> => {
    const { id: ticket } = await ticketIn(api, "NEW");
    const { text } = await chat.say("ticket.cancel", { ticket_id: ticket, reason: "the customer fixed it" });
    const [number = assert.fail(text)] = /A-\d{6}/.exec(text) ?? [];
    return { number, ticket };
  };
  const stateOf = async (ticket: string) => (await api.read("ticket.get", { ticket })).state;

  test("lists it, allows it in any case of letters and with few zeros, and tells the receipt", async () => {
    const { number, ticket } = await asked();
    assert.match(await type("approvals"), new RegExp(`^${number} pending: ticket\\.cancel on ticket ${ticket}`, "m"));
    const short = `a-${Number(number.slice(2))}`;
    const answer = await type(`approve ${short} they called`);
    assert.match(answer, new RegExp(`${number} executed[^]*because "they called"[^]*receipt [0-9a-f-]{36}`));
    assert.equal(await stateOf(ticket), "CANCELLED");
    assert.match(await type(`deny ${number}`), /INVALID_STATE_TRANSITION/);
  });

  test("denies it", async () => {
    const { number, ticket } = await asked();
    assert.match(await type(`deny ${number} not this one`), new RegExp(`${number} denied[^]*because "not this one"`));
    assert.equal(await stateOf(ticket), "NEW");
  });

  test("says what is missing or wrong, and nothing is done", async () => {
    const { number, ticket } = await asked();
    for (const text of ["approve", "approve it", "deny T-000001", "approve A-", `approve ${number}x`])
      assert.match(await type(text), /^Give the number: \/dispatch (approve|deny) A-000123/, text);
    assert.match(await type("approve A-999999"), /APPROVAL_REQUEST_NOT_FOUND/);
    assert.match(await type(`approve ${number}`, sender("2")), /None of the roles granted/);
    assert.match(await type(`approve ${number}`, sender("3")), /FORBIDDEN_SCOPE/);
    assert.match(await type(`approve ${number}`, sender("9")), /is not known to Dispatch/);
    assert.equal(await stateOf(ticket), "NEW");
  });
});
