// Names in the place of ids: helpers of a crew by theirs, and a ticket that is over by its words where the tool is for such ones.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { ana, ben } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { believing, openChat } from "./chat.ts";

describe("a name in a chat", async () => {
  const api = await startTestApi({ env: believing });
  const chat = openChat(api.url);

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
});
