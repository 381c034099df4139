// Names in the place of ids: helpers of a crew by theirs, a ticket that is over by its words where the tool is for such ones,
// and what a person is shown and allows where a risky call has names in it, or an effect that is reserved.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import type { CommandName } from "../../dispatch/contract/index.ts";
import { answerSlash } from "../../plugin/src/slash-command.ts";
import type { JsonObject } from "../../plugin/src/json.ts";
import { startTestApi } from "../support/api.ts";
import { ana, ben } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { believing, openChat, theOwner } from "./chat.ts";

describe("a name in a chat", async () => {
  const api = await startTestApi({ env: believing });
  const chat = openChat(api.url, { clock: api.clock });

  test("is a helper's who goes along, and who then does not", async () => {
    const { id: ticket_id } = await ticketIn(api, "DISPATCHED", { techId: ana });
    const crewOf = ({ body }: { body: { readonly crew?: unknown } }) =>
      Array.isArray(body.crew)
        ? body.crew.map((one: { role: string; tech_id: string }) => [one.role, one.tech_id])
        : null;
    const with2 = await chat.say("assignment.crew", { ticket_id, add: ["ben okafor"], reason: "a heavy door" });
    assert.deepEqual(crewOf(with2), [
      ["lead", ana],
      ["helper", ben],
    ]);
    assert.match(
      with2.text,
      new RegExp(`^crew: lead tech_id ${ana} "Ana Alvarez", helper tech_id ${ben} "Ben Okafor"$`, "m"),
    );
    const alone = await chat.say("assignment.crew", { ticket_id, remove: ["Ben Okafor"] });
    assert.deepEqual(crewOf(alone), [["lead", ana]]);
    const nobody = await chat.say("assignment.crew", { ticket_id, add: ["Zaphod"] });
    assert.match(nobody.text, /names no technician/);
  });

  test("is a closed ticket's where work follows from it, and not where nothing can", async () => {
    const { id } = await ticketIn(api, "CLOSED", { summary: "Walrus gate leaks" });
    const { number } = await api.read("ticket.get", { ticket: id });
    const made = await chat.say("ticket.follow_up", {
      ticket_id: "walrus gate",
      kind: "warranty",
      reason: "It leaks again",
    });
    assert.equal(made.first, "DONE ticket.follow_up", made.text);
    assert.match(made.text, new RegExp(`^follows ${number} as warranty: "It leaks again"$`, "m"));
    assert.match(made.text, /^ticket \S+ NEW ROUTINE /m, "it was in no state before");
    assert.match(made.text, /^next: ticket_triage, /m);
    const old = await chat.say("ticket.get", { ticket_id: number });
    assert.match(old.text, /^followed by T-\d{6} as warranty$/m);
    // By now an open ticket has the same words.
    const meant = await chat.say("ticket.follow_up", { ticket_id: "walrus gate", kind: "callback" });
    assert.match(meant.text, new RegExp(`^QUESTION [^]*number ${number} CLOSED`), meant.text);
    const update = await chat.say("ticket.update", { ticket_id: "walrus gate", priority: "URGENT" });
    assert.equal(update.first, "DONE ticket.update", "of the open one");
  });

  /** What a person sees, and what comes of it when they allow it after something else happened. */
  async function allowedAfter(
    tool: CommandName,
    args: JsonObject,
    meanwhile: () => Promise<unknown> = async () => null,
  ) {
    const callId = randomUUID();
    const card = (await chat.card(tool, args, theOwner, callId)) ?? assert.fail(`no card for ${JSON.stringify(args)}`);
    await meanwhile();
    card.onResolution("allow-once");
    return { card, said: await chat.say(tool, args, { callId }) };
  }
  const stateOf = async (ticket: string) => (await api.read("ticket.get", { ticket })).state;

  test("is put on a card as what it means, and what was shown is what is sent", async () => {
    const { id } = await ticketIn(api, "NEW", { summary: "Zanzibar shutter" });
    const { number, site } = await api.read("ticket.get", { ticket: id });
    let other = "";
    const { card, said } = await allowedAfter("ticket.cancel", { ticket_id: "zanzibar", reason: "gone" }, async () => {
      ({ id: other } = await ticketIn(api, "NEW", { summary: "Zanzibar awning" }));
    });
    assert.match(card.title, new RegExp(`^Ticket cancel ${number} \\(A-\\d{6}\\)$`));
    assert.ok(card.description.startsWith(`"Zanzibar shutter" at "${site.name}", "${site.city}". NEW -> CANCELLED, `));
    assert.equal(said.first, "DONE ticket.cancel", said.text);
    assert.deepEqual([await stateOf(id), await stateOf(other)], ["CANCELLED", "NEW"]);
  });

  test("of a ticket that changed since the card was shown does nothing to it: a person is asked anew", async () => {
    const { id } = await ticketIn(api, "NEW", { summary: "Xylo gate" });
    const change = () => api.run("ticket.update", { ticket: id, body: { summary: "Xylo gate, and the lock" } });
    const { said } = await allowedAfter("ticket.cancel", { ticket_id: "xylo", reason: "gone" }, change);
    assert.match(said.first, /^REFUSED APPROVAL_OUTDATED/);
    assert.match(said.text, /asked_again: A-\d{6}/);
    assert.equal(await stateOf(id), "NEW");
  });

  test("that the approved ticket no longer has does nothing to the one that has it now", async () => {
    const { id } = await ticketIn(api, "NEW", { summary: "Quagga pump" });
    let other = "";
    const { said } = await allowedAfter("ticket.cancel", { ticket_id: "quagga", reason: "gone" }, async () => {
      await api.run("ticket.cancel", { ticket: id, body: { reason: "the customer fixed it" } });
      ({ id: other } = await ticketIn(api, "NEW", { summary: "Quagga valve" }));
    });
    assert.match(said.first, /^REFUSED INVALID_STATE_TRANSITION/);
    assert.equal(await stateOf(other), "NEW");
  });

  test("that fits several tickets, or none, is asked about and put before nobody", async () => {
    const both = [
      await ticketIn(api, "NEW", { summary: "Okapi lift" }),
      await ticketIn(api, "NEW", { summary: "Okapi ramp" }),
    ];
    const args = { ticket_id: "okapi", reason: "gone" };
    assert.equal(await chat.card("ticket.cancel", args), null);
    const { text, outcome } = await chat.say("ticket.cancel", args);
    assert.equal(outcome, "question");
    for (const { id } of both) {
      const { number } = await api.read("ticket.get", { ticket: id });
      assert.ok(text.includes(`ticket_id ${id} number ${number} NEW "Okapi `), text);
    }
    for (const ticket_id of ["kakapo", "T-999999", randomUUID()]) {
      assert.equal(await chat.card("ticket.cancel", { ...args, ticket_id }), null, ticket_id);
      const none = await chat.say("ticket.cancel", { ...args, ticket_id });
      assert.match(none.first, /^REFUSED (TICKET_)?NOT_FOUND/);
    }
  });

  test("of a technician is on the card with who that is, and goes on meaning them", async () => {
    const { id } = await ticketIn(api, "SCHEDULED", { techId: ana });
    const number = (await api.read("ticket.get", { ticket: id })).number.toLowerCase();
    const args = {
      ticket_id: number,
      override_type: "reassign_tech",
      reason_code: "capacity",
      note: "Ana is stuck in traffic",
      tech_id: "ben okafor",
    };
    const rename = (name: string) => api.owner.query("UPDATE technicians SET name = $2 WHERE id = $1", [ben, name]);
    const { card, said } = await allowedAfter("assignment.override", args, () => rename("Benedict"));
    await rename("Ben Okafor");
    assert.ok(card.description.includes(`tech_id "${ben}" ("Ben Okafor")`), card.description);
    assert.equal(said.first, "DONE assignment.override", said.text);
    assert.equal((await api.read("ticket.get", { ticket: id })).assigned_tech_id, ben);
  });

  test("or number in a field is sent as the id it had on the card", async () => {
    const { id } = await ticketIn(api, "NEW");
    const { number } = await api.read("ticket.get", { ticket: id });
    const scope = { scope_type: "TICKET", ticket_id: number, reason: "all clear" };
    const { card, said } = await allowedAfter("ops.autonomy.rollback", scope);
    assert.match(card.title, new RegExp(`^Ops autonomy rollback ${number} \\(A-\\d{6}\\)$`));
    assert.equal(said.first, "DONE ops.autonomy.rollback", said.text);
    const words = { ...scope, ticket_id: "front door" };
    assert.equal(await chat.card("ops.autonomy.rollback", words), null);
    assert.match((await chat.say("ops.autonomy.rollback", words)).first, /^REFUSED INVALID_REQUEST/);
  });

  test("of another technician than the visit's is put on a card at once; other effects wait for a typed answer", async () => {
    const { id, window } = await ticketIn(api, "SCHEDULED");
    await api.run("schedule.move", { ticket: id, body: { ...window, reason: "Ana it is", tech_id: ana } });
    const sent = await allowedAfter("assignment.dispatch", { ticket_id: id, tech_id: "ben okafor" });
    assert.match(sent.card.description, /It takes a visit that was booked or sent from its technician\./);
    assert.equal(sent.said.first, "DONE assignment.dispatch", sent.said.text);

    const args = { ticket_id: id, reason_code: "safety", note: "The van broke down on the way" };
    assert.equal(await chat.card("assignment.unassign", args), null);
    const callId = randomUUID();
    const refused = await chat.say("assignment.unassign", args, { callId });
    const [, number = ""] =
      /^REFUSED HUMAN_APPROVAL_REQUIRED [^]*Tell the person the number (A-\d{6})/.exec(refused.text) ?? [];
    const answer = await answerSlash(chat.desk, theOwner, `approve ${number}`, async () => "");
    assert.match(answer, new RegExp(`${number} executed: assignment\\.unassign on ticket ${id}`));
    const again = await chat.say("assignment.unassign", args, { callId });
    assert.match(again.first, /^DONE assignment\.unassign — this repeats/);
  });
});
