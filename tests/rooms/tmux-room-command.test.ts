// `pnpm dispatch:room` on a real tmux, before a desk that only writes down what it is asked.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { symlink } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openWindow, type Window } from "../../dispatch/ops/room/open-window.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { tmuxOf } from "../../dispatch/rooms/transports/tmux/run-tmux.ts";
import { eventually } from "../support/eventually.ts";
import { deliver, testTmux, tmuxMissing, type TestTmux } from "./tmux-server.ts";

const script = join(import.meta.dirname, "../../scripts/room.ts");

type Asked = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
};
type Desk = { readonly url: string; readonly asked: Asked[]; answer: { status: number; body: object } };
type Ending = { after(fn: () => Promise<void>): void };

async function desk(t: Ending): Promise<Desk> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    asked.push({ method, url, headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
    response
      .writeHead(made.answer.status, { "content-type": "application/json" })
      .end(JSON.stringify(made.answer.body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const made: Desk = { url: `http://127.0.0.1:${port}`, asked, answer: { status: 201, body: { id: "r" } } };
  return made;
}

type Told = { readonly code: number; readonly out: string; readonly err: string };

/** Runs the command with these settings of its own and no others. */
function room({ socket }: Pick<TestTmux, "socket">, { url }: Pick<Desk, "url">, ...args: string[]): Promise<Told> {
  const env = {
    ...bareEnvironment,
    DISPATCH_TMUX_SOCKET: socket,
    DISPATCH_API_URL: url,
    DISPATCH_ADMIN_TOKEN: "the admin's",
    DISPATCH_AGENT_TOKEN: "the agent's",
    TERM: "dumb",
  };
  const { promise, resolve } = Promise.withResolvers<Told>();
  execFile(process.execPath, [script, ...args], { env }, (error, out, err) =>
    resolve({ code: error === null ? 0 : Number(error.code), out, err }),
  );
  return promise;
}

describe("dispatch:room", { skip: await tmuxMissing() }, () => {
  test("opens a window with the program in it, and registers it as a room that can be pushed to", async (t) => {
    const [server, to] = [await testTmux(t), await desk(t)];
    const program = JSON.stringify(server.readerWords(join(server.folder, "log")));
    const args = ["--name", "clerk", "--program", program, "--session", "agents", "--worker", "w-1"];
    const said = await room(server, to, ...args, "--group", "desk", "--group", "late", "--alias", "c");
    assert.deepEqual(said, {
      code: 0,
      out: "clerk: node is opened in agents:clerk, and the desk knows the room\n",
      err: "",
    });
    const [{ method, url, headers, body } = assert.fail()] = to.asked;
    assert.deepEqual([method, url], ["POST", "/api/v1/rooms"]);
    assert.deepEqual([headers["x-agent-id"], headers.authorization], ["admin", "Bearer the admin's"]);
    assert.deepEqual(body, {
      name: "clerk",
      kind: "desk",
      transport: "tmux",
      address: "agents:clerk",
      program: "node",
      worker_id: "w-1",
      groups: ["desk", "late"],
      aliases: ["c"],
    });
    const environment = await server.tmux("show-environment", "-g");
    assert.match(environment, /^DISPATCH_AGENT_TOKEN=the agent's$/m);
    assert.doesNotMatch(environment, /the admin's/);
    const screen = () => server.tmux("capture-pane", "-p", "-J", "-t", "%0");
    await eventually("the program listens", async () => (await screen()).includes("listening"));
    const transport = server.transport();
    assert.deepEqual(await deliver(transport, { at: "agents:clerk" }), { heard: false, captured: null });

    // The same words again only register; once the program has ended they start it again, in the same window.
    assert.match((await room(server, to, ...args)).out, /node is there in agents:clerk/);
    const pid = () => server.tmux("list-panes", "-a", "-F", "#{pane_pid}");
    const first = Number(await pid());
    process.kill(first, "SIGKILL");
    await eventually(
      "the pane is dead",
      async () => (await server.tmux("list-panes", "-a", "-F", "#{pane_dead}")) === "1",
    );
    assert.match((await room(server, to, ...args)).out, /node is started again in agents:clerk/);
    assert.notEqual(Number(await pid()), first);
    assert.equal(to.asked.length, 3);

    // A second room is a window beside it.
    assert.match(
      (await room(server, to, "--name", "2", "--program", "sleep 600", "--session", "agents")).out,
      /^2: sleep is/,
    );
    assert.equal(await server.tmux("list-windows", "-t", "agents", "-F", "#{window_name}"), "clerk\n2");
  });

  test("closes what the desk does not want, and says why", async (t) => {
    const [server, to] = [await testTmux(t), await desk(t)];
    await server.open("dispatch:other", "sleep", "600");
    to.answer = {
      status: 409,
      body: { error: { code: "ROOM_ADDRESS_TAKEN", message: "dispatch:clerk is desk-1's." } },
    };
    const args = ["--name", "clerk", "--program", "sleep 600"];
    const { code, err } = await room(server, to, ...args);
    assert.deepEqual({ code, err }, { code: 1, err: "ROOM_ADDRESS_TAKEN: dispatch:clerk is desk-1's.\n" });
    assert.match(
      (await room(server, { url: "http://127.0.0.1:9" }, ...args)).err,
      /^UNREACHABLE: http:\/\/127\.0\.0\.1:9 does/,
    );
    assert.equal(await server.tmux("list-windows", "-a", "-F", "#{window_name}"), "other");
  });

  test("refuses a shell, names that tmux or the desk would read otherwise, and no program", async (t) => {
    const to = await desk(t);
    const nowhere = { socket: "/nonexistent/socket" };
    for (const [args, why] of [
      [["--name", "clerk", "--program", "bash -i"], /^bash is a shell, which would run what it is told/],
      [["--name", "a.b", "--program", "sleep 1"], /^--name must be 1 to 63 letters/],
      [["--name", "clerk"], /^--program must be a program and its words/],
    ] as const) {
      const { code, err } = await room(nowhere, to, ...args);
      assert.equal(code, 1);
      assert.match(err, why);
    }
    assert.deepEqual(to.asked, []);
  });
});

describe("a window with a program", { skip: await tmuxMissing() }, () => {
  const window = (words: [string, ...string[]], shows = "sleep"): Window => ({
    session: "desk",
    name: "one",
    words,
    shows,
    folder: "/",
  });

  test("has no shell behind the program, whatever characters its words have", async (t) => {
    const server = await testTmux(t);
    await server.open("desk:first", "sleep", "600");
    const tmux = tmuxOf({ socket: server.socket });
    const words: [string, ...string[]] = ["node", "-e", "setInterval(() => {}, 1e6);", "$(exit)", "#{pane_id}", ";"];
    const { how } = await openWindow(tmux, window(words, "node"));
    assert.equal(how, "opened");
    const pid = await server.tmux("list-panes", "-a", "-f", "#{==:#{window_name},one}", "-F", "#{pane_pid}");
    const { promise, resolve } = Promise.withResolvers<string>();
    execFile("ps", ["-o", "args=", "-p", pid], (_error, out) => resolve(out.trim()));
    assert.equal(await promise, words.join(" "));
    // A word alone is no line for a shell either.
    const alone = join(server.folder, "x;y");
    await symlink("/bin/cat", alone);
    await openWindow(tmux, { ...window([alone], "x;y"), name: "two" });
  });

  test("is closed again where another program is in front, and says which", async (t) => {
    const server = await testTmux(t);
    await server.open("desk:first", "sleep", "600");
    const tmux = tmuxOf({ socket: server.socket });
    await assert.rejects(
      openWindow(tmux, window(["sleep", "600"], "clerk"), 200),
      /is in front, and not clerk: give --shows/,
    );
    await assert.rejects(openWindow(tmux, window(["false"])), /^CommandFailure: false ended as soon as it had begun/);
    assert.equal(await server.tmux("list-windows", "-a", "-F", "#{window_name}"), "first");
    await server.open("desk:one", "cat");
    await assert.rejects(
      openWindow(tmux, window(["sleep", "600"])),
      /has a window desk:one already, and in front of it is \w+:/,
    );
  });
});
