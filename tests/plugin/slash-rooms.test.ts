// `/dispatch rooms`, `/dispatch board` and `/dispatch <room> <command>`: what a person types, answered without a model.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerSlash, slashHelp } from "../../plugin/src/slash-command.ts";
import { addRoom, ask, bodyOf, push, pushesOf } from "../rooms/rooms.ts";
import { startTestApi } from "../support/api.ts";
import { addAgent } from "../tasks/agents.ts";
import { believing, openChat, sender } from "./chat.ts";

const everywhere = { accounts: ["*"], sites: ["*"], channel: "telegram" };
const people = [
  { actor: "dana", roles: ["dispatcher"] as const, senderId: "1", ...everywhere },
  { actor: "quinn", roles: ["qa"] as const, senderId: "2", ...everywhere },
];
const [dana, quinn, stranger] = [sender("1"), sender("2"), sender("6")];

describe("/dispatch", async () => {
  const api = await startTestApi({ env: believing });
  const { desk } = openChat(api.url, { owner: null, people });
  /** Names in the answer stand without the quotes that what people wrote has around it. */
  const type = async (text: string, from = dana) =>
    (await answerSlash(desk, from, text, async () => "the status")).replaceAll('"', "");
  await addAgent(api, "clerk-1");
  await addRoom(api, "clerk", { worker_id: "clerk-1", aliases: ["desk-1"], groups: ["office"] });
  await addRoom(api, "archive", { groups: ["office"] });
  await addRoom(api, "board");
  bodyOf(await ask(api, "POST", "/control/room", {}, {}), 201);
  const commandsOf = async (room: string) => (await pushesOf(api, room)).map(({ command }) => command);

  test("rooms lists the rooms, board how they stand", async () => {
    assert.match(
      await type("rooms"),
      /^READ room\.list[^]*room clerk idle; desk by inbox; worker clerk-1; also desk-1; in office/,
    );
    assert.match(await type("  BOARD "), /^READ room\.board[^]*healthy[^]*room archive idle[^]*done today 0/);
  });

  test("a room hears by its name and its alias, all of a group by the group's, and everybody by all-", async () => {
    assert.equal(await type("clerk /queue-check"), "clerk hears it as soon as it is idle.");
    assert.equal(await type("desk-1  /task 7  with  blanks "), "clerk hears it when it is idle, after 1 others.");
    assert.deepEqual(await commandsOf("clerk"), ["/queue-check", "/task 7  with  blanks"]);
    assert.match(
      await type("office /queue-check"),
      /^archive hears it as soon as it is idle\.\nclerk hears it when it is idle, after 2 others\.$/,
    );
    assert.match(await type("all-rooms /queue-check"), /^archive .*\nboard .*\nclerk .*$/);
    const { rows } = await api.owner.query(
      "SELECT DISTINCT actor_id, actor_role, actor_type FROM audit_events WHERE tool_name = 'room.push'",
    );
    assert.deepEqual(rows, [{ actor_id: "dana", actor_role: "dispatcher", actor_type: "HUMAN" }]);
  });

  test("its own words go before rooms of that name", async () => {
    const before = await commandsOf("board");
    assert.match(await type("board /queue-check"), /^READ room\.board/);
    assert.deepEqual(await commandsOf("board"), before);
    assert.equal(await type("status /queue-check"), "the status");
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ["nowhere /queue-check", /^No room, alias or group is called nowhere\. \/dispatch rooms lists them\./],
    ["no:where /queue-check", /^no:where is no name of a room.*1 to 63 letters/],
    [
      "clerk rm -rf /",
      /^Rooms are told only commands that begin with \/queue-check, .*\(403\); this one begins with rm\./,
    ],
    [`clerk /task ${"x".repeat(2_000)}`, /^A command has 1 to 2,000 characters; this one has 2006\./],
    ["clerk /task 1\nrm", /^A command is one line without control characters/],
  ];
  for (const [text, why] of refused)
    test(`${JSON.stringify(text.slice(0, 30))} is refused in words, and nobody is told anything`, async () => {
      const before = await commandsOf("clerk");
      const answer = await type(text);
      assert.match(answer, why);
      assert.match(answer, /\nNobody was told anything\.$/);
      assert.deepEqual(await commandsOf("clerk"), before);
    });

  test("a hundred that wait are enough", async () => {
    const some = Array.from({ length: 98 }, () => push(api, "archive", "/queue-check"));
    for (const reply of await Promise.all(some)) bodyOf(reply);
    assert.match(
      await type("archive /queue-check"),
      /^archive has 100 commands waiting already\. [^]*Nobody was told anything\.$/,
    );
  });

  test("who may not, is told so; a room without a command is asked for one", async () => {
    assert.equal(await type("clerk /queue-check", quinn), "None of the roles granted to you may do this.");
    assert.equal(await type("rooms", quinn), "None of the roles granted to you may do this.");
    assert.match(await type("clerk /queue-check", stranger), /not known to Dispatch/);
    assert.equal(await type("clerk"), `Say what clerk is told, e.g. /dispatch clerk /queue-check\n${slashHelp}`);
    for (const text of ["", "help", " Help "]) assert.equal(await type(text), slashHelp);
  });
});
