// Which pane of a real tmux is a room's, and why a push goes into none: never into another one, never to a shell.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { listPanes } from "../../dispatch/rooms/transports/tmux/panes.ts";
import { tmuxOf } from "../../dispatch/rooms/transports/tmux/run-tmux.ts";
import { eventually } from "../support/eventually.ts";
import { deliver, pushTo, refusal, testTmux, tmuxMissing } from "./tmux-server.ts";

describe("a room's pane", { skip: await tmuxMissing() }, () => {
  test("is found by its whole name: with dots and colons, a number, or a tab and a line's end", async (t) => {
    const server = await testTmux(t);
    const transport = server.transport();
    // The window 1 by index is the one called 0, and the other way round; 3.3a keeps tab and line end of a window's first name.
    const names = ["1", "0", "a.b:c", "build.1", "tab\tand\nline"];
    const readers = [];
    for (const name of names) readers.push(await server.reader({ at: `desk:${name}` }));
    assert.deepEqual(
      (await listPanes(tmuxOf({ socket: server.socket }))).map(({ session, window, program }) => [
        session,
        window,
        program,
      ]),
      names.map((name) => ["desk", name, "node"]),
    );
    for (const [at, name] of names.entries()) {
      await deliver(transport, { at: `desk:${name}`, text: `/task ${at}` });
      assert.match((await readers[at]?.readLine()) ?? "", new RegExp(`^/task ${at} #[0-9a-f-]{36}\r$`));
    }
    for (const missing of ["desk:a", "desk:a.b", "desk:2", "desk:", "desk:tab", "other:1"])
      assert.match((await refusal(transport, { at: missing })).message, /^tmux has no window /);
    for (const unclear of ["desk", ":1", ""])
      assert.match((await refusal(transport, { at: unclear })).message, /must be session:window/);
    for (const [at, reader] of readers.entries())
      assert.equal((await reader.read()).match(/\r/g)?.length, 1, names[at]);
  });

  test("is none where two windows have the name, and the one that is left afterwards", async (t) => {
    const server = await testTmux(t);
    const [one, two] = [await server.reader({ at: "desk:twin" }), await server.reader({ at: "desk:twin" })];
    const refused = await refusal(server.transport(), { at: "desk:twin" });
    assert.match(refused.message, /^tmux has 2 windows called desk:twin: rename all but/);
    await server.tmux("rename-window", "-t", one.pane, "first");
    await deliver(server.transport(), { at: "desk:twin" });
    await two.readLine();
    assert.equal(await one.read(), "");
  });

  test("is none where the window was renamed, and nobody else gets the push", async (t) => {
    const server = await testTmux(t);
    const transport = server.transport();
    const [room, other] = [await server.reader({ at: "desk:clerk" }), await server.reader({ at: "desk:clerk-2" })];
    await server.tmux("rename-window", "-t", room.pane, "gone");
    const refused = await refusal(transport, { at: "desk:clerk" });
    assert.match(refused.message, /^tmux has no window desk:clerk: open it, or give the room the address/);
    assert.equal(refused.roomBroken, false);
    await server.tmux("rename-window", "-t", room.pane, "clerk");
    await deliver(transport, { at: "desk:clerk" });
    await room.readLine();
    assert.equal(await other.read(), "");
  });

  test("is one pane: a window of two is refused, and one that types into others", async (t) => {
    const server = await testTmux(t);
    const reader = await server.reader({ at: "desk:split" });
    await server.tmux("set-option", "-w", "-t", reader.pane, "synchronize-panes", "on");
    assert.match((await refusal(server.transport(), { at: "desk:split" })).message, /turn synchronize-panes off/);
    await server.tmux("set-option", "-w", "-t", reader.pane, "synchronize-panes", "off");
    const second = await server.tmux("split-window", "-d", "-P", "-F", "#{pane_id}", "-t", reader.pane, "cat");
    assert.match((await refusal(server.transport(), { at: "desk:split" })).message, /has 2 panes, and a room is one/);
    await server.tmux("kill-pane", "-t", second);
    await deliver(server.transport(), { at: "desk:split", text: "/task 1" });
    assert.match(await reader.readLine(), /^\/task 1 #/);
  });

  test("is told nothing while its input is off, though tmux would take it without a word", async (t) => {
    const server = await testTmux(t);
    const reader = await server.reader({ at: "desk:deaf" });
    await server.tmux("select-pane", "-d", "-t", reader.pane);
    await server.tmux("send-keys", "-t", reader.pane, "-l", "--", "nobody reads this");
    const refused = await refusal(server.transport(), { at: "desk:deaf" });
    assert.match(refused.message, /^Typing into desk:deaf is turned off: turn it on there/);
    await server.tmux("select-pane", "-e", "-t", reader.pane);
    await deliver(server.transport(), { at: "desk:deaf", text: "/task 1" });
    assert.match(await reader.readLine(), /^\/task 1 #/);
  });

  test("is one pane too where its window is linked twice into the session", async (t) => {
    const server = await testTmux(t);
    const reader = await server.reader({ at: "desk:linked" });
    await server.tmux("link-window", "-d", "-s", reader.pane, "-t", "desk:9");
    await deliver(server.transport(), { at: "desk:linked" });
    await reader.readLine();
  });

  test("gets nothing while a shell is in front, whatever the text would do there", async (t) => {
    const server = await testTmux(t);
    const [marker, other] = [join(server.folder, "marker"), join(server.folder, "other")];
    const shell = await server.open("desk:left", "bash", "--norc", "--noprofile", "-i");
    const text = `touch ${marker}; $(touch ${marker}) \`touch ${marker}\``;
    const refused = await refusal(server.transport(), { at: "desk:left", text });
    assert.match(refused.message, /^In desk:left bash is in front and not node, so nothing was typed: start it again/);
    assert.equal(refused.roomBroken, true);
    // A room that states a shell as its program would look the same once the agent has left.
    for (const program of ["bash", "/bin/bash", null]) {
      const stated = await refusal(server.transport(), { at: "desk:left", program, text });
      assert.match(stated.message, program === null ? /Nobody has said which program/ : /a shell would run what it/);
      assert.equal(stated.roomBroken, true);
    }
    await server.tmux("send-keys", "-t", shell, "-l", `touch ${other}`);
    await server.tmux("send-keys", "-t", shell, "Enter");
    await eventually("the shell has run the line behind", () => existsSync(other));
    assert.ok(!existsSync(marker));
  });

  test("gets nothing once its program has ended, though tmux would take it without a word", async (t) => {
    const server = await testTmux(t);
    await server.reader({ at: "desk:keeps" });
    await server.tmux("set-option", "-g", "remain-on-exit", "on");
    const pane = await server.open("desk:dead", "env", "true");
    const state = () => server.tmux("list-panes", "-t", pane, "-F", "#{pane_dead}");
    await eventually("the program has ended", async () => (await state()) === "1");
    await server.tmux("send-keys", "-t", pane, "-l", "--", "nobody reads this");
    const refused = await refusal(server.transport(), { at: "desk:dead", program: "env" });
    assert.match(refused.message, /^The program of desk:dead has ended: start it again/);
    assert.equal(refused.roomBroken, true);
  });

  test("is taken out of copy mode first, and out of any other", async (t) => {
    const server = await testTmux(t);
    const transport = server.transport();
    const reader = await server.reader({ at: "desk:reads-back" });
    const modes: (readonly string[])[] = [["copy-mode"], ["clock-mode"], ["copy-mode", "clock-mode", "copy-mode"]];
    let lines = 0;
    for (const wanted of modes) {
      for (const mode of wanted) await server.tmux(mode, "-t", reader.pane);
      assert.notEqual(await server.tmux("list-panes", "-t", reader.pane, "-F", "#{pane_in_mode}"), "0");
      await deliver(transport, { at: "desk:reads-back", text: "/task q/xyz" });
      lines++;
      await eventually("the line is read", async () => (await reader.read()).split("\r").length > lines);
    }
    assert.match(await reader.read(), /^(\/task q\/xyz #[0-9a-f-]{36}\r){3}$/);
  });

  test("comes back with a server that was killed and started again", async (t) => {
    const server = await testTmux(t);
    const transport = server.transport();
    const before = await server.reader({ at: "desk:clerk" });
    await deliver(transport, { at: "desk:clerk" });
    await before.readLine();
    await server.kill();
    const away = await refusal(transport, { at: "desk:clerk" });
    assert.match(away.message, /^tmux did not do it: .+ See that its server runs/);
    assert.equal(away.roomBroken, false);
    const after = await server.reader({ at: "desk:clerk" });
    await deliver(transport, { at: "desk:clerk", text: "/task 2" });
    assert.match(await after.readLine(), /^\/task 2 #/);
  });

  test("is not waited for when its server hangs, or when this process ends", async (t) => {
    const server = await testTmux(t);
    await server.reader({ at: "desk:clerk" });
    const pid = await server.pid();
    process.kill(pid, "SIGSTOP");
    try {
      const hung = await refusal(server.transport({ timeoutMs: 200 }), { at: "desk:clerk" });
      assert.equal(hung.message, "The tmux server did not answer within 200 ms: see whether it hangs.");
      const ending = new AbortController();
      const waiting = refusal(server.transport(), { at: "desk:clerk", signal: ending.signal });
      ending.abort();
      assert.match((await waiting).message, /this process ends/);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    const ended = await refusal(server.transport(), { at: "desk:clerk", signal: AbortSignal.abort() });
    assert.equal(ended.message, "It was not sent: this process ends.");
  });

  test("is nowhere without tmux, and never on the server of the pane that this process is in", async (t) => {
    const server = await testTmux(t);
    const reader = await server.reader({ at: "desk:clerk" });
    const missing = server.transport({ environment: { PATH: server.folder } });
    assert.match(
      (await refusal(missing, { at: "desk:clerk" })).message,
      /^tmux is not installed where the worker runs/,
    );
    const environment = { ...process.env, TMUX: `${server.socket},1,0`, TMUX_TMPDIR: server.folder };
    const byDefault = server.transport({ socket: null, environment });
    assert.match((await refusal(byDefault, { at: "desk:clerk" })).message, /^tmux did not do it/);
    await assert.rejects(
      byDefault.deliver(pushTo({ at: "desk:clerk" }), AbortSignal.timeout(60_000)),
      ({ message }: Error) => message.includes(join(server.folder, "tmux-")),
    );
    const byName = server.transport({ socket: "named", environment });
    assert.match((await refusal(byName, { at: "desk:clerk" })).message, /named/);
    assert.equal(await reader.read(), "");
  });
});
