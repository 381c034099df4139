// A backup that is not whole is refused, with the name of the file; one that failed or was interrupted leaves nothing;
// and the commands say what they did.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, cp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { ObjectStore } from "../../dispatch/storage/object-store.ts";
import { takeBackup } from "../../dispatch/ops/backup/take.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { quietWork, startUsedDesk, storeIn } from "./used-desk.ts";

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

function run(script: string, args: readonly string[], environment: Record<string, string>): Promise<Outcome> {
  const { DISPATCH_DATABASE_URL: _, ...inherited } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(import.meta.dirname, "../../scripts", script), ...args],
      { env: { ...inherited, ...environment } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe("a backup", async () => {
  const desk = await startUsedDesk({ after });
  const { api, root } = desk;
  const environment = { DISPATCH_DATABASE_URL: api.databaseUrl, DISPATCH_DATA_DIR: api.dataDir };
  const whole = join(root, "whole");
  const taken = await run("backup.ts", ["--out", whole], environment);

  test("is taken by a command that says what it holds, readable by its owner alone", async () => {
    assert.equal(taken.code, 0, taken.stderr);
    assert.match(taken.stdout, /^database: schema \d{4}_\w+, \d+ tables, [\d,]+ rows/);
    assert.match(taken.stdout, /objects: \d+, [\d.]+ MB, copied/);
    for (const name of ["", "manifest.json", "tables", "tables/tickets.copy.gz", "objects"]) {
      assert.equal((await stat(join(whole, name))).mode & 0o077, 0, name);
    }
    const again = await run("backup.ts", ["--out", whole], environment);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is there already/);
  });

  test("is rehearsed on a throw-away server by a command that proves it", async () => {
    const { code, stdout, stderr } = await run("restore.ts", ["--rehearse", whole], {
      DISPATCH_DATA_DIR: join(root, "elsewhere"),
    });
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      new RegExp(
        [
          /^rehearsed the backup of \S+, schema \d{4}_\w+, in [\d.]+ s/,
          /rows: [\d,]+ in \d+ tables/,
          /audit: \d+ chains, \d+ events/,
          /evidence: \d+ items held to \d+ objects/,
          /0 broken\n$/,
        ]
          .map(({ source }) => source)
          .join("\\n"),
      ),
    );
    await assert.rejects(stat(join(root, "elsewhere")), { code: "ENOENT" });
  });

  test("holds no secret", async () => {
    const secret = await readFile(join(api.dataDir, "objects/upload-secret"));
    for (const name of await readdir(whole, { recursive: true })) {
      const content = await readFile(join(whole, name)).catch(() => Buffer.alloc(0));
      assert.ok(!content.includes(secret), name);
      assert.doesNotMatch(name, /secret/);
    }
  });

  const [object = ""] = await readdir(join(whole, "objects"));
  for (const [what, file, harm] of [
    ["a changed table", "tables/tickets.copy.gz", (path: string) => appendFile(path, "x")],
    ["a missing table", "tables/audit_events.copy.gz", (path: string) => rm(path)],
    ["a changed list of objects", "objects.ndjson.gz", (path: string) => appendFile(path, "x")],
    [
      "an object of another content",
      `objects/${object}`,
      async (path: string) => writeFile(path, Buffer.alloc((await stat(path)).size)),
    ],
    ["a missing object", `objects/${object}`, (path: string) => rm(path)],
    [
      "a changed manifest",
      "manifest.json",
      async (path: string) => writeFile(path, (await readFile(path, "utf8")).replace(/"rows": \d+/, '"rows": 7')),
    ],
    ["no manifest", "manifest.json", (path: string) => rm(path)],
  ] as const) {
    test(`with ${what} is refused by name, before anything is touched`, async (t) => {
      const copy = join(root, `harmed ${what}`);
      t.after(() => rm(copy, { recursive: true }));
      await cp(whole, copy, { recursive: true });
      await harm(join(copy, file));
      const { code, stderr } = await run("restore.ts", [copy], { DISPATCH_DATA_DIR: join(root, "untouched") });
      assert.equal(code, 1);
      assert.ok(stderr.includes(join(copy, file)), stderr);
      await assert.rejects(stat(join(root, "untouched")), { code: "ENOENT" });
    });
  }

  test("that is interrupted leaves nothing", async () => {
    const stop = new AbortController();
    const store = await storeIn(api.dataDir);
    const interrupting: ObjectStore = Object.assign(Object.create(store), {
      read: async () => {
        stop.abort(new CommandFailure("Interrupted."));
        return null;
      },
      list: () => store.list(),
      check: () => store.check(),
    });
    const before = await readdir(root);
    const attempt = takeBackup(
      { databaseUrl: api.databaseUrl, store: interrupting, copyObjects: true, out: join(root, "cut") },
      quietWork(stop.signal),
    );
    await assert.rejects(attempt);
    assert.deepEqual(await readdir(root), before);
  });

  test("of another bucket is refused: its evidence names the old one", async () => {
    const { code, stderr } = await run("restore.ts", [whole], {
      DISPATCH_DATA_DIR: join(root, "bucket"),
      DISPATCH_OBJECT_STORE_BUCKET: "other-bucket",
    });
    assert.equal(code, 1);
    assert.match(stderr, /lies in bucket dispatch-objects/);
  });
});
