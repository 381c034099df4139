// What was recorded as evidence can be looked at again: its very bytes, in whole or in part, by whoever may see the ticket.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { once } from "node:events";
import http from "node:http";
import { startTestApi } from "../support/api.ts";
import { borealis } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { addReferenced, noteFile, photo, photoFile, sha256, store, type File } from "../support/evidence.ts";
import { ticketIn } from "../support/ticket-builder.ts";

describe("closeout.get_evidence", async () => {
  const api = await startTestApi();
  const { id: ticket } = await ticketIn(api, "IN_PROGRESS");
  const { number } = await api.read("ticket.get", { ticket });
  const record = async (file: File, evidenceKey: string) => {
    const uri = await store(api, { ticket }, file);
    return api.run("closeout.add_evidence", { ticket, body: { kind: file.kind, uri, evidence_key: evidenceKey } });
  };
  const asked = { "x-actor-id": "quinn", "x-actor-role": "qa" };
  const pathOf = (evidence: string) => `/tickets/${ticket}/evidence/${evidence}/content`;
  const get = async (evidence: string, headers: Record<string, string> = {}, method = "GET") => {
    const response = await fetch(api.url + pathOf(evidence), { method, headers: { ...asked, ...headers } });
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  };
  // Three pieces and a bit, as the store hands them out.
  const file: File = { ...photoFile(), bytes: Buffer.concat([photo(), randomBytes(3_200_000)]) };
  const { id: large } = await record(file, "photo_after_door");
  const size = file.bytes.length;
  const etag = `"${sha256(file.bytes)}"`;

  test("answers with the bytes, what they are, and nothing that lets a browser take them for more", async () => {
    const { status, headers, bytes } = await get(large);
    assert.equal(status, 200);
    assert.ok(bytes.equals(file.bytes));
    const name = `${number}_photo_after_door_${large.slice(-8)}.jpg`;
    const told = {
      "content-type": "image/jpeg",
      "content-length": String(size),
      "content-disposition": `inline; filename="${name}"`,
      etag,
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
      "cache-control": "no-store",
    };
    for (const [header, value] of Object.entries(told)) assert.equal(headers.get(header), value, header);
  });

  test("answers a HEAD with the same headers and no bytes, and whoever has them already with 304", async () => {
    const head = await get(large, {}, "HEAD");
    assert.deepEqual([head.status, head.headers.get("content-length"), head.bytes.length], [200, String(size), 0]);
    assert.deepEqual([head.headers.get("etag"), head.headers.get("content-type")], [etag, "image/jpeg"]);
    for (const known of [etag, `"other", W/${etag}`, "*"]) {
      const { status, headers, bytes } = await get(large, { "if-none-match": known });
      assert.deepEqual(
        [status, bytes.length, headers.get("content-length"), headers.get("etag")],
        [304, 0, null, etag],
      );
    }
    assert.equal((await get(large, { "if-none-match": '"other"' })).status, 200);
  });

  const ranges: readonly (readonly [string, number, number])[] = [
    ["bytes=0-0", 0, 0],
    ["bytes=10-", 10, size - 1],
    ["bytes=-5", size - 5, size - 1],
    [`bytes=-${size + 5}`, 0, size - 1],
    ["bytes=1048570-2097160", 1_048_570, 2_097_160],
    [`bytes=${size - 1}-${size + 100}`, size - 1, size - 1],
    ["Bytes=5-6", 5, 6],
  ];
  for (const [range, start, end] of ranges) {
    test(`answers ${range} with that part`, async () => {
      const { status, headers, bytes } = await get(large, { range });
      assert.deepEqual([status, headers.get("content-range")], [206, `bytes ${start}-${end}/${size}`]);
      assert.ok(bytes.equals(file.bytes.subarray(start, end + 1)));
    });
  }
  for (const range of [`bytes=${size}-`, "bytes=-0", `bytes=${size + 7}-${size + 9}`]) {
    test(`refuses ${range}, which has nothing in it`, async () => {
      const { status, headers, bytes } = await get(large, { range });
      assert.deepEqual([status, headers.get("content-range")], [416, `bytes */${size}`]);
      assert.equal(JSON.parse(bytes.toString()).error.code, "RANGE_NOT_SATISFIABLE");
    });
  }
  for (const range of ["bytes=0-1,5-6", "bytes=9-3", "lines=1-2", "bytes=", "bytes=a-b", "bytes=-"]) {
    test(`takes ${range} for no range`, async () => assert.equal((await get(large, { range })).status, 200));
  }
  test("answers a range only of the file it is a range of", async () => {
    assert.equal((await get(large, { range: "bytes=0-0", "if-range": etag })).status, 206);
    assert.equal((await get(large, { range: "bytes=0-0", "if-range": '"other"' })).status, 200);
  });

  test("hands what is no picture over for saving, under a name that is only a name", async () => {
    const { id } = await record(noteFile("adjusted <b>twice</b>"), 'note "é/..\\x');
    const { headers, bytes } = await get(id);
    assert.equal(bytes.toString(), "adjusted <b>twice</b>");
    assert.equal(headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(
      headers.get("content-disposition"),
      `attachment; filename="${number}_note___.._x_${id.slice(-8)}.txt"; ` +
        `filename*=UTF-8''${number}_note_%C3%A9_.._x_${id.slice(-8)}.txt`,
    );
  });

  test("tells of it in JSON where that is asked for, also of what lies elsewhere", async () => {
    const { evidence, content } = await api.read("closeout.get_evidence", { as: "qa", ticket, evidence: large });
    const [listed] = (await api.read("closeout.list_evidence", { as: "qa", ticket })).evidence;
    assert.deepEqual(evidence, listed);
    assert.partialDeepStrictEqual(content, { path: pathOf(large), media_type: "image/jpeg", size_bytes: size, etag });
    const elsewhere = await addReferenced(api, { ticket }, "photo_kept_elsewhere");
    const told = await api.read("closeout.get_evidence", { as: "qa", ticket, evidence: elsewhere.id });
    assert.equal(told.content, null);
    const { status, bytes } = await get(elsewhere.id);
    assert.deepEqual([status, JSON.parse(bytes.toString()).error.code], [409, "EVIDENCE_NOT_STORED"]);
  });

  test("is for those who may see the ticket, and for nothing of another", async () => {
    const bytes = { accept: "*/*" };
    const refuse = (as: string, evidence: string, more: object = {}) =>
      api.refuse("closeout.get_evidence", { as, ticket, evidence, headers: { ...bytes, ...more } });
    assert.equal((await refuse("customer", large)).error.code, "FORBIDDEN");
    for (const as of ["dispatcher", "agent", "tech", "qa", "approver", "finance"])
      assert.equal((await refuse(as, large, { "x-account-scope": borealis.id })).error.code, "FORBIDDEN_SCOPE");
    const other = await ticketIn(api, "IN_PROGRESS");
    const { id } = await addReferenced(api, { ticket: other.id }, "photo");
    assert.deepEqual((await refuse("qa", id)).error["evidence_id"], id);
    assert.equal((await refuse("qa", "not-an-id")).error.code, "EVIDENCE_NOT_FOUND");
    assert.equal((await fetch(api.url + pathOf(large))).status, 400);
  });

  test("answers for a key whose name would be cut in the middle of a letter", async () => {
    const { id } = await record(photoFile("astral"), `${"x".repeat(79)}\u{1d400}more`);
    const { status, headers } = await get(id, {}, "HEAD");
    assert.equal(status, 200);
    assert.match(headers.get("content-disposition") ?? "", /x{79}%F0%9D%90%80_/);
  });

  test("never hands out another file for it", async () => {
    const objects = join(api.dataDir, "objects", "objects");
    const damage = (key: string, bytes: Buffer) => writeFile(join(objects, encodeURIComponent(key)), bytes);
    const keyOf = ({ uri }: { uri: string }) => uri.slice(`s3://${api.desk.store.bucket}/`.length);
    const small = await record(photoFile("as it was"), "photo_small");
    for (const changed of [photo("as it isn'"), photo("shorter")]) {
      await damage(keyOf(small), changed);
      const { status, bytes } = await get(small.id);
      assert.deepEqual([status, JSON.parse(bytes.toString()).error.code], [409, "EVIDENCE_CHECKSUM_MISMATCH"]);
    }
    const big = await record({ ...file, bytes: Buffer.concat([photo("big"), randomBytes(2_000_000)]) }, "photo_big");
    await damage(keyOf(big), randomBytes(big.size_bytes ?? 0));
    // It is known only at the end, which does not come.
    await assert.rejects(get(big.id));
  });

  test("reads no further for a client that takes nothing, and lets go of one that leaves", async () => {
    const video = { ...file, bytes: Buffer.concat([photo("long"), randomBytes(20_000_000)]) };
    const { id } = await record(video, "photo_long");
    const reads: unknown[] = [];
    const { store: objects } = api.desk;
    const read = objects.read.bind(objects);
    objects.read = (key, range) => {
      reads.push(range);
      return read(key, range);
    };
    try {
      const request = http.get(api.url + pathOf(id), { headers: asked });
      const [response]: http.IncomingMessage[] = await once(request, "response");
      await eventually("it has begun", () => reads.length > 0);
      let seen = -1;
      await eventually("the reading stands still", () => {
        const still = reads.length === seen;
        seen = reads.length;
        return still;
      });
      assert.ok(reads.length < 20, `${reads.length} of 20 pieces were read for nobody`);
      response?.destroy();
      await eventually("the connection is gone", () => request.destroyed);
      assert.ok((await get(large)).bytes.equals(file.bytes), "and the API answers others");
    } finally {
      objects.read = read;
    }
  });

  test("sends one of them eight at a time, and leaves room for others", async () => {
    const { id } = await record(
      { ...file, bytes: Buffer.concat([photo("eight"), randomBytes(20_000_000)]) },
      "photo_eight",
    );
    const open = Array.from({ length: 8 }, () => http.get(api.url + pathOf(id), { agent: false, headers: asked }));
    const responses = await Promise.all(open.map(async (request) => (await once(request, "response"))[0]));
    assert.deepEqual(
      responses.map(({ statusCode }: http.IncomingMessage) => statusCode),
      open.map(() => 200),
    );
    const ninth = await get(large);
    assert.deepEqual([ninth.status, ninth.headers.get("retry-after")], [429, "1"]);
    assert.equal((await get(large, { "x-actor-id": "another" })).status, 200);
    assert.equal((await get(large, { accept: "application/json" })).status, 200, "its facts are no file");
    for (const request of open) request.destroy();
    await eventually("there is room again", async () => (await get(large)).status === 200);
  });
});
