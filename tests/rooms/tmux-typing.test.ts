// What is pushed into a pane of a real tmux arrives byte by byte as it was written, or not at all, and no shell runs any of it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { knownId, type PushId } from "../../dispatch/contract/ids.ts";
import { endOf } from "../../dispatch/rooms/transports/tmux/captured.ts";
import { paneAt } from "../../dispatch/rooms/transports/tmux/panes.ts";
import { asArgument, tmuxOf } from "../../dispatch/rooms/transports/tmux/run-tmux.ts";
import { spaced } from "../../dispatch/rooms/transports/tmux/spacing.ts";
import { piecesOf, typeLine } from "../../dispatch/rooms/transports/tmux/typing.ts";
import { eventually } from "../support/eventually.ts";
import { deliver, pushTo, refusal, testTmux, tmuxMissing } from "./tmux-server.ts";

const skip = await tmuxMissing();
const pushId = knownId<PushId>("11111111-2222-4333-8444-555555555555");
const line = (text: string): string => `${text} #${pushId}\r`;

/** 2,000 characters of two, three and four bytes. */
const manyBytes = "üñ→漢🔧é".repeat(334).slice(0, 2_002);

const hostile = {
  "a ; at the end": "/task 1;",
  "a ; with its backslash at the end": "/task 1\\;",
  "a ; in the middle": "/task 1; kill-server ; /task 2",
  "tmux's formats": "/task #{pane_id} #S #(touch marker) #{?1,a,b} ##",
  "a shell's words": "/task $(touch marker) `touch marker` $HOME ~ | & > marker \"a\" 'b' !! * ?",
  backslashes: "/task \\ \\\\ \\n \\e \\x41 \\u00e9 C:\\temp\\",
  "an option's look": "-t %0 -X cancel",
  "the end of options": "-- -l",
  "names of keys": "Enter C-c Escape M-x ^C ^[ Space",
  blanks: "  /task   1  ",
  "many bytes": manyBytes,
};

describe("lines typed into a pane", { skip }, () => {
  test("arrive byte by byte, with the push's id behind them", async (t) => {
    const server = await testTmux(t);
    const transport = server.transport();
    const reader = await server.reader({ at: "desk:reader" });
    let expected = "";
    for (const [what, text] of Object.entries(hostile)) {
      const { heard, captured } = await transport.deliver(
        pushTo({ at: "desk:reader", text, pushId }),
        AbortSignal.timeout(60_000),
      );
      assert.deepEqual({ heard, captured }, { heard: false, captured: null });
      expected += line(text);
      await eventually(`${what} is read`, async () => (await reader.read()).length >= expected.length);
      assert.equal(await reader.read(), expected, what);
    }
    assert.ok(!existsSync("marker") && !existsSync(join(server.folder, "marker")));
    // It took none of it for a command of its own.
    assert.equal(await server.tmux("list-panes", "-a", "-F", "#{window_name}"), "reader");
  });

  test("arrive from a process whose language knows ASCII alone, in a window of another's name", async (t) => {
    const server = await testTmux(t);
    const environment = { ...process.env, LC_ALL: "C", LANG: "C" };
    const reader = await server.reader({ at: "desk:Büro 漢" });
    await deliver(server.transport({ environment }), { at: "desk:Büro 漢", text: "/task für 漢🔧", pushId });
    assert.equal(await reader.readLine(), line("/task für 漢🔧"));
  });

  test("arrive whole where they come in pieces, also where one ends in a ;", async (t) => {
    const server = await testTmux(t);
    const reader = await server.reader({ at: "desk:reader" });
    const text = `${"x".repeat(7_999)};${"🔧".repeat(2_500)};`;
    await deliver(server.transport(), { at: "desk:reader", text, pushId });
    assert.equal(await reader.readLine(), line(text));
  });

  test("wait for a program that is slow to read", async (t) => {
    const server = await testTmux(t);
    const begin = join(server.folder, "begin");
    const reader = await server.reader({ at: "desk:slow", begin });
    // The terminal holds 4,096 bytes, tmux the rest.
    await deliver(server.transport(), { at: "desk:slow", text: manyBytes, pushId });
    assert.equal(await reader.read(), "");
    await writeFile(begin, "");
    assert.equal(await reader.readLine(), line(manyBytes));
  });

  test("are refused when the program's terminal would cut them, and arrive as long as it does not", async (t) => {
    const server = await testTmux(t);
    const reader = await server.reader({ at: "desk:lines", byLines: true });
    const refused = await refusal(server.transport(), { at: "desk:lines", text: manyBytes });
    assert.match(
      refused.message,
      /^The text has \d{4} bytes, and the terminal of the room's pane keeps \d{4} of a line/,
    );
    assert.equal(refused.roomBroken, false);
    const most = process.platform === "linux" ? 4_095 : 1_023;
    const text = "x".repeat(most - ` #${pushId}`.length);
    await deliver(server.transport(), { at: "desk:lines", text, pushId });
    assert.equal(await reader.readLine(), line(text).replace("\r", "\n"));
  });

  test("arrive though somebody has begun to read back behind the look", async (t) => {
    const server = await testTmux(t);
    const reader = await server.reader({ at: "desk:reader" });
    const tmux = tmuxOf({ socket: server.socket });
    const pane = await paneAt(tmux, "desk:reader");
    await server.tmux("copy-mode", "-t", pane.id);
    assert.equal(await typeLine(tmux, pane, "node", "/task q"), true);
    assert.equal(await reader.readLine(), "/task q\r");
  });

  test("are ended with an Enter though the worker that types them is killed meanwhile", async (t) => {
    const server = await testTmux(t);
    const reader = await server.reader({ at: "desk:reader", byLines: true });
    const { href } = new URL("../../dispatch/rooms/transports/tmux/transport.ts", import.meta.url);
    const push = JSON.stringify(pushTo({ at: "desk:reader", pushId }));
    const worker = spawn(process.execPath, [
      "--input-type=module",
      "--eval",
      `import { tmuxTransport } from ${JSON.stringify(href)};
       await tmuxTransport({ socket: ${JSON.stringify(server.socket)} }).deliver(${push}, AbortSignal.timeout(60_000));`,
    ]);
    const ended = once(worker, "exit");
    await eventually("the line is typed", async () =>
      (await server.tmux("capture-pane", "-p", "-t", reader.pane)).includes(pushId),
    );
    worker.kill("SIGKILL");
    await ended;
    assert.equal(await reader.readLine(), line("/task 1").replace("\r", "\n"));
  });

  test("are wiped away where the program has left between the look and the Enter", async (t) => {
    const server = await testTmux(t);
    const [marker, other] = [join(server.folder, "marker"), join(server.folder, "other")];
    const shell = await server.open("desk:left", "env", "PS1=waits> ", "bash", "--norc", "--noprofile", "-i");
    const screen = () => server.tmux("capture-pane", "-p", "-t", shell);
    await eventually("the shell waits", async () => (await screen()).includes("waits>"));
    const tmux = tmuxOf({ socket: server.socket });
    const pane = await paneAt(tmux, "desk:left");
    assert.equal(await typeLine(tmux, pane, "node", `touch ${marker}`), false);
    // Whoever comes next and presses Enter runs their own line alone.
    await server.tmux("send-keys", "-t", shell, "Enter");
    await server.tmux("send-keys", "-t", shell, "-l", `touch ${other}`);
    await server.tmux("send-keys", "-t", shell, "Enter");
    await eventually("the shell has run the line behind", () => existsSync(other));
    assert.ok(!existsSync(marker));
  });

  test("go to a program whose name has what is tmux's own in a condition", async (t) => {
    const server = await testTmux(t);
    const title = "a,b}c#d#{e";
    const reader = await server.reader({ at: "desk:odd", title });
    await deliver(server.transport(), { at: "desk:odd", program: title, text: "/task 1", pushId });
    assert.equal(await reader.readLine(), line("/task 1"));
    assert.match(
      (await refusal(server.transport(), { at: "desk:odd", program: "a" })).message,
      /is in front and not a,/,
    );
    const tmux = tmuxOf({ socket: server.socket });
    assert.equal(await typeLine(tmux, await paneAt(tmux, "desk:odd"), `${title}f`, "/task 2"), false);
  });

  test("with control characters are refused", async (t) => {
    const server = await testTmux(t);
    await server.reader({ at: "desk:reader" });
    for (const text of ["/task\n1", "/task\r", "\u001b[A", "a\u007fb", "a\u009bb", "a\u2028b"])
      assert.match((await refusal(server.transport(), { at: "desk:reader", text })).message, /^The text has control/);
  });

  test("are shown to people who want to see what came of them, in 4 KiB at most", async (t) => {
    const server = await testTmux(t);
    await server.reader({ at: "desk:shown", byLines: true });
    const transport = server.transport();
    // Three are more than 4 KiB, and the screen's 30 lines of 100 columns less.
    const text = `/task ${"x".repeat(1_900)}`;
    for (const _ of [1, 2]) await deliver(transport, { at: "desk:shown", text, pushId });
    const { captured } = await deliver(transport, { at: "desk:shown", text, pushId, capture: true });
    const shown = captured ?? "";
    assert.ok(Buffer.byteLength(shown) > 4_090 && Buffer.byteLength(shown) <= 4_096, shown);
    assert.ok(shown.endsWith(`x #${pushId}`), shown);
    assert.equal(
      await transport.lastLine({ address: "desk:shown" }, AbortSignal.timeout(60_000)),
      `${text} #${pushId}`,
    );
  });
});

describe("what tmux is given", () => {
  test("has a backslash before a ; at its end, and nowhere else", () => {
    assert.deepEqual(["a;", ";", "a\\;", "a;b", "a;;", "; "].map(asArgument), [
      "a\\;",
      "\\;",
      "a\\\\;",
      "a;b",
      "a;\\;",
      "; ",
    ]);
  });

  test("comes in pieces that end between characters", () => {
    assert.deepEqual(piecesOf("aé漢🔧b", 4), ["aé", "漢", "🔧", "b"]);
    assert.deepEqual(piecesOf("abcd", 4), ["abcd"]);
    assert.deepEqual(piecesOf("", 4), []);
    const pieces = piecesOf(manyBytes, 1_000);
    assert.equal(pieces.join(""), manyBytes);
    assert.ok(pieces.every((piece) => Buffer.byteLength(piece) <= 1_000));
  });

  test("comes back from the border of a character on", () => {
    assert.equal(endOf("a漢b", 3), "b");
    assert.equal(endOf("a漢b", 4), "漢b");
    assert.equal(endOf("🔧", 3), "");
    assert.equal(endOf("abc", 10), "abc");
  });
});

describe("spacing", () => {
  test("gives each the next free moment", async () => {
    let now = 1_000;
    const paused: number[] = [];
    const clock = { now: () => now, pause: async (ms: number) => void paused.push(ms) };
    const turn = spaced(300, clock);
    const { signal } = new AbortController();
    await Promise.all([turn(signal), turn(signal), turn(signal)]);
    assert.deepEqual(paused, [300, 600]);
    now += 700;
    await turn(signal);
    assert.deepEqual(paused, [300, 600, 200]);
    now += 500;
    await turn(signal);
    assert.equal(paused.length, 3);
  });

  test("keeps the rooms of a group 0.3 s apart on one server", { skip }, async (t) => {
    const server = await testTmux(t);
    const paused: number[] = [];
    const clock = { now: () => 0, pause: async (ms: number) => void paused.push(ms) };
    const transport = server.transport({ clock });
    const rooms = ["a", "b", "c"].map((name) => `desk:${name}`);
    const readers = [];
    for (const at of rooms) readers.push(await server.reader({ at }));
    await Promise.all(rooms.map((at) => deliver(transport, { at, pushId })));
    assert.deepEqual(paused, [300, 600]);
    for (const reader of readers) assert.equal(await reader.readLine(), line("/task 1"));
    const apart = server.transport({ clock, spacingMs: 0 });
    await Promise.all(rooms.map((at) => deliver(apart, { at, pushId })));
    assert.deepEqual(paused, [300, 600]);
  });
});
