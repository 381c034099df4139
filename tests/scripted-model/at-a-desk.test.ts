// A dispatcher's day by sentences alone: the scripted stand-in calls the plugin's real tools at a real API, and reads what they say.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { believing, openChat } from "../plugin/chat.ts";
import { startTestApi } from "../support/api.ts";
import { ana, ben } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { bySentences } from "./by-sentences.ts";

describe("by sentences", async () => {
  const api = await startTestApi({ env: believing });
  const chat = openChat(api.url, { clock: api.clock });
  const place = () => ({ now: api.clock.now(), timeZone: "America/Los_Angeles" });
  const conversation = () => bySentences(chat, place);
  const numberOf = async (ticket: string) => (await api.read("ticket.get", { ticket })).number;
  const crewOf = async (ticket: string) => (await api.read("tech.job_packet", { ticket })).packet.crew;

  test("a visit is booked, moved when the customer calls, and two are sent", async () => {
    const say = conversation();
    const opened = await say("open a ticket for Acme Retail at Acme Oakland: the front door does not latch");
    const number = /^The ticket is open: (T-\d{6}), NEW/.exec(opened)?.[1] ?? assert.fail(opened);
    assert.match(await say("triage it as urgent, the door won't latch"), /now READY_TO_SCHEDULE/);
    assert.match(await say("book it"), /^Booked: the ticket is now SCHEDULED/);
    assert.match(
      await say("the customer called, move it to Thursday"),
      /^Moved; the ticket is SCHEDULED, URGENT, Thu /,
    );
    assert.match(
      await say("send somebody with her because the door is heavy"),
      /The crew is changed.*, lead .*, helper /s,
    );
    assert.match(await say("note that the gate code is 4711"), /^Noted/);
    assert.match(await say("the number is wrong, it is 510 555 0166"), /^Put right/);
    const ticket = await api.read("ticket.search", { query: `q=${number}` });
    assert.equal(ticket.tickets[0]?.customer_phone, "5105550166");
    assert.equal((await crewOf(ticket.tickets[0]?.id ?? "")).length, 2);
    assert.match(await say("what is burning?"), new RegExp(`^\\d+ open, .*\\(${number}\\)`, "s"));
  });

  test("a ticket is the account's whose site is named, and a technician works in further zones", async () => {
    const say = conversation();
    const opened = await say("open a ticket for Acme Oakland: the back door scrapes");
    assert.match(opened, /^The ticket is open: T-\d{6}, NEW/);
    const zones = async () => (await api.read("roster.list", { query: `tech_id=${ana}` })).technicians[0]?.zones ?? [];
    const before = await zones();
    assert.match(await say("Ana Alvarez also works in Reno and Sparks"), /^Done: roster upsert/);
    assert.deepEqual(await zones(), [...before, "Reno", "Sparks"]);
  });

  test("a job under way changes hands, and nobody being home ends a call-out", async () => {
    const say = conversation();
    const { id } = await ticketIn(api, "IN_PROGRESS", { techId: ben });
    assert.match(await say("give Ben Okafor's job to Ana Alvarez"), /^Handed over; the ticket is IN_PROGRESS/);
    assert.equal((await api.read("ticket.get", { ticket: id })).assigned_tech_id, ana);
    const refused = await say("nobody was home");
    assert.match(refused, /^Refused, nothing changed: .*missing evidence/s, "it wants what proves it");
  });

  test("checked work is taken back, or asked a higher limit for", async () => {
    const [back, dear] = [await ticketIn(api, "VERIFIED"), await ticketIn(api, "VERIFIED")];
    const say = conversation();
    await say(`show ${await numberOf(back.id)}`);
    assert.match(
      await say("reopen it because the photo shows another door"),
      /^Taken back: the ticket is now IN_PROGRESS/,
    );
    await say(`show ${await numberOf(dear.id)}`);
    assert.match(
      await say("ask for $200 more because the frame was bent"),
      /^Asked for: the ticket is now APPROVAL_REQUIRED \(was VERIFIED\)/,
    );
  });

  test("what is back is a ticket of its own", async () => {
    const { id } = await ticketIn(api, "CLOSED");
    const number = await numberOf(id);
    const say = conversation();
    await say(`show ${number}`);
    assert.match(
      await say("it leaks again, same door"),
      new RegExp(`^The follow-up is open: T-\\d{6}, NEW, ROUTINE, .*callback of ${number}, receipt`),
    );
    assert.equal((await api.read("ticket.get", { ticket: id })).follow_ups.length, 1);
  });
});
