// What the embedded PostgreSQL refuses to start on, and what it says then.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { chooseAccount } from "../../dispatch/db/embedded/account.ts";
import { EmbeddedPostgresError, startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { dataFolders, hold, quiet } from "../support/data-folder.ts";
import { holderProgram } from "../support/held-postgres.ts";

const { root, copied } = await dataFolders();

async function refusal(dataDir: string): Promise<EmbeddedPostgresError> {
  try {
    await startEmbeddedPostgres({ dataDir, log: quiet });
  } catch (cause) {
    assert.ok(cause instanceof EmbeddedPostgresError, String(cause));
    return cause;
  }
  assert.fail("it started");
}

describe("a folder it cannot use is refused with the way out:", () => {
  test("data of another major version", async () => {
    const dataDir = join(root, "old-version");
    await mkdir(join(dataDir, "postgres"), { recursive: true });
    await writeFile(join(dataDir, "postgres", "PG_VERSION"), "15\n");
    const error = await refusal(dataDir);
    assert.equal(error.code, "wrong_version");
    assert.equal(error.folder, join(dataDir, "postgres"));
    assert.match(
      error.message,
      /found data of PostgreSQL 15, expected data of PostgreSQL 18\. Dump it with PostgreSQL 15/,
    );
  });

  test("files without a version", async () => {
    const dataDir = join(root, "no-version");
    await mkdir(join(dataDir, "postgres", "base"), { recursive: true });
    assert.equal((await refusal(dataDir)).code, "damaged");
  });

  test("a file in the folder's place", async () => {
    const dataDir = join(root, "a-file");
    await writeFile(dataDir, "");
    const error = await refusal(dataDir);
    assert.deepEqual([error.code, error.found], ["not_writable", "a file in its place"]);
  });

  test("a cluster the server itself refuses, with the server's reason", async () => {
    const dataDir = await copied();
    await writeFile(join(dataDir, "postgres", "global", "pg_control"), "");
    const error = await refusal(dataDir);
    assert.equal(error.code, "did_not_start");
    assert.match(error.message, /PANIC.*pg_control/);
  });

  test("another user's folder", async (t) => {
    if (process.geteuid?.() !== 0) return t.skip("takes root, to be two users");
    const asOther = await wayToBeAnother();
    if (asOther === undefined) return t.skip("takes user namespaces, or a checkout that other users may read");
    const dataDir = await copied();
    await chown(dataDir, 65533, 65533);
    const error = await hold(t, dataDir, asOther).says("error");
    assert.equal(error.code, "not_writable");
  });

  test("a folder of a user who may not read the programs", async (t) => {
    if (process.geteuid?.() !== 0) return t.skip("takes root, to be two users");
    const [programs, dataDir] = [join(root, "programs"), await copied()];
    await mkdir(programs, { mode: 0o700 });
    await chown(dataDir, 65533, 65533);
    await assert.rejects(
      chooseAccount(dataDir, { initdb: join(programs, "initdb"), postgres: join(programs, "postgres") }),
      /as user id 65533: spawn .* EACCES.*Put this installation where that user may read it, start as/,
    );
  });

  test("a full disk", async (t) => {
    const script = 'mount -t tmpfs -o size=20m dispatch-test "$0" && exec "$@"';
    const inside = [
      "unshare",
      "--mount",
      ...(process.geteuid?.() === 0 ? [] : ["--user", "--map-root-user"]),
      "sh",
      "-c",
      script,
    ];
    const disk = join(root, "small-disk");
    await mkdir(disk);
    if (!(await runs([...inside, disk, "true"]))) return t.skip("takes the right to mount a small disk");
    const error = await hold(t, join(disk, "data"), [...inside, disk]).says("error");
    assert.equal(error.code, "disk_full");
    assert.match(error.message, /full disk, expected at least 200 MB free\. Free some space/);
  });
});

/**
 * The command under which a program runs as somebody who is neither root nor the folder's owner, and can still be read. In
 * a checkout that only root may enter that is root's own user without root's powers.
 */
async function wayToBeAnother(): Promise<string[] | undefined> {
  const ways = [
    ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    ["unshare", "--user", "--map-user=1000", "--map-group=1000"],
  ];
  for (const way of ways) {
    if (await runs([...way, "sh", "-c", '"$0" --version && test -r "$1"', process.execPath, holderProgram])) return way;
  }
  return undefined;
}

async function runs([file = "", ...args]: string[]): Promise<boolean> {
  const child = spawn(file, args, { stdio: "ignore" });
  return await new Promise((resolve) =>
    child.once("exit", (code) => resolve(code === 0)).once("error", () => resolve(false)),
  );
}
