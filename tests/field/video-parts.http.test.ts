// A video that is sent in parts: an address for each, the rest asked for again by whoever comes back, and the film recorded as any other.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { buffer } from "node:stream/consumers";
import type { BodyOf } from "../../dispatch/contract/index.ts";
import { takeOver } from "../../dispatch/field/stored-object.ts";
import { incomingKeys, partBytes } from "../../dispatch/field/upload-parts.ts";
import { selectUpload } from "../../dispatch/field/uploads.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { photoFile, sha256 } from "../support/evidence.ts";
import { film } from "../support/pictures.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { upload as send } from "../support/upload-client.ts";
import { startTestWorker } from "../support/worker.ts";

type Upload = BodyOf<"closeout.request_upload">;

const announcementOf = (bytes: Buffer) => ({
  kind: "VIDEO",
  content_type: "video/mp4",
  size_bytes: bytes.length,
  sha256: sha256(bytes),
  in_parts: true,
});

const numbersOf = ({ parts = [] }: Pick<Upload, "parts">) => parts.map(({ number }) => number);

/** Sends those of the numbers an answer has addresses for; how each was answered. */
async function sendParts({ parts = [], expires_at }: Upload, bytes: Buffer, ...numbers: number[]): Promise<number[]> {
  const answers: number[] = [];
  for (const { number, offset_bytes: at, size_bytes: size, ...address } of parts)
    if (numbers.includes(number)) answers.push(await send({ ...address, expires_at }, bytes.subarray(at, at + size)));
  return answers;
}

describe("a video in parts", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "IN_PROGRESS");
  const request = (bytes: Buffer, over: object = {}, as = "tech") =>
    api.run("closeout.request_upload", { as, ticket: id, body: { ...announcementOf(bytes), ...over } });
  const record = (uri: string) => ({ as: "tech", ticket: id, body: { kind: "VIDEO", uri } });

  test("has an address for each, for as long as sending them takes", async () => {
    const bytes = film(2 * partBytes + 1);
    const answer = await request(bytes);
    const [first] = answer.parts ?? [];
    assert.deepEqual(Object.keys(first ?? {}).sort(), [
      "headers",
      "method",
      "number",
      "offset_bytes",
      "size_bytes",
      "url",
    ]);
    assert.deepEqual(
      answer.parts?.map(({ number, offset_bytes, size_bytes }) => [number, offset_bytes, size_bytes]),
      [
        [1, 0, partBytes],
        [2, partBytes, partBytes],
        [3, 2 * partBytes, 1],
      ],
    );
    assert.deepEqual(answer.parts_stored, []);
    assert.equal(new Set([answer.url, ...(answer.parts ?? []).map(({ url }) => url)]).size, 4);
    const seconds = (Date.parse(answer.expires_at) - Date.parse(api.clock.iso)) / 1_000;
    assert.equal(Math.round(seconds), 15 * 60 + Math.ceil(bytes.length / 43_750));
    assert.equal(answer.max_bytes, 200 * 1_048_576);
  });

  test("the largest there may be has 40 of them", async () => {
    const body = { ...announcementOf(Buffer.alloc(0)), size_bytes: 200 * 1_048_576 };
    assert.equal(numbersOf(await api.run("closeout.request_upload", { ticket: id, body })).length, 40);
  });

  test("without asking for them there are none", async () => {
    for (const in_parts of [undefined, false]) {
      const answer = await request(film(partBytes), { in_parts });
      assert.deepEqual([answer.parts, answer.parts_stored], [undefined, undefined]);
      assert.equal(Math.round((Date.parse(answer.expires_at) - Date.parse(api.clock.iso)) / 1_000), 15 * 60);
    }
  });

  test("nothing else is sent in parts", async () => {
    const photo = photoFile("in parts").bytes;
    const body = { ...announcementOf(photo), kind: "PHOTO", content_type: "image/jpeg" };
    const { status, error } = await api.refuse("closeout.request_upload", { ticket: id, body });
    assert.deepEqual([status, error.code], [400, "INVALID_REQUEST"]);
    const message = "is for videos alone: a file of type image/jpeg is sent to one address";
    assert.deepEqual(error["validation_errors"], [{ path: "in_parts", rule: "video", message }]);
  });

  test("whoever comes back after the addresses have expired sends the rest, and records the film", async () => {
    const bytes = film(2 * partBytes + 333);
    const key = randomUUID();
    const body = announcementOf(bytes);
    const first = await api.run("closeout.request_upload", { as: "tech", ticket: id, key, body });
    assert.deepEqual(await sendParts(first, bytes, 2), [201]);
    const missing = await api.refuse("closeout.add_evidence", record(first.uri));
    assert.equal(missing.error.code, "EVIDENCE_NOT_STORED");
    assert.deepEqual(missing.error["missing_parts"], [
      { number: 1, offset_bytes: 0, size_bytes: partBytes },
      { number: 3, offset_bytes: 2 * partBytes, size_bytes: 333 },
    ]);

    api.clock.advance(60);
    assert.deepEqual(await sendParts(first, bytes, 1, 3), [401, 401], "the addresses have expired");
    const replayed = await api.run("closeout.request_upload", { as: "tech", ticket: id, key, body });
    assert.deepEqual(replayed.parts, first.parts, "the same key answers as before");
    const again = await request(bytes);
    assert.deepEqual([again.upload_id, again.uri, again.object_key], [first.upload_id, first.uri, first.object_key]);
    assert.deepEqual([numbersOf(again), again.parts_stored], [[1, 3], [2]]);
    assert.ok(again.expires_at > first.expires_at);
    assert.deepEqual(await sendParts(again, bytes, 1, 3), [201, 201]);
    assert.deepEqual(numbersOf(await request(bytes)), []);

    const item = await api.run("closeout.add_evidence", record(again.uri));
    assert.deepEqual(
      [item.media_type, item.size_bytes, item.checksum, item.verification],
      ["video/mp4", bytes.length, sha256(bytes), "verified"],
    );
    const content = await api.desk.store.read(first.object_key);
    assert.ok(content && (await buffer(content)).equals(bytes));
    for (const number of numbersOf(first))
      assert.equal(await api.desk.store.stat(`incoming/${first.upload_id}/${number}`), null);
    assert.deepEqual(await sendParts(again, bytes, 1), [409], "an address that was used takes nothing more");
  });

  test("of a film that was taken over and not recorded, nothing is asked for again", async () => {
    const bytes = film(partBytes + 4);
    const first = await request(bytes);
    await sendParts(first, bytes, 1, 2);
    // As a process does that is killed before it commits.
    const row = await api.desk.db.row(selectUpload, [first.object_key, id]);
    assert.ok(row);
    await takeOver(api.desk.store, row, first.uri);

    const again = await request(bytes);
    assert.deepEqual([again.uri, numbersOf(again), again.parts_stored], [first.uri, [], [1, 2]]);
    assert.equal((await api.run("closeout.add_evidence", record(again.uri))).checksum, sha256(bytes));
  });

  test("somebody else's parts, and those of another file, are not mixed with them", async () => {
    const bytes = film(partBytes + 1);
    const first = await request(bytes);
    await sendParts(first, bytes, 1);
    for (const other of [
      await request(bytes, {}, "dispatcher"),
      await request(bytes, { content_type: "video/quicktime" }),
      await request(film(partBytes + 1)),
    ]) {
      assert.notEqual(other.upload_id, first.upload_id);
      assert.deepEqual(other.parts_stored, []);
    }
    const elsewhere = await ticketIn(api, "IN_PROGRESS");
    const there = await api.run("closeout.request_upload", { ticket: elsewhere.id, body: announcementOf(bytes) });
    assert.notEqual(there.upload_id, first.upload_id);
  });
});

test("an upload that is asked for again takes no second place among those a ticket may have", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "IN_PROGRESS");
  const bytes = film(partBytes);
  const ask = (body: object) => api.call("closeout.request_upload", { ticket: id, body });
  assert.equal((await ask(announcementOf(bytes))).status, 201);
  const most = api.desk.policies.live.evidence.maxItemsPerTicket;
  await api.owner.query(
    `INSERT INTO evidence_items (id, ticket_id, kind, uri, metadata, created_by, created_at, verification)
     SELECT gen_random_uuid(), $1, 'NOTE', 'paper ' || n, '{}', 'somebody', $2, 'referenced' FROM generate_series(2, $3::integer) n`,
    [id, api.clock.iso, most],
  );
  assert.equal((await ask(announcementOf(bytes))).status, 201, "its own place");
  assert.equal((await ask(announcementOf(film(partBytes)))).status, 409);
});

test("what was sent and never recorded is cleared away, every part of it, and begins anew", async () => {
  const api: TestApi = await startTestApi();
  const worker = await startTestWorker(api);
  await api.run("ops.autonomy.pause", { body: {} });
  const { id } = await ticketIn(api, "IN_PROGRESS");
  const bytes = film(2 * partBytes);
  const ask = () => api.run("closeout.request_upload", { ticket: id, body: announcementOf(bytes) });
  const first = await ask();
  await sendParts(first, bytes, 1, 2);
  assert.equal(await send(first, bytes), 201, "the whole, by its own address");
  const keys = incomingKeys({
    incoming_key: `incoming/${first.upload_id}`,
    size_bytes: bytes.length,
    part_bytes: partBytes,
  });
  assert.equal(keys.length, 3);
  // A day after the addresses have expired; asking again a while before then keeps all for another day.
  api.clock.advance(20 * 60);
  await ask();
  api.clock.advance(20 * 60);
  await worker.wake();
  for (const key of keys) assert.ok(await api.desk.store.stat(key), key);
  api.clock.advance(6 * 60);
  await worker.wake();
  for (const key of keys) assert.equal(await api.desk.store.stat(key), null, key);
  const again = await ask();
  assert.notEqual(again.upload_id, first.upload_id);
  assert.deepEqual(numbersOf(again), [1, 2]);
});
