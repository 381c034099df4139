// A dispatcher chatting on the dashboard: a real gateway, a real browser, and the scripted stand-in as the model. What the
// page shows is held against what the API has on record.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpSpeaker } from "../../../lab/demo/http-speaker.ts";
import { chromiumPath, openBrowser } from "../../../lab/tour/chromium.ts";
import { DashboardChat } from "../../../lab/tour/dashboard-chat.ts";
import { owner, type GatewayDesk } from "../support/gateway-desk.ts";

const browserPath = chromiumPath();
const skip = browserPath === null && "there is no Chromium here (apt-get install chromium, or CHROMIUM_PATH)";

/** What the API has on record of a ticket. */
type Record = { readonly state: string; readonly tools: readonly string[] };

export const dashboardChat = (desk: GatewayDesk) =>
  test("a dispatcher runs tickets from the dashboard's chat", { skip, timeout: 900_000 }, async (t) => {
    assert.ok(browserPath !== null);
    const clerk = new HttpSpeaker(
      desk.api.url,
      { kind: "token", secret: desk.secret },
      { id: "clerk", label: "Clerk", role: "dispatcher" },
    );
    const browser = await openBrowser(browserPath, { width: 1000, height: 700 });
    t.after(() => browser.close());
    const chat = await DashboardChat.open(browser.page, desk.gateway.dashboardUrl);

    const opened = async (sentence: string): Promise<string> => {
      const answer = await chat.say(sentence);
      const id = /^The ticket is open: (T-\d{6}), NEW/.exec(answer)?.[1];
      assert.ok(id !== undefined, answer);
      return id;
    };
    const onRecord = async (ticketId: string): Promise<Record> => {
      const { state } = await clerk.reads("ticket.get", { ticketId });
      const { events } = await clerk.reads("ticket.timeline", { ticketId });
      return { state, tools: events.map(({ tool_name, actor_id }) => `${tool_name} by ${actor_id}`) };
    };
    let ticketId = "";

    await t.test("the slash command answers without a model", async () => {
      const answer = await chat.say("/dispatch status");
      assert.match(answer, /everything is there/);
      assert.match(answer, new RegExp(`speaking for ${owner.actor} in dispatcher`));
    });

    await t.test("creates and triages a ticket", async () => {
      ticketId = await opened("open a ticket for Demo Site North: the front door does not lock");
      assert.match(
        await chat.say("triage it as an emergency, cannot secure entry, at most $880"),
        /^Triaged: the ticket is now READY_TO_SCHEDULE \(was NEW\), EMERGENCY, at most \$880\.00, receipt …/,
      );
      assert.deepEqual(await onRecord(ticketId), {
        state: "READY_TO_SCHEDULE",
        tools: [`ticket.create by ${owner.actor}`, `ticket.triage by ${owner.actor}`],
      });
    });

    await t.test("books it and sends a technician", async () => {
      assert.match(await chat.say("book it for tomorrow morning"), /^Booked: the ticket is now SCHEDULED/);
      assert.match(await chat.say("dispatch the first"), /now DISPATCHED \(was SCHEDULED\)/);
      const { state, tools } = await onRecord(ticketId);
      assert.equal(state, "DISPATCHED");
      assert.deepEqual(tools.slice(2), [
        `schedule.book by ${owner.actor}`,
        `assignment.recommend by ${owner.actor}`,
        `assignment.dispatch by ${owner.actor}`,
      ]);
    });

    await t.test("is refused a completion without evidence, and told what is missing", async () => {
      assert.match(await chat.say("check in"), /now IN_PROGRESS/);
      const answer = await chat.say("complete it");
      assert.match(answer, /^Refused, nothing changed: .*\(CLOSEOUT_REQUIREMENTS_INCOMPLETE\)/);
      assert.match(answer, /missing evidence: .*signature_or_no_signature_reason/);
      assert.match(
        await browser.page.locator(".chat-thread").innerText(),
        /missing evidence: .*signature_or_no_signature_reason/,
      );
      assert.equal((await onRecord(ticketId)).state, "IN_PROGRESS");
    });

    await t.test("denies a card, and nothing happens", async () => {
      const card = await chat.ask("cancel it because the customer called it off");
      assert.match(card, /IN_PROGRESS -> CANCELLED/);
      assert.match(card, /the customer called it off/);
      assert.match(await chat.decide("Deny"), /It was denied/);
      const { state, tools } = await onRecord(ticketId);
      assert.equal(state, "IN_PROGRESS");
      assert.ok(!tools.some((tool) => tool.startsWith("ticket.cancel")));
    });

    await t.test("allows a card once, and it is done", async () => {
      await chat.ask("cancel it because the customer called it off");
      assert.equal((await onRecord(ticketId)).state, "IN_PROGRESS", "nothing happens while the card waits");
      assert.match(await chat.decide("Allow once"), /now CANCELLED \(was IN_PROGRESS\)/);
      const { state, tools } = await onRecord(ticketId);
      assert.equal(state, "CANCELLED");
      assert.equal(tools.at(-1), `ticket.cancel by ${owner.actor}`);
    });

    await t.test("holds their control room there for a while", async () => {
      const held = async () =>
        (await desk.sql.query("SELECT session_key FROM rooms WHERE name = $1", [`dispatch:${owner.actor}`])).rows;
      const play = desk.model.play([
        { name: "room_list", args: {} },
        { name: "ticket_search", args: {} },
      ]);
      await chat.say(`!dispatch How is it going? ${play.word}`);
      const texts = play.results.map(({ text }) => text);
      assert.match(texts[0] ?? "", /^READ room\.list/);
      assert.match(texts[1] ?? "", /not found|^REFUSED FORBIDDEN/);
      assert.ok(play.prompt.includes("You hold the control room of this desk"), play.prompt);
      assert.match(JSON.stringify(await held()), /"session_key":"agent:main:/);
      await chat.say("dispatch end");
      assert.deepEqual(await held(), [{ session_key: null }]);
    });
  });
