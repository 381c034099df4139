// What is particular to the file store: its folder, its secret, its own signed uploads, crashes and full disks.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { openFileStore, type FileStore, type IncomingUpload } from "../../dispatch/storage/file-store.ts";
import { ObjectStoreMisconfigured, ObjectStoreUnavailable } from "../../dispatch/storage/object-store.ts";
import { uploadInHalves } from "../support/upload-client.ts";
import { startUploadServer } from "../support/upload-server.ts";

const run = promisify(execFile);
const baseUrl = "http://localhost:8080";
const now = new Date("2026-03-01T10:00:00Z");
const key = "incoming/photo.jpg";
const bytes = Buffer.from("twelve bytes");

async function newFolder(t: TestContext): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "dispatch-files-"));
  t.after(() => rm(parent, { recursive: true, force: true }));
  return join(parent, "objects of dispatch");
}

const openAt = (folder: string) => openFileStore({ folder, bucket: "dispatch-test", baseUrl });

async function newStore(t: TestContext): Promise<FileStore> {
  return openAt(await newFolder(t));
}

/** The upload an honest client would make with a ticket for `bytes`, changed where the test says so. */
async function uploadTo(store: FileStore, changes: Partial<IncomingUpload> = {}): Promise<IncomingUpload> {
  const contentType = "image/jpeg";
  const ticket = await store.presignUpload({
    key,
    contentType,
    sizeBytes: 12,
    maxBytes: 20,
    now,
    expiresInSeconds: 60,
  });
  const query = new URL(ticket.url).searchParams;
  return { key, query, contentType, contentLength: 12, body: Readable.from([bytes]), now, ...changes };
}

const sending = (text: string) => ({ body: Readable.from([Buffer.from(text)]) });

describe("accepting an upload", () => {
  test("takes what was signed, and only once", async (t) => {
    const store = await newStore(t);
    assert.deepEqual(await store.acceptUpload(await uploadTo(store)), { accepted: true, sizeBytes: 12 });
    assert.deepEqual(await store.acceptUpload(await uploadTo(store)), { accepted: false, refusal: "exists" });
  });

  test("of two uploads at once through one URL, one is taken", async (t) => {
    const folder = await newFolder(t);
    const stores = await Promise.all([openAt(folder), openAt(folder)]);
    const outcomes = await Promise.all(stores.map(async (store) => store.acceptUpload(await uploadTo(store))));
    const names = outcomes.map((outcome) => (outcome.accepted ? "accepted" : outcome.refusal));
    assert.deepEqual(names.sort(), ["accepted", "exists"]);
    assert.deepEqual(await readdir(join(folder, "temp")), []);
  });

  test("of forty at once through one URL one is received, and the others wait for nothing", async (t) => {
    const folder = await newFolder(t);
    // However long the others take, the first does not count as silent.
    const store = await openFileStore({ folder, bucket: "dispatch-test", baseUrl, uploadSilenceMs: 3_600_000 });
    const body = new PassThrough();
    const first = store.acceptUpload(await uploadTo(store, { body }));
    body.write(bytes.subarray(0, 6));
    for (let n = 0; n < 39; n++)
      assert.deepEqual(await store.acceptUpload(await uploadTo(store)), { accepted: false, refusal: "in_use" });
    assert.ok((await readdir(join(folder, "temp"))).length <= 1);
    body.end(bytes.subarray(6));
    assert.deepEqual(await first, { accepted: true, sizeBytes: 12 });
    assert.deepEqual(await store.acceptUpload(await uploadTo(store)), { accepted: false, refusal: "exists" });
  });

  test("one that broke off gives way at once, whatever of it is still being cleared away", async (t) => {
    const folder = await newFolder(t);
    const store = await openFileStore({ folder, bucket: "dispatch-test", baseUrl, uploadSilenceMs: 3_600_000 });
    const body = new PassThrough();
    const first = store.acceptUpload(await uploadTo(store, { body }));
    body.write(bytes.subarray(0, 6));
    const second = await uploadTo(store);
    body.destroy();
    assert.deepEqual(await store.acceptUpload(second), { accepted: true, sizeBytes: 12 });
    assert.deepEqual(await first, { accepted: false, refusal: "wrong_size" });
    assert.deepEqual(await readdir(join(folder, "temp")), []);
  });

  test("one that has gone silent gives way to another", async (t) => {
    const store = await openFileStore({
      folder: await newFolder(t),
      bucket: "dispatch-test",
      baseUrl,
      uploadSilenceMs: 0,
    });
    const body = new PassThrough();
    const silent = store.acceptUpload(await uploadTo(store, { body }));
    body.write(bytes.subarray(0, 6));
    assert.deepEqual(await store.acceptUpload(await uploadTo(store)), { accepted: true, sizeBytes: 12 });
    assert.deepEqual(await silent, { accepted: false, refusal: "wrong_size" });
  });

  test("a URL that was used up takes nothing more, from any process, until its key is removed", async (t) => {
    const folder = await newFolder(t);
    const [store, other] = await Promise.all([openAt(folder), openAt(folder)]);
    const body = new PassThrough();
    const meanwhile = other.acceptUpload(await uploadTo(other, { body }));
    body.write(bytes.subarray(0, 6));
    await store.acceptUpload(await uploadTo(store));
    await store.spend(key);
    assert.deepEqual([await store.stat(key), await store.read(key)], [null, null]);
    assert.deepEqual(await Array.fromAsync(store.list()), []);
    body.end(bytes.subarray(6));
    assert.deepEqual(await meanwhile, { accepted: false, refusal: "exists" });
    assert.deepEqual(await other.acceptUpload(await uploadTo(other)), { accepted: false, refusal: "exists" });
    await store.remove(key);
    assert.deepEqual(await store.acceptUpload(await uploadTo(store)), { accepted: true, sizeBytes: 12 });
  });

  const unsigned = (change: (query: URLSearchParams) => void) => async (store: FileStore) => {
    const { query } = await uploadTo(store);
    change(query);
    return { query };
  };
  type Changes = Partial<IncomingUpload>;
  const refusals: [string, string, (store: FileStore) => Changes | Promise<Changes>][] = [
    ["bad_signature", "no signature", unsigned((query) => query.delete("signature"))],
    ["bad_signature", "a signature of another length", unsigned((query) => query.set("signature", "abcd"))],
    ["bad_signature", "a larger size than signed", unsigned((query) => query.set("size", "13"))],
    ["bad_signature", "a larger limit than signed", unsigned((query) => query.set("max", "2000"))],
    ["bad_signature", "a later expiry than signed", unsigned((query) => query.set("expires", "99999999999999"))],
    ["bad_signature", "another type than signed", unsigned((query) => query.set("type", "text/html"))],
    ["bad_signature", "no query at all", () => ({ query: new URLSearchParams() })],
    ["bad_signature", "another key", () => ({ key: "incoming/other.jpg" })],
    ["bad_signature", "a key that leaves the folder", () => ({ key: "../../etc/passwd" })],
    ["expired", "the very moment of expiry", () => ({ now: new Date(now.getTime() + 60_000) })],
    ["wrong_type", "another content type", () => ({ contentType: "text/html" })],
    ["wrong_type", "no content type", () => ({ contentType: undefined })],
    ["wrong_size", "a declared length below the signed size", () => ({ contentLength: 11 })],
    ["wrong_size", "a declared length above the signed size", () => ({ contentLength: 13 })],
    ["wrong_size", "a declared length that is no number", () => ({ contentLength: Number.NaN })],
    ["too_large", "a declared length above the limit", () => ({ contentLength: 21 })],
    ["wrong_size", "a body that ends early", () => sending("eleven byte")],
    ["wrong_size", "an undeclared body that goes on", () => ({ contentLength: null, ...sending("thirteen byte") })],
    ["too_large", "an undeclared body past the limit", () => ({ contentLength: null, ...sending("x".repeat(21)) })],
    ["wrong_size", "a client that hangs up", () => ({ body: Readable.from(hangingUp()) })],
  ];
  async function* hangingUp() {
    yield bytes.subarray(0, 6);
    throw new Error("aborted");
  }
  for (const [refusal, what, changes] of refusals)
    test(`${refusal} for ${what}, and nothing stays behind`, async (t) => {
      const folder = await newFolder(t);
      const store = await openAt(folder);
      const outcome = await store.acceptUpload(await uploadTo(store, await changes(store)));
      assert.deepEqual(outcome, { accepted: false, refusal });
      assert.deepEqual([await readdir(join(folder, "objects")), await readdir(join(folder, "temp"))], [[], []]);
    });

  test("takes an upload up to the last millisecond", async (t) => {
    const store = await newStore(t);
    const last = await uploadTo(store, { now: new Date(now.getTime() + 59_999) });
    assert.equal((await store.acceptUpload(last)).accepted, true);
  });

  test("stops storing a body as soon as it is too long, and lets its rest run out", async (t) => {
    const store = await newStore(t);
    let sent = 0;
    let ended = () => {};
    const end = new Promise<void>((resolve) => (ended = resolve));
    async function* endless() {
      for (; sent < 10_000; sent++) yield Buffer.alloc(1024);
      ended();
    }
    const upload = await uploadTo(store, { contentLength: null, body: Readable.from(endless()) });
    const outcome = await store.acceptUpload(upload);
    assert.deepEqual(outcome, { accepted: false, refusal: "too_large" });
    assert.ok(sent < 100, `read ${sent} KiB before refusing`);
    await end;
  });

  test("a client that hangs up over HTTP leaves nothing in the folder", async (t) => {
    const folder = await newFolder(t);
    const server = await startUploadServer();
    t.after(server.stop);
    const store = await openFileStore({ folder, bucket: "dispatch-test", baseUrl: server.baseUrl });
    server.serve(store);
    const photo = Buffer.alloc(1024 * 1024);
    const request = {
      key,
      contentType: "image/jpeg",
      sizeBytes: photo.length,
      maxBytes: photo.length,
      now: new Date(),
    };
    const ticket = await store.presignUpload({ ...request, expiresInSeconds: 60 });
    const outcome = server.nextOutcome();
    await uploadInHalves(ticket, photo, async () => "hang up");
    assert.deepEqual(await outcome, { accepted: false, refusal: "wrong_size" });
    assert.deepEqual([await readdir(join(folder, "objects")), await readdir(join(folder, "temp"))], [[], []]);
  });

  test("the base URL may become known after the store is opened", async (t) => {
    let port = 0;
    const folder = await newFolder(t);
    const store = await openFileStore({ folder, bucket: "dispatch-test", baseUrl: () => `http://localhost:${port}` });
    port = 4711;
    const request = { key, contentType: "image/png", sizeBytes: 1, maxBytes: 1, now, expiresInSeconds: 1 };
    const { url } = await store.presignUpload(request);
    assert.match(url, /^http:\/\/localhost:4711\/object-store\/incoming\/photo\.jpg\?/);
  });
});

describe("the folder", () => {
  test("is for its owner alone", async (t) => {
    const folder = await newFolder(t);
    await mkdir(folder, { mode: 0o755 });
    const store = await openAt(folder);
    await store.writeOnce("evidence/a", bytes, "text/plain");
    const names = [".", "objects", "temp", "upload-secret", "objects/evidence%2Fa"];
    const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
    assert.deepEqual(
      stats.map(({ mode }) => mode & 0o777),
      [0o700, 0o700, 0o700, 0o600, 0o600],
    );
  });

  test("may be opened by many at once: they share one secret", async (t) => {
    const folder = await newFolder(t);
    const stores = await Promise.all(Array.from({ length: 8 }, () => openAt(folder)));
    const signatures = await Promise.all(stores.map(async (store) => (await uploadTo(store)).query.get("signature")));
    assert.equal(new Set(signatures).size, 1);
    assert.equal((await readFile(join(folder, "upload-secret"))).length, 32);
    assert.deepEqual(await readdir(join(folder, "temp")), []);
  });

  test("two folders have two secrets", async (t) => {
    const [one, other] = [await newStore(t), await newStore(t)];
    assert.deepEqual(await other.acceptUpload(await uploadTo(one)), { accepted: false, refusal: "bad_signature" });
  });

  const badSecrets: Record<string, (path: string) => Promise<unknown>> = {
    "too short": (path) => writeFile(path, "short", { mode: 0o600 }),
    empty: (path) => writeFile(path, "", { mode: 0o600 }),
    "readable by others": (path) => writeFile(path, Buffer.alloc(32)).then(() => chmod(path, 0o644)),
    "a symbolic link": (path) => symlink("/dev/null", path),
    "a folder": (path) => mkdir(path, { mode: 0o700 }),
  };
  for (const [what, plant] of Object.entries(badSecrets))
    test(`is not opened with a secret that is ${what}`, async (t) => {
      const folder = await newFolder(t);
      await mkdir(folder);
      await plant(join(folder, "upload-secret"));
      await assert.rejects(openAt(folder), ObjectStoreMisconfigured);
    });

  test("is not opened when its objects lie behind a symbolic link", async (t) => {
    const folder = await newFolder(t);
    await mkdir(folder);
    await symlink(tmpdir(), join(folder, "objects"));
    await assert.rejects(openAt(folder), ObjectStoreMisconfigured);
  });

  test("no symbolic link in it leads out", async (t) => {
    const folder = await newFolder(t);
    const store = await openAt(folder);
    const outside = join(folder, "..", "outside");
    await writeFile(outside, "not yours");
    await symlink(outside, join(folder, "objects", "evidence%2Fa"));
    assert.equal(await store.stat("evidence/a"), null);
    assert.equal(await store.read("evidence/a"), null);
    assert.equal(await store.writeOnce("evidence/a", bytes, "text/plain"), "exists");
    await store.remove("evidence/a");
    assert.equal(await readFile(outside, "utf8"), "not yours");
  });

  test("a missing folder is the store being away, until it is back", async (t) => {
    const folder = await newFolder(t);
    const store = await openAt(folder);
    await store.writeOnce("evidence/a", bytes, "text/plain");
    const upload = await uploadTo(store);
    await rename(folder, `${folder} elsewhere`);
    const calls: (() => Promise<unknown>)[] = [
      () => store.stat("evidence/a"),
      () => store.read("evidence/a"),
      () => store.remove("evidence/a"),
      () => store.writeOnce("evidence/b", bytes, "text/plain"),
      () => store.acceptUpload(upload),
      () => store.check(),
    ];
    for (const call of calls) await assert.rejects(call, ObjectStoreUnavailable);
    await rename(`${folder} elsewhere`, folder);
    await store.check();
    assert.deepEqual(await store.stat("evidence/a"), { sizeBytes: 12 });
  });

  test("cannot be made below a file: the store is away", async (t) => {
    const folder = await newFolder(t);
    await writeFile(folder, "");
    await assert.rejects(openAt(join(folder, "below")), ObjectStoreUnavailable);
  });
});

describe("crashes and full disks", () => {
  test("a process killed in mid upload leaves nothing visible, and its scraps go after a day", async (t) => {
    const folder = await newFolder(t);
    const script = join(import.meta.dirname, "crash-mid-upload.ts");
    await assert.rejects(run(process.execPath, [script, folder, key]), { signal: "SIGKILL" });
    const store = await openAt(folder);
    assert.equal(await store.stat(key), null);
    const [scrap = "none", ...more] = await readdir(join(folder, "temp"));
    assert.deepEqual(more, []);
    assert.ok((await stat(join(folder, "temp", scrap))).size > 0, "the crash came in the middle");
    const dayAndABit = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(folder, "temp", scrap), dayAndABit, dayAndABit);
    await openAt(folder);
    assert.deepEqual(await readdir(join(folder, "temp")), []);
    assert.equal((await store.acceptUpload(await uploadTo(store))).accepted, true);
    const body = await store.read(key);
    assert.deepEqual(body && (await buffer(body)), bytes);
  });

  test("a full disk is the store being away, said clearly, and leaves nothing", async (t) => {
    const folder = await newFolder(t);
    await mkdir(folder);
    const mounted = ["--user", "--map-root-user", "--mount", "sh", "-c"];
    const mount = 'mount -t tmpfs -o size=1m tmpfs "$1"';
    const impossible = await run("unshare", [...mounted, mount, "sh", folder]).then(() => null, String);
    if (impossible !== null) return t.skip(`no disk of its own can be mounted here: ${impossible}`);
    const script = join(import.meta.dirname, "fill-disk.ts");
    const mountAndRun = `${mount} && "$2" "$3" "$1"`;
    const { stdout } = await run("unshare", [...mounted, mountAndRun, "sh", folder, process.execPath, script]);
    const full = "ObjectStoreUnavailable: The disk of the object store is full";
    const expected = { uploaded: full, written: full, small: "written", visible: [null, null], leftOver: [] };
    assert.deepEqual(JSON.parse(stdout), expected);
  });
});
