// `pnpm dispatch:rooms` before a real desk: the board as a table, drawn anew with what happens, and rooms from a file.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { boardText, type Board } from "../../dispatch/ops/rooms/board.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { tokenSecret } from "../support/token.ts";
import { addAgent } from "../tasks/agents.ts";
import { addRoom, push } from "./rooms.ts";

const script = join(import.meta.dirname, "../../scripts/rooms.ts");
const adminToken = "an-invented-admin-token-of-the-tests";

type Told = { readonly code: number; readonly out: string; readonly err: string };

describe("dispatch:rooms", async () => {
  const api = await startTestApi({ env: { DISPATCH_ADMIN_TOKEN: adminToken, DISPATCH_AUTH_JWT_SECRET: tokenSecret } });
  const folder = await mkdtemp(join(tmpdir(), "dispatch-rooms-"));
  const env = { ...bareEnvironment, DISPATCH_API_URL: api.url, DISPATCH_ADMIN_TOKEN: adminToken, TERM: "dumb" };
  const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Told> =>
    new Promise((resolve) => {
      execFile(process.execPath, [script, ...args], { env: { ...env, ...more } }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  const importing = async (text: string, ...args: string[]): Promise<Told> => {
    const path = join(folder, "rooms.yaml");
    await writeFile(path, text);
    return run(["import", path, ...args]);
  };
  const told = ({ out, err }: Told): string => `${out}${err}`;
  await addAgent(api, "clerk-1");

  test("imports rooms from YAML and JSON; the same file again changes nothing, another field is changed alone", async (t) => {
    t.after(() => rm(folder, { recursive: true, force: true }));
    const yaml = `rooms:
  - name: Clerk
    worker_id: clerk-1
    groups: [office, Late]
  - { name: hook, transport: webhook, address: "http://127.0.0.1:9/x", aliases: [h] }
`;
    assert.deepEqual(await importing(yaml), {
      code: 0,
      out: "Clerk: added\nhook: added\n2 added, 0 changed, 0 unchanged, 0 refused\n",
      err: "",
    });
    const versions = async () => (await api.owner.query("SELECT name, version FROM rooms ORDER BY name")).rows;
    const before = await versions();
    assert.equal((await importing(yaml)).out, "0 added, 0 changed, 2 unchanged, 0 refused\n");
    assert.deepEqual(await versions(), before);
    const json = JSON.stringify([{ name: "clerk", groups: ["late"], workspace_path: "/srv/clerk" }]);
    assert.equal(
      (await importing(json)).out,
      "clerk: changed, groups, workspace_path\n0 added, 1 changed, 0 unchanged, 0 refused\n",
    );
    const [{ groups, worker_slug }] = (await api.owner.query("SELECT * FROM rooms WHERE name = 'clerk'")).rows as [
      { groups: string[]; worker_slug: string },
    ];
    assert.deepEqual([groups, worker_slug], [["late"], "clerk-1"]);

    const mixed = await importing(
      JSON.stringify([
        { name: "no name" },
        { name: "third" },
        { name: "fourth", aliases: ["clerk"] },
        { kind: "control", name: "x" },
        {},
      ]),
      "--json",
    );
    assert.equal(mixed.code, 1);
    const outcomes = JSON.parse(mixed.out) as { name: string; outcome: string; why?: string }[];
    assert.deepEqual(
      outcomes.map(({ name, outcome, why }) => [name, outcome, why?.split(":")[0]]),
      [
        ["no name", "refused", "INVALID_REQUEST"],
        ["third", "added", undefined],
        ["fourth", "refused", "ROOM_NAME_TAKEN"],
        ["x", "refused", "INVALID_REQUEST"],
        ["room 5", "refused", "INVALID_REQUEST"],
      ],
    );

    for (const [text, why] of [
      ["just words", /must hold a list of rooms/],
      ["- just words", /room 1 must have fields/],
      ["- name: a\n  name: b\n", /rooms\.yaml:2 cannot be read as YAML or JSON: duplicate key/],
      ["- &a { name: a }\n- *a\n", /rooms\.yaml:1 must be written out: anchors, aliases and tags are not taken/],
      ["[", /cannot be read as YAML or JSON/],
    ] as const) {
      const refused = await importing(text);
      assert.match(told(refused), why);
      assert.equal(refused.code, 1);
    }
    assert.match(told(await run(["import", join(folder, "nowhere.yaml")])), /nowhere\.yaml: ENOENT/);
  });

  test("shows the board as a table, or as JSON", async () => {
    await addRoom(api, "archive");
    await push(api, "archive", "/queue-check");
    await push(api, "archive", "/queue-check");
    const { code, out } = await run([]);
    assert.equal(code, 0);
    assert.match(
      out,
      /^healthy\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\. Tasks: 0 that nobody has, 0 blocked\.\n\nROOM +STATUS +WORKER +BY +WAITING/,
    );
    assert.match(out, /^archive +idle +- +inbox +2 +0 +- +\d{4}-\d\d-\d\d \d\d:\d\d$/m);
    assert.match(out, /^clerk +idle +clerk-1 +inbox +0 +0 +- /m);
    const board = JSON.parse((await run(["--json"])).out) as Board;
    assert.equal(board.rooms.length, 4);
    assert.match(boardText({ ...board, rooms: [] }, new Date(0)), /^No room yet: pnpm dispatch:rooms import FILE/m);
  });

  test("--watch draws the board anew with an event of a room, and ends with Ctrl-C", async (t) => {
    const child = spawn(process.execPath, [script, "--watch"], { env });
    t.after(() => child.kill("SIGKILL"));
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const boards = () => out.split("Ctrl-C ends this.\n").length - 1;
    await eventually("the first boards", () => boards() >= 2);
    assert.doesNotMatch(out, /^newcomer/m);
    await addRoom(api, "newcomer");
    await eventually("the room on the board", () => /^newcomer +idle/m.test(out));
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
  });

  test("says what is wrong: no token, no desk, no such action", async () => {
    const unknown = await run([], { DISPATCH_ADMIN_TOKEN: "guessed" });
    assert.match(unknown.err, /^INVALID_AUTH_TOKEN: /);
    assert.equal(unknown.code, 1);
    assert.match(
      (await run([], { DISPATCH_API_URL: "http://127.0.0.1:1" })).err,
      /^UNREACHABLE: http:\/\/127\.0\.0\.1:1 does not answer/,
    );
    assert.match((await run(["export"])).err, /there is no action export; only import/);
    assert.match((await run(["import"])).err, /Name a file of rooms/);
    assert.match((await run(["--help"])).out, /import FILE/);
  });
});
