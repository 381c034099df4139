// What may be told to which rooms: by name, alias and group, each refusal, groups judged whole, repetitions.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask, startAgent } from "../tasks/agents.ts";
import { addRoom, ask, bodyOf, codeOf, push, pushed, pushesOf } from "./rooms.ts";

describe("pushing by hand", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  await addRoom(api, "Front-Desk", { aliases: ["Reception"], groups: ["office"] });
  await addRoom(api, "back_desk", { groups: ["Office", "night"] });
  await addRoom(api, "van", { kind: "field" });
  const roomsOf = async (target: string) => (await pushed(api, target, "/queue-check")).map(({ room }) => room);

  test("finds a room by its name or alias, all rooms of a group, and all of a kind, in any letter case", async () => {
    assert.deepEqual(await roomsOf("front-desk"), ["front-desk"]);
    assert.deepEqual(await roomsOf("RECEPTION"), ["front-desk"]);
    assert.deepEqual(await roomsOf("office"), ["back_desk", "front-desk"]);
    assert.deepEqual(await roomsOf("all-office"), ["back_desk", "front-desk"]);
    assert.deepEqual(await roomsOf("all-field"), ["van"]);
    assert.deepEqual(await roomsOf("all-rooms"), ["back_desk", "front-desk", "van"]);
  });

  test("is refused for one reason at a time, in the order of the checks", async () => {
    const refused: [string, string, string][] = [
      ["no such name!", "", "400 INVALID_ROOM_NAME"],
      ["", "", "400 INVALID_ROOM_NAME"],
      ["\u0000", "", "400 INVALID_ROOM_NAME"],
      ["\ud800", "", "400 INVALID_ROOM_NAME"],
      ["van\u0000", "", "400 INVALID_ROOM_NAME"],
      ["x".repeat(64), "", "400 INVALID_ROOM_NAME"],
      ["nowhere", "", "404 ROOM_NOT_FOUND"],
      ["van", "", "400 COMMAND_LENGTH"],
      ["van", `/task ${"x".repeat(1_995)}`, "400 COMMAND_LENGTH"],
      ["van", "/task\nrm", "400 COMMAND_CHARACTERS"],
      ["van", "/task x\n", "400 COMMAND_CHARACTERS"],
      ["van", "/task \u0000", "400 COMMAND_CHARACTERS"],
      ["van", "\u0000", "400 COMMAND_CHARACTERS"],
      ["van", "/task \ud800", "400 COMMAND_CHARACTERS"],
      ["van", "/task \u007f", "400 COMMAND_CHARACTERS"],
      ["van", "/task \u009b", "400 COMMAND_CHARACTERS"],
      ["van", "/task \u2028", "400 COMMAND_CHARACTERS"],
      ["van", "/tasks", "403 COMMAND_NOT_ALLOWED"],
      ["van", " /task", "403 COMMAND_NOT_ALLOWED"],
      ["van", "/TASK", "403 COMMAND_NOT_ALLOWED"],
      ["van", "rm -rf", "403 COMMAND_NOT_ALLOWED"],
    ];
    for (const [target, command, code] of refused)
      assert.equal(codeOf(await push(api, target, command)), code, JSON.stringify([target, command.slice(0, 20)]));
    const characters = "/task ".length;
    const longest = `/task ${"😀".repeat(2_000 - characters)}`;
    assert.equal((await push(api, "van", longest)).status, 200, "2,000 characters, whatever they take");
  });

  test("a group is judged whole: where one room is full nobody gets it", async () => {
    await addRoom(api, "full", { groups: ["crowd"] });
    await addRoom(api, "empty", { groups: ["crowd"] });
    await api.owner.query("UPDATE rooms SET agent_status = 'error' WHERE name = 'full'");
    for (let i = 0; i < 100; i++) await pushed(api, "full", `/queue-check ${i}`);
    assert.equal(codeOf(await push(api, "full", "/queue-check")), "409 PUSH_QUEUE_FULL");
    assert.equal(codeOf(await push(api, "crowd", "/queue-check")), "409 PUSH_QUEUE_FULL");
    assert.equal((await pushesOf(api, "empty")).length, 0);
  });

  test("a control room is told nothing", async () => {
    const control = bodyOf(await ask(api, "POST", "/control/room", { actor: "dana" }, {}), 201);
    assert.equal(control["name"], "dispatch:dana");
    assert.equal(codeOf(await push(api, String(control["id"]), "/queue-check")), "409 CONTROL_ROOM_REFUSED");
    for (const path of ["", "/history"])
      assert.equal(codeOf(await ask(api, "GET", `/rooms/${String(control["id"])}${path}`)), "409 CONTROL_ROOM_REFUSED");
    assert.equal(codeOf(await ask(api, "POST", "/rooms/dispatch:dana/reset", {}, {})), "409 CONTROL_ROOM_REFUSED");
    const again = bodyOf(await ask(api, "POST", "/control/room", { actor: "dana" }, {}), 200);
    assert.equal(again["id"], control["id"]);
  });

  test("the same assignment is told once, and the same key answers the same", async () => {
    await startAgent(api, "once", { capabilities: ["once"] });
    await addRoom(api, "once", { worker_id: "once" });
    const { id } = await addTask(api, { scope: "once" });
    for (let round = 0; round < 4; round++) await worker.wake();
    const [made, ...others] = await pushesOf(api, "once");
    assert.equal(others.length, 0);
    const [again] = await pushed(api, "once", `/task ${id}`);
    assert.deepEqual([again?.["push_id"], again?.["deduplicated"]], [made?.push_id, true]);
    const key = "01980000-0000-7000-8000-00000000beef";
    const [one, two] = [await push(api, "van", "/vote", {}, { key }), await push(api, "van", "/vote", {}, { key })];
    assert.equal(two.headers["idempotency-replayed"], "true");
    assert.equal(
      two.text,
      one.text.replace('"deduplicated":false', '"deduplicated":true'),
      "all else, and its receipt",
    );
    assert.equal((await pushesOf(api, "van")).filter(({ command }) => command === "/vote").length, 1);
  });

  test("no word is two rooms', and none a room's and a group's", async () => {
    const add = (body: object) => ask(api, "POST", "/rooms", {}, body);
    assert.equal(codeOf(await add({ name: "office" })), "409 ROOM_NAME_TAKEN");
    assert.equal(codeOf(await add({ name: "reception" })), "409 ROOM_NAME_TAKEN");
    assert.equal(codeOf(await add({ name: "new", aliases: ["van"] })), "409 ROOM_NAME_TAKEN");
    assert.equal(codeOf(await add({ name: "new", groups: ["reception"] })), "409 ROOM_NAME_TAKEN");
    assert.equal(codeOf(await add({ name: "new", aliases: ["new"] })), "409 ROOM_NAME_TAKEN");
    assert.equal(codeOf(await add({ name: "new", address: "van" })), "409 ROOM_ADDRESS_TAKEN");
    await addAgent(api, "sitter");
    await addRoom(api, "first", { worker_id: "sitter" });
    assert.equal(codeOf(await add({ name: "new", worker_id: "sitter" })), "409 ROOM_WORKER_TAKEN");
    assert.equal(codeOf(await add({ name: "new", worker_id: "nobody" })), "404 WORKER_NOT_FOUND");
    const changed = bodyOf(await add({ name: "first", aliases: ["primary"] }), 200);
    assert.deepEqual([changed["aliases"], changed["worker_id"]], [["primary"], "sitter"]);
    assert.deepEqual(await roomsOf("primary"), ["first"]);
  });

  test("of many that take one word at once one has it", async () => {
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, at) => ask(api, "POST", "/rooms", {}, { name: `race-${at}`, aliases: ["prize"] })),
    );
    assert.equal(replies.filter(({ status }) => status === 201).length, 1, replies.map(({ status }) => status).join());
    for (const reply of replies.filter(({ status }) => status !== 201))
      assert.match(codeOf(reply), /^409 (ROOM_NAME_TAKEN|IDEMPOTENCY_IN_FLIGHT)$/);
  });
});
