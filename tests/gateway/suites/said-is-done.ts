// A model that lies, and lies again when it is asked to say it anew; one that then does what it said; and one that is honest: what a
// person is told of it on the dashboard, what the session keeps, and what leaves by Telegram. A correction stands in all of them; an
// honest answer is what the model said, to the letter.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isObject } from "../../../dispatch/kernel/json.ts";
import { callMethod } from "../../../dispatch/ops/gateway/gateway-client.ts";
import { chromiumPath, openBrowser } from "../../../lab/tour/chromium.ts";
import { DashboardChat } from "../../../lab/tour/dashboard-chat.ts";
import type { GatewayDesk } from "../support/gateway-desk.ts";
import type { Round } from "../support/obedient-model.ts";
import { dana } from "../support/telegram.ts";

const correction = "[not done: no receipt in this turn]";
const browserPath = chromiumPath();
const skip = browserPath === null && "there is no Chromium here (apt-get install chromium, or CHROMIUM_PATH)";

export const saidIsDone = (desk: GatewayDesk) =>
  describe("said is done", () => {
    const { model, accountId, siteId } = desk;
    const opening = (summary: string) => ({
      name: "ticket_create",
      args: { account_id: accountId, site_id: siteId, summary },
    });
    const lie = "I've booked T-000001 for Tuesday at 9:00. Anything else?";
    const corrected = `I've booked T-000001 for Tuesday at 9:00. ${correction} Anything else?`;
    const honest = "I opened the ticket.  Shall I triage it?";

    /** The last answer that a session keeps. */
    async function kept(sessionKey: string): Promise<string> {
      const { messages } = await callMethod(desk.folder, "chat.history", { sessionKey, limit: 20 });
      assert.ok(Array.isArray(messages));
      const last: unknown = messages.findLast((one) => isObject(one) && one["role"] === "assistant");
      assert.ok(isObject(last) && Array.isArray(last["content"]), JSON.stringify(last));
      return last["content"].map((part: unknown) => (isObject(part) ? String(part["text"] ?? "") : "")).join("");
    }

    test("on Telegram a lie goes out with its correction, behind a command too, and an honest answer as it is", async () => {
      const says = async (sent: string, ...steps: (string | Round)[]) => {
        const play = model.playInOrder(...steps);
        desk.telegram.write(dana, `Well? ${play.word}`);
        await desk.telegram.received(dana, sent, ({ text }) => text === sent);
        return play;
      };
      const { prompt } = await says(corrected, lie, lie);
      assert.ok(prompt.includes(correction), "it was told what is wrong with it");
      assert.equal(await kept(`agent:main:telegram:direct:${dana}`), corrected);
      const opened = "I opened the ticket. Shall I triage it?";
      const play = await says(opened, [opening("Said and done")], opened);
      assert.match(play.results[0]?.text ?? "", /^DONE ticket\.create/);
      // Behind a command the model is not asked again: it has one word, and another would be the stand-in's.
      const { prompt: behindCommand } = await says(corrected, [opening("Said beside what was done")], lie);
      assert.ok(!behindCommand.includes("says more than the receipts"), "nobody told it so");
    });

    test("what a model said before it did anything it may put right, and nobody is told of the first words", async () => {
      const opened = "I opened the ticket.";
      const play = model.playInOrder(
        opened,
        [opening("Done when it was asked for the receipt")],
        `${opened} Now it is true.`,
      );
      const already = desk.telegram.sentTo(dana).length;
      desk.telegram.write(dana, `Open one. ${play.word}`);
      const truth = `${opened} Now it is true.`;
      await desk.telegram.received(dana, truth, ({ text }) => text === truth);
      const sent = desk.telegram.sentTo(dana).slice(already);
      assert.deepEqual(
        sent.map(({ text }) => text),
        [truth],
      );
      assert.match(play.results[0]?.text ?? "", /^DONE ticket\.create/);
      assert.equal(await kept(`agent:main:telegram:direct:${dana}`), truth);
    });

    test("on the dashboard too, now and when it is opened again", { skip, timeout: 300_000 }, async (t) => {
      assert.ok(browserPath !== null);
      const browser = await openBrowser(browserPath, { width: 1000, height: 700 });
      t.after(() => browser.close());
      const chat = await DashboardChat.open(browser.page, desk.gateway.dashboardUrl);
      const lying = model.playInOrder(lie, lie);
      await chat.say(`Book it. ${lying.word}`);
      await chat.shows(corrected);
      assert.equal(await kept("agent:main:main"), corrected);
      const speaking = model.playInOrder([opening("Said and done, on the dashboard")], honest);
      const told = await chat.say(`Open one. ${speaking.word}`);
      assert.ok(!told.includes("[not "), told);
      assert.match(told, /I opened the ticket\.\s+Shall I triage it\?/);
      assert.equal(await kept("agent:main:main"), honest);
      await browser.page.reload();
      const thread = browser.page.locator(".chat-thread");
      await thread.getByText(correction).last().waitFor();
      assert.match(await thread.innerText(), /I opened the ticket/);
    });

    test("the desk's status counts it", async () => {
      const { text } = await desk.client.invoke("dispatch_contract_status", {});
      assert.match(text, /said and not shown: [1-9]/);
    });
  });
