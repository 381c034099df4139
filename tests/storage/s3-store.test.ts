// What is particular to S3: bounded time whatever the server does, and telling "away" from "refuses".

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import {
  inspectObject,
  ObjectStoreMisconfigured,
  ObjectStoreUnavailable,
} from "../../dispatch/storage/object-store.ts";
import { S3Store } from "../../dispatch/storage/s3-store.ts";
import * as broken from "../support/broken-s3.ts";
import type { S3Server } from "../support/radosgw.ts";
import { findS3Server, newBucketOn, removeBucket } from "../support/s3-server.ts";
import { upload } from "../support/upload-client.ts";

const credentials = { region: "us-east-1", accessKey: "key", secretKey: "secret" };
const deadlines = { callTimeoutMs: 200, transferTimeoutMs: 500 };
const optionsFor = (endpoint: string) => ({ endpoint, bucket: "evidence", ...credentials, ...deadlines });
const storeAt = (endpoint: string) => new S3Store(optionsFor(endpoint));
/** For servers that do answer, and may do so on a busy machine. */
const patientStoreAt = (endpoint: string) =>
  new S3Store({ ...optionsFor(endpoint), callTimeoutMs: 60_000, transferTimeoutMs: 60_000 });

/** Forty seconds are far above the deadlines and far below forever: slow machines pass, unbounded waits do not. */
async function rejectsInTime(work: Promise<unknown>, error: new () => Error): Promise<void> {
  const began = performance.now();
  await assert.rejects(work, error);
  const took = performance.now() - began;
  assert.ok(took < 40_000, `took ${took} ms`);
}

describe("a store that is away", () => {
  const everyCall: Record<string, (store: S3Store) => Promise<unknown>> = {
    stat: (store) => store.stat("a"),
    read: (store) => store.read("a"),
    writeOnce: (store) => store.writeOnce("a", Buffer.from("x"), "text/plain"),
    "writeOnce in pieces": (store) =>
      store.writeOnce("a", { sizeBytes: 1, pieces: Readable.from([Buffer.from("x")]) }, "video/mp4"),
    remove: (store) => store.remove("a"),
    check: (store) => store.check(),
    ensureBucket: (store) => store.ensureBucket(),
  };
  const ways: Record<string, () => Promise<broken.BrokenServer>> = {
    "nobody listens": broken.nobody,
    "it never answers": broken.silent,
    "it answers 500": () => broken.answeringError(500, "InternalError"),
    "it answers 503": () => broken.answeringError(503),
    "it asks for less traffic (429)": () => broken.answeringError(429),
    "its disk is full (507)": () => broken.answeringError(507, "XMinioStorageFull"),
    "a proxy answers 521": () => broken.answeringError(521),
  };
  for (const [way, start] of Object.entries(ways))
    test(`every call says so in bounded time when ${way}`, async (t) => {
      const server = await start();
      t.after(server.stop);
      const store = storeAt(server.endpoint);
      for (const call of Object.values(everyCall)) await rejectsInTime(call(store), ObjectStoreUnavailable);
    });

  const midway = { stalls: broken.stalling, trickles: broken.trickling, "hangs up": broken.hangingUp };
  for (const [way, start] of Object.entries(midway))
    test(`reading says so in bounded time when the server ${way} half way`, async (t) => {
      const server = await start();
      t.after(server.stop);
      await rejectsInTime(inspectObject(storeAt(server.endpoint), "a", 1_000_000), ObjectStoreUnavailable);
    });

  test("a check ends with its signal, before its own deadline", async (t) => {
    const server = await broken.silent();
    t.after(server.stop);
    const patient = new S3Store({ ...optionsFor(server.endpoint), callTimeoutMs: 60_000 });
    await rejectsInTime(patient.check(AbortSignal.timeout(10)), ObjectStoreUnavailable);
    await rejectsInTime(patient.check(AbortSignal.abort()), ObjectStoreUnavailable);
  });
});

describe("writing once", () => {
  const body = Buffer.from("x");
  const answer = (put: [number, string], heads: number[]) =>
    broken.answering((request, response) => {
      if (request.method === "HEAD") response.writeHead(heads.shift() ?? 404).end();
      else response.writeHead(put[0]).end(`<Error><Code>${put[1]}</Code></Error>`);
    });

  test("asks the server, under signature, to write only when nothing is there", async (t) => {
    const server = await answer([200, ""], [404]);
    t.after(server.stop);
    assert.equal(await patientStoreAt(server.endpoint).writeOnce("a", body, "text/plain"), "written");
    const put = server.requests.find((request) => request.method === "PUT");
    assert.equal(put?.headers["if-none-match"], "*");
    assert.equal(put?.headers["content-type"], "text/plain");
    assert.match(put?.headers.authorization ?? "", /SignedHeaders=[^,]*if-none-match/);
  });

  test("does not even try when the object is there, for servers that ignore the condition", async (t) => {
    const server = await answer([200, ""], [200]);
    t.after(server.stop);
    assert.equal(await patientStoreAt(server.endpoint).writeOnce("a", body, "text/plain"), "exists");
    assert.ok(server.requests.every((request) => request.method === "HEAD"));
  });

  const answers: [string, [number, string], number[], string | (new () => Error)][] = [
    ["the condition fails", [412, "PreconditionFailed"], [404], "exists"],
    ["another writer was at work and has finished", [409, "ConditionalRequestConflict"], [404, 200], "exists"],
    ["another writer is still at work", [409, "ConditionalRequestConflict"], [404, 404], ObjectStoreUnavailable],
    ["the server knows no conditions", [501, "NotImplemented"], [404], ObjectStoreMisconfigured],
  ];
  for (const [what, put, heads, outcome] of answers)
    test(`${typeof outcome === "string" ? outcome : outcome.name} when ${what}`, async (t) => {
      const server = await answer(put, heads);
      t.after(server.stop);
      const written = patientStoreAt(server.endpoint).writeOnce("a", body, "text/plain");
      if (typeof outcome === "string") assert.equal(await written, outcome);
      else await assert.rejects(written, outcome);
    });
});

test("signing an upload needs no server", async () => {
  const request = { key: "incoming/a", contentType: "image/png", sizeBytes: 5, maxBytes: 9, expiresInSeconds: 60 };
  const ticket = await storeAt("http://127.0.0.1:1").presignUpload({ ...request, now: new Date(0) });
  assert.equal(ticket.url, "http://127.0.0.1:1/evidence");
  const policy = JSON.parse(atob(ticket.fields?.["policy"] ?? ""));
  assert.equal(policy.expiration, "1970-01-01T00:01:00.000Z");
  assert.deepEqual(policy.conditions.slice(0, 4), [
    ["eq", "$bucket", "evidence"],
    ["eq", "$key", "incoming/a"],
    ["eq", "$Content-Type", "image/png"],
    ["content-length-range", 5, 5],
  ]);
});

test("an upload is signed for the address clients reach the server at", async () => {
  const store = new S3Store({ ...optionsFor("http://object-store:8333"), publicEndpoint: "https://objects.example" });
  const request = { key: "incoming/a", contentType: "image/png", sizeBytes: 5, maxBytes: 9, expiresInSeconds: 60 };
  const ticket = await store.presignUpload({ ...request, now: new Date(0) });
  assert.equal(ticket.url, "https://objects.example/evidence");
});

test("an endpoint or bucket that cannot be one is refused at once", () => {
  const addresses = ["", "localhost:9000", "ftp://host", "http://host/path", "http://key:secret@host", "http://host?x"];
  for (const endpoint of addresses) assert.throws(() => storeAt(endpoint), RangeError, endpoint);
  for (const bucket of ["", "ab", "UPPER", "a/b", "-ab", "a".repeat(64)])
    assert.throws(() => new S3Store({ ...optionsFor("http://host"), bucket }), RangeError, bucket);
});

const found = await findS3Server();
const skip = "missing" in found ? found.missing : false;
describe("against a real server", { skip }, () => {
  let server: S3Server;
  let bucket: ReturnType<typeof newBucketOn>;
  before(async () => {
    if ("missing" in found) return;
    server = await found.start();
    bucket = newBucketOn(server);
    await bucket.create();
  });
  after(async () => {
    if ("missing" in found) return;
    await removeBucket(server, bucket.options.bucket);
    await server.stop();
  });

  const body = Buffer.from("x");

  test("wrong keys are a misconfiguration, and the check fails", async () => {
    for (const wrong of [{ secretKey: "wrong" }, { accessKey: "nobody" }]) {
      const store = new S3Store({ ...bucket.options, ...wrong });
      await assert.rejects(store.stat("a"), ObjectStoreMisconfigured);
      await assert.rejects(store.read("a"), ObjectStoreMisconfigured);
      await assert.rejects(store.writeOnce("a", body, "text/plain"), ObjectStoreMisconfigured);
      await assert.rejects(store.remove("a"), ObjectStoreMisconfigured);
      await assert.rejects(store.ensureBucket(), ObjectStoreMisconfigured);
      await assert.rejects(store.check(), ObjectStoreUnavailable);
    }
  });

  test("a missing bucket fails the check until ensureBucket made it", async () => {
    const { options } = newBucketOn(server);
    const store = new S3Store(options);
    await assert.rejects(store.check(), ObjectStoreUnavailable);
    await assert.rejects(store.writeOnce("a", body, "text/plain"), ObjectStoreMisconfigured);
    await Promise.all([store.ensureBucket(), store.ensureBucket(), store.ensureBucket()]);
    await store.check();
    await removeBucket(server, options.bucket);
  });

  test("an upload by the server's public address arrives where the desk reads", async () => {
    const { port } = new URL(server.endpoint);
    const store = new S3Store({ ...bucket.options, publicEndpoint: `http://localhost:${port}` });
    const request = {
      key: `incoming/${randomUUID()}`,
      contentType: "text/plain",
      sizeBytes: 3,
      maxBytes: 3,
      expiresInSeconds: 60,
      now: new Date(),
    };
    const ticket = await store.presignUpload(request);
    assert.ok(ticket.url.startsWith(`http://localhost:${port}/`));
    assert.ok((await upload(ticket, Buffer.from("one"))) < 300);
    assert.deepEqual(await store.stat(request.key), { sizeBytes: 3 });
  });

  test("a ticket used twice replaces only what it uploaded, never an object written once", async () => {
    const store = new S3Store(bucket.options);
    const [incoming, final] = [`incoming/${randomUUID()}`, `evidence/${randomUUID()}`];
    const request = { key: incoming, contentType: "text/plain", sizeBytes: 3, maxBytes: 3, expiresInSeconds: 60 };
    const ticket = await store.presignUpload({ ...request, now: new Date() });
    assert.ok((await upload(ticket, Buffer.from("one"))) < 300);
    assert.equal(await store.writeOnce(final, Buffer.from("one"), "text/plain"), "written");
    await upload(ticket, Buffer.from("two"));
    const kept = await inspectObject(store, final, 3);
    assert.equal(kept && Buffer.from(kept.head).toString(), "one");
  });
});
