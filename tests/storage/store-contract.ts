// What every object store must do, whichever keeps the bytes. Run by object-store.test.ts over each of them.

import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { buffer } from "node:stream/consumers";
import { InvalidObjectKey } from "../../dispatch/storage/object-key.ts";
import {
  fetchObject,
  inspectObject,
  ObjectDamaged,
  readVerified,
  type ObjectStore,
} from "../../dispatch/storage/object-store.ts";
import { knownId, type TicketId } from "../../dispatch/contract/ids.ts";
import { takeOver } from "../../dispatch/field/stored-object.ts";
import { photoFile } from "../support/evidence.ts";
import * as client from "../support/upload-client.ts";
import { phoneFiles } from "./phone-files.ts";
import { videoInParts } from "./video-parts.ts";

/** What a photo may have; a video may have more. */
const mebibyte = 1024 * 1024;
const photoMaxBytes = 25 * mebibyte;

/** `stores` are two views of one bucket, as two processes have. */
export type StoreUnderTest = { stores: [ObjectStore, ObjectStore]; stop(): Promise<void> };

const hostileKeys = [
  "",
  "/",
  ".",
  "..",
  "/etc/passwd",
  "../x",
  "a/../b",
  "a/..",
  "a/./b",
  "a//b",
  "a/",
  "./a",
  "a\\b",
  "a\0b",
  "a b",
  "a%2fb",
  "a?b",
  "a#b",
  "a\nb",
  "-rf",
  ".hidden",
  "a/.hidden",
  "Evidence",
  "фото",
  "a\u202eb",
  "\u00e9",
  "e\u0301",
  "con:x",
  "a*",
  "a".repeat(201),
  `${"a/".repeat(16)}a`,
];

export function objectStoreContract(name: string, start: () => Promise<StoreUnderTest>, skip: string | false): void {
  describe(`object store contract: ${name}`, { skip }, () => {
    let underTest: StoreUnderTest;
    let store: ObjectStore;
    before(async () => {
      underTest = await start();
      store = underTest.stores[0];
    });
    after(() => underTest?.stop());

    const newKey = (folder = "evidence") => `${folder}/${randomUUID()}/photo.jpg`;
    const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const anyUpload = { contentType: "image/jpeg", maxBytes: photoMaxBytes, expiresInSeconds: 300 };
    const ticketFor = (key: string, sizeBytes: number, now = new Date()) =>
      store.presignUpload({ ...anyUpload, key, sizeBytes, now });
    const textAt = async (key: string) => {
      const body = await store.read(key);
      return body && (await buffer(body)).toString();
    };

    test("is reachable and names its objects by s3 URIs", async () => {
      await store.check();
      await store.check(new AbortController().signal);
      assert.equal(store.uriOf("evidence/a.jpg"), `s3://${store.bucket}/evidence/a.jpg`);
    });

    describe("signed uploads", () => {
      const bytes = Buffer.from("not really a photo: фото 写真 📷");

      test("what is uploaded as signed is there, byte for byte", async () => {
        const key = newKey("incoming");
        const ticket = await ticketFor(key, bytes.length);
        assert.ok((await client.upload(ticket, bytes)) < 300);
        assert.deepEqual(await store.stat(key), { sizeBytes: bytes.length });
        assert.equal(await textAt(key), bytes.toString());
      });

      test("the ticket says when it expires", async () => {
        const now = new Date("2026-03-01T10:00:00.000Z");
        assert.equal((await ticketFor(newKey("incoming"), 10, now)).expires_at, "2026-03-01T10:05:00.000Z");
      });

      const twice = Buffer.concat([bytes, bytes]);
      type Deceit = (ticket: Awaited<ReturnType<typeof ticketFor>>, key: string) => typeof ticket;
      const deceits: [string, Deceit, Uint8Array][] = [
        ["a wrong signature", client.withForgedSignature, bytes],
        ["another content type", (ticket) => client.withContentType(ticket, "application/pdf"), bytes],
        ["one byte more than signed", (ticket) => ticket, Buffer.concat([bytes, Buffer.of(0)])],
        ["one byte less than signed", (ticket) => ticket, bytes.subarray(1)],
        ["nothing at all", (ticket) => ticket, Buffer.alloc(0)],
        ["a size changed after signing", (ticket) => client.withSize(ticket, bytes.length, 2 * bytes.length), twice],
      ];
      for (const [what, deceive, sent] of deceits)
        test(`refuses ${what} and stores nothing`, async () => {
          const key = newKey("incoming");
          const ticket = deceive(await ticketFor(key, bytes.length), key);
          const status = await client.upload(ticket, sent);
          assert.ok(status >= 400 && status < 500, `answered ${status}`);
          assert.equal(await store.stat(key), null);
        });

      test("refuses another key than the signed one", async () => {
        const [key, other] = [newKey("incoming"), newKey("incoming")];
        const status = await client.upload(client.withKey(await ticketFor(key, bytes.length), key, other), bytes);
        assert.ok(status >= 400 && status < 500, `answered ${status}`);
        assert.equal(await store.stat(other), null);
      });

      test("refuses an expired ticket", async () => {
        const key = newKey("incoming");
        const anHourAgo = new Date(Date.now() - 3_600_000);
        const status = await client.upload(await ticketFor(key, bytes.length, anHourAgo), bytes);
        assert.ok(status >= 400 && status < 500, `answered ${status}`);
        assert.equal(await store.stat(key), null);
      });

      test("a ticket may carry no object at all: 0 bytes", async () => {
        const key = newKey("incoming");
        assert.ok((await client.upload(await ticketFor(key, 0), Buffer.alloc(0))) < 300);
        assert.deepEqual(await store.stat(key), { sizeBytes: 0 });
      });

      test("takes exactly 25 MiB and not one byte more", async () => {
        const [key, tooLarge] = [newKey("incoming"), newKey("incoming")];
        const photo = randomBytes(photoMaxBytes);
        assert.ok((await client.upload(await ticketFor(key, photo.length), photo)) < 300);
        const seen = await inspectObject(store, key, photoMaxBytes);
        assert.equal(seen?.sizeBytes, photoMaxBytes);
        assert.equal(seen?.sha256, sha256(photo));
        const status = await client.upload(
          await ticketFor(tooLarge, photo.length),
          Buffer.concat([photo, Buffer.of(1)]),
        );
        assert.ok(status >= 400 && status < 500, `answered ${status}`);
        assert.equal(await store.stat(tooLarge), null);
      });

      test("is not visible before it is complete", async () => {
        const key = newKey("incoming");
        const photo = randomBytes(4 * 1024 * 1024);
        const status = await client.uploadInHalves(await ticketFor(key, photo.length), photo, async () => {
          assert.equal(await store.stat(key), null);
          assert.equal(await store.read(key), null);
          return "go on";
        });
        assert.ok(status !== null && status < 300, `answered ${status}`);
        assert.equal((await inspectObject(store, key, photoMaxBytes))?.sha256, sha256(photo));
      });

      test("leaves nothing when the client hangs up half way", async () => {
        const key = newKey("incoming");
        const photo = randomBytes(1024 * 1024);
        await client.uploadInHalves(await ticketFor(key, photo.length), photo, async () => "hang up");
        assert.equal(await store.stat(key), null);
      });

      test("what was taken over stays the evidence it is, whatever its address takes afterwards", async () => {
        const [sent, key, objectKey] = [photoFile("the first"), newKey("incoming"), newKey()];
        const size_bytes = sent.bytes.length;
        const announced = { content_type: sent.contentType, size_bytes, sha256: sha256(sent.bytes), part_bytes: null };
        const row = { ...announced, id: randomUUID(), incoming_key: key, object_key: objectKey };
        const take = () => takeOver(store, { ...row, ticket_id: knownId<TicketId>(randomUUID()) }, "s3://b/k");
        const ticket = await ticketFor(key, size_bytes);
        assert.ok((await client.upload(ticket, sent.bytes)) < 300);
        const taken = await take();
        assert.equal(taken.sha256, announced.sha256);
        assert.equal(await store.stat(key), null);
        // Files: refused. S3: taken, since a policy cannot be withdrawn, and cleared away once it has expired.
        await client.upload(ticket, photoFile("the worst").bytes);
        assert.deepEqual(await take(), taken);
        assert.equal(await store.stat(key), null);
        const kept = await store.read(objectKey);
        assert.deepEqual(kept && (await buffer(kept)), sent.bytes);
      });

      test("signs nothing that must not be uploaded", async () => {
        const good = { ...anyUpload, key: newKey("incoming"), sizeBytes: 1, now: new Date() };
        const bad = [
          { sizeBytes: photoMaxBytes + 1 },
          { sizeBytes: -1 },
          { sizeBytes: Number.NaN },
          { expiresInSeconds: 0 },
          { expiresInSeconds: 604_801 },
          { contentType: "image/jpeg\r\nX-Evil: 1" },
          { contentType: "" },
        ];
        for (const part of bad) await assert.rejects(store.presignUpload({ ...good, ...part }), RangeError);
        await assert.rejects(store.presignUpload({ ...good, key: newKey("evidence") }), InvalidObjectKey);
      });
    });

    describe("writing once", () => {
      test("writes an object and never replaces it", async () => {
        const key = newKey();
        assert.equal(await store.writeOnce(key, Buffer.from("first"), "text/plain"), "written");
        assert.equal(await store.writeOnce(key, Buffer.from("second"), "text/plain"), "exists");
        assert.equal(await store.writeOnce(key, Buffer.from("first"), "text/plain"), "exists");
        assert.equal(await textAt(key), "first");
      });

      test("of ten writers at once exactly one writes, and its content stays", async () => {
        const key = newKey();
        const contents = Array.from({ length: 10 }, (_, n) => `writer ${n}`.repeat(5_000));
        const writes = contents.map((content, n) =>
          underTest.stores[n % 2 === 0 ? 0 : 1].writeOnce(key, Buffer.from(content), "text/plain"),
        );
        const answers = await Promise.all(writes);
        assert.equal(answers.filter((answer) => answer === "written").length, 1);
        assert.equal(answers.filter((answer) => answer === "exists").length, 9);
        assert.equal(await textAt(key), contents[answers.indexOf("written")]);
      });

      test("an object and one below its name do not disturb each other", async () => {
        const key = newKey();
        assert.equal(await store.writeOnce(key, Buffer.from("above"), "text/plain"), "written");
        assert.equal(await store.writeOnce(`${key}/below`, Buffer.from("below"), "text/plain"), "written");
        assert.deepEqual([await textAt(key), await textAt(`${key}/below`)], ["above", "below"]);
      });

      test("keeps an empty object", async () => {
        const key = newKey();
        assert.equal(await store.writeOnce(key, new Uint8Array(0), "text/plain"), "written");
        assert.equal(await store.writeOnce(key, new Uint8Array(0), "text/plain"), "exists");
        assert.deepEqual(await store.stat(key), { sizeBytes: 0 });
        assert.equal((await inspectObject(store, key, 10))?.sha256, sha256(Buffer.alloc(0)));
      });

      test("writes only the part of a buffer that the view shows", async () => {
        const key = newKey();
        await store.writeOnce(key, new Uint8Array(Buffer.from("-seen-")).subarray(1, 5), "text/plain");
        assert.equal(await textAt(key), "seen");
      });

      const inPieces = (pieces: readonly Uint8Array[], then?: Error) => ({
        sizeBytes: pieces.reduce((sum, { length }) => sum + length, then ? 1 : 0),
        pieces: (async function* () {
          yield* pieces;
          if (then) throw then;
        })(),
      });

      test("writes what comes in pieces, once", async () => {
        const key = newKey();
        const pieces = Array.from({ length: 40 }, () => randomBytes(100_000));
        assert.equal(await store.writeOnce(key, inPieces(pieces), "video/mp4"), "written");
        assert.equal((await inspectObject(store, key, photoMaxBytes))?.sha256, sha256(Buffer.concat(pieces)));
        assert.equal(await store.writeOnce(key, inPieces([Buffer.from("other")]), "video/mp4"), "exists");
        assert.equal((await store.stat(key))?.sizeBytes, 4_000_000);
      });

      test("of ten that come in pieces at once exactly one is written", async () => {
        const key = newKey();
        const writes = Array.from({ length: 10 }, (_, n) =>
          underTest.stores[n % 2 === 0 ? 0 : 1].writeOnce(key, inPieces([Buffer.from(`${n}`)]), "video/mp4"),
        );
        const answers = await Promise.all(writes);
        assert.equal(answers.filter((answer) => answer === "written").length, 1);
        assert.equal(await textAt(key), `${answers.indexOf("written")}`);
      });

      test("pieces that end in an error leave nothing, and the error is the caller's", async () => {
        for (const pieces of [[], [randomBytes(3_000_000)]]) {
          const key = newKey();
          const wrong = new Error("these are not the bytes that were announced");
          await assert.rejects(store.writeOnce(key, inPieces(pieces, wrong), "video/mp4"), wrong);
          assert.equal(await store.stat(key), null);
        }
      });

      test("does not write where uploads go", async () => {
        await assert.rejects(store.writeOnce(newKey("incoming"), Buffer.from("x"), "text/plain"), InvalidObjectKey);
      });
    });

    describe("what phones send", () => phoneFiles(() => store));

    describe("a video in parts", () => videoInParts(() => underTest.stores));

    describe("reading and removing", () => {
      test("lists every object with its size, and none that was removed", async () => {
        const [kept, removed] = [newKey(), newKey()];
        for (const key of [kept, removed]) await store.writeOnce(key, Buffer.from("12345"), "text/plain");
        await store.remove(removed);
        const listed = new Map<string, number>();
        for await (const { key, sizeBytes } of store.list()) listed.set(key, sizeBytes);
        assert.equal(listed.get(kept), 5);
        assert.equal(listed.has(removed), false);
      });

      test("an absent object has no size, no bytes and nothing to inspect", async () => {
        const key = newKey();
        assert.equal(await store.stat(key), null);
        assert.equal(await store.read(key), null);
        assert.equal(await inspectObject(store, key, 10), null);
        assert.equal(await fetchObject(store, key, { sizeBytes: 10, maxBytes: 10 }), null);
      });

      test("removing is done once and harmless twice", async () => {
        const key = newKey();
        await store.writeOnce(key, Buffer.from("x"), "text/plain");
        await store.remove(key);
        await store.remove(key);
        assert.equal(await store.stat(key), null);
        assert.equal(await store.writeOnce(key, Buffer.from("y"), "text/plain"), "written");
      });

      test("a range of an object is those bytes and no others, for a reader of any pace too", async () => {
        const key = newKey();
        const bytes = randomBytes(2_500_000);
        const known = { sizeBytes: bytes.length, sha256: sha256(bytes) };
        await store.writeOnce(key, bytes, "image/jpeg");
        for (const [start, end] of [
          [0, 0],
          [1_048_570, 2_097_155],
          [2_499_999, 2_499_999],
        ] as const) {
          const body = await store.read(key, { start, end });
          assert.ok(body && (await buffer(body)).equals(bytes.subarray(start, end + 1)), `${start} to ${end}`);
          const paced = await readVerified(store, key, known, { start, end });
          assert.ok(paced && (await buffer(paced)).equals(bytes.subarray(start, end + 1)), `${start} to ${end}, paced`);
        }
        const whole = await readVerified(store, key, known, null);
        assert.ok(whole && (await buffer(whole)).equals(bytes));
        const other = await readVerified(store, key, { ...known, sha256: sha256(Buffer.alloc(1)) }, null);
        assert.ok(other);
        await assert.rejects(buffer(other), ObjectDamaged);
        await assert.rejects(readVerified(store, key, { ...known, sizeBytes: 9 }, null), ObjectDamaged);
        assert.equal(await readVerified(store, newKey(), known, null), null);
      });

      test("inspection stops one byte past the limit", async () => {
        const key = newKey();
        const bytes = randomBytes(300_000);
        await store.writeOnce(key, bytes, "image/jpeg");
        assert.equal((await inspectObject(store, key, 300_000))?.sizeBytes, 300_000);
        assert.equal((await inspectObject(store, key, 299_999))?.sizeBytes, 300_000);
        assert.equal((await inspectObject(store, key, 1_000))?.sizeBytes, 1_001);
        const fetched = await fetchObject(store, key, { sizeBytes: 300_000, maxBytes: 300_000 });
        assert.equal(fetched?.sha256, sha256(bytes));
        assert.deepEqual(fetched && Buffer.from(fetched.bytes), bytes);
        assert.deepEqual(fetched && Buffer.from(fetched.head), bytes.subarray(0, 4096));
        const larger = await fetchObject(store, key, { sizeBytes: 1_000, maxBytes: 300_000 });
        assert.deepEqual([larger?.sizeBytes, larger?.sha256, larger?.bytes.length], [300_000, sha256(bytes), 1_000]);
        const smaller = await fetchObject(store, key, { sizeBytes: 400_000, maxBytes: 500_000 });
        assert.deepEqual([smaller?.sizeBytes, smaller?.bytes.length], [300_000, 300_000]);
      });

      test("a reader may stop early", async () => {
        const key = newKey();
        await store.writeOnce(key, randomBytes(2_000_000), "image/jpeg");
        const body = await store.read(key);
        assert.ok(body);
        for await (const _chunk of body) break;
        assert.equal(body.destroyed, true);
        assert.equal((await store.stat(key))?.sizeBytes, 2_000_000);
      });
    });

    test("no method takes a key that is not one", async () => {
      for (const key of hostileKeys) {
        assert.throws(() => store.uriOf(key), InvalidObjectKey, key);
        await assert.rejects(store.stat(key), InvalidObjectKey, key);
        await assert.rejects(store.read(key), InvalidObjectKey, key);
        await assert.rejects(store.remove(key), InvalidObjectKey, key);
        await assert.rejects(store.spend(key), InvalidObjectKey, key);
        await assert.rejects(store.writeOnce(key, Buffer.alloc(0), "text/plain"), InvalidObjectKey, key);
        await assert.rejects(ticketFor(`incoming/${key}`, 1), InvalidObjectKey, key);
      }
    });

    test("takes the longest key there may be", async () => {
      const key = `${"a/".repeat(15)}${"b".repeat(170)}`;
      assert.equal(key.length, 200);
      assert.equal(await store.writeOnce(key, Buffer.from("x"), "text/plain"), "written");
      assert.equal(await textAt(key), "x");
    });
  });
}
