// The control room on a real gateway: opened by a word in a direct message, it sees and hands out and does none of the work, over a
// restart too, until its person leaves it.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { isObject } from "../../../dispatch/kernel/json.ts";
import { readConfiguration, writeConfiguration } from "../../../dispatch/ops/gateway/state-folder.ts";
import { chatName, toolEntries } from "../../../dispatch/contract/index.ts";
import { controlRoomTools } from "../../../plugin/src/control-rooms.ts";
import { eventually } from "../../support/eventually.ts";
import { tracesLeft } from "../../support/traces-left.ts";
import { type GatewayDesk } from "../support/gateway-desk.ts";
import { lastWord, type Play, type Round } from "../support/obedient-model.ts";
import { ana, dana, stranger } from "../support/telegram.ts";

const brief = "You hold the control room of this desk";
const session = `agent:main:telegram:direct:${dana}`;
/** What the tools of a control room may cost a call of a model, in bytes of their schemas. */
const mostBytes = 25 * 1024;
/** As many for a dispatcher outside of one, whose tools are looked up, with their list and all else that the host says: 6,000 tokens. */
const mostTurnBytes = 24_000;

export const controlRoom = (desk: GatewayDesk) =>
  describe("a control room on Telegram", () => {
    const { model, telegram, sql, siteId, accountId } = desk;

    async function says(text: string, ...rounds: Round[]): Promise<Play> {
      const play = model.play(...rounds);
      telegram.write(dana, `${text} ${play.word}`);
      await telegram.received(dana, lastWord(play), (sent) => sent.text.includes(lastWord(play)));
      return play;
    }
    const answered = async (sender: number, text: string, answer: RegExp) => {
      const already = telegram.sentTo(sender).length;
      telegram.write(sender, text);
      await telegram.received(
        sender,
        String(answer),
        (sent) => answer.test(sent.text) && telegram.sentTo(sender).indexOf(sent) >= already,
      );
    };
    const held = async (): Promise<unknown[]> =>
      (await sql.query("SELECT name, session_key FROM rooms WHERE name = 'dispatch:dana'")).rows;
    const creating = {
      name: "ticket_create",
      args: { account_id: accountId, site_id: siteId, summary: "From the control room", description: "No." },
    };
    const listing = { name: "room_list", args: {} };

    before(() => eventually("the bot polls", () => telegram.polled));

    test("opens by a word for a dispatcher; a technician and a stranger are told why not", async () => {
      await answered(
        ana,
        "Dispatch",
        /Refused \(403\): a control room is for people who were granted the role dispatcher/,
      );
      await answered(stranger, "dispatch", /Refused \(403\): whoever speaks here is not known/);
      assert.deepEqual(await held(), []);
      await answered(dana, " DISPATCH ", /This is your control room now/);
      assert.deepEqual(await held(), [{ name: "dispatch:dana", session_key: session }]);
    });

    test("!dispatcher opens nothing, and !dispatch with more behind it is a turn about that", async () => {
      const play = await says("!dispatch How does it look?", [listing]);
      assert.ok(play.prompt.includes("How does it look?") && play.prompt.includes(brief), play.prompt);
      assert.match(play.results[0]?.text ?? "", /^READ room\.list/);
    });

    test("has the tools of the role control and no other, and none of the work is done", async () => {
      const traces = await tracesLeft(sql);
      const play = await says("Do it yourself.", [
        listing,
        creating,
        { ...creating, args: { ...creating.args, actor_role: "dispatcher" } },
        { name: "control_open", args: { session_key: null } },
        { name: "session_status", args: {} },
        { name: "tool_call", args: { id: "ticket_create", args: creating.args } },
      ]);
      const [list, ...others] = play.results.map(({ text }) => text);
      assert.match(list ?? "", /^READ room\.list/);
      assert.equal(others.length, 5);
      for (const text of others) assert.match(text, /not found|Validation failed|^REFUSED|Refused \(403\)/);
      assert.deepEqual([...play.tools].sort(), [...controlRoomTools].sort());
      assert.ok(play.toolBytes <= mostBytes, `${play.toolBytes} bytes of tools`);
      assert.ok(play.prompt.includes(brief) && !play.prompt.split(brief).at(-1)?.includes("Dispatch desk at "));
      // Whoever calls a tool past the model, in this conversation, has no other role either.
      const { text } = await desk.client.invoke(creating.name, creating.args, { sessionKey: session });
      assert.match(text, /^REFUSED FORBIDDEN ticket\.create[^]*403: this conversation is a control room/);
      assert.deepEqual(await tracesLeft(sql), traces);
    });

    test("is one still after the gateway's restart, from which on tools are looked up as the desk sets it up", async () => {
      const { tools, ...standing } = (await readConfiguration(desk.folder)) ?? {};
      assert.ok(isObject(tools));
      await writeConfiguration(desk.folder, { ...standing, tools: { ...tools, toolSearch: { mode: "directory" } } });
      await desk.gateway.restart();
      const play = await says("And now?", [listing, { name: "ticket_search", args: {} }]);
      assert.match(play.results[0]?.text ?? "", /^READ room\.list/);
      assert.match(play.results[1]?.text ?? "", /not found|^REFUSED FORBIDDEN/);
    });

    test("is left by its person's word; then the conversation is like any other", async () => {
      await answered(dana, "dispatch end", /This is no control room any more/);
      assert.deepEqual(await held(), [{ name: "dispatch:dana", session_key: null }]);
      const play = await says("!dispatcher", [{ name: "ticket_search", args: {} }]);
      assert.match(play.results[0]?.text ?? "", /^READ ticket\.search/);
      assert.ok(play.prompt.includes("Dispatch desk at "));
      assert.deepEqual(await held(), [{ name: "dispatch:dana", session_key: null }]);
    });

    test("outside of it a dispatcher's turn names every tool of every wing, and is within what that may cost", async () => {
      const play = await says("Nothing for now.");
      const listed = [...play.system.matchAll(/^- (\w+) \(dispatch\): \S/gm)].map(([, name]) => name);
      const every = [...toolEntries.map(([name]) => chatName(name)), "dispatch_contract_status"];
      assert.deepEqual(listed.sort(), every.sort());
      assert.deepEqual([...play.tools].sort(), ["tool_call", "tool_describe", "tool_search"]);
      const bytes = play.toolBytes + Buffer.byteLength(play.system);
      assert.ok(
        bytes <= mostTurnBytes,
        `${play.toolBytes} bytes of tools, ${bytes} with the list of all and the host's words`,
      );
    });
  });
