// A video in parts, through a real store: what phones with bad reception do to it, and what becomes of it.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import { buffer } from "node:stream/consumers";
import { knownId, type TicketId } from "../../dispatch/contract/ids.ts";
import { takeOver } from "../../dispatch/field/stored-object.ts";
import { incomingKeys, keyOfPart, missingParts, partsOf } from "../../dispatch/field/upload-parts.ts";
import type { UploadRow } from "../../dispatch/field/uploads.ts";
import type { ObjectStore } from "../../dispatch/storage/object-store.ts";
import { film } from "../support/pictures.ts";
import { upload, uploadInHalves } from "../support/upload-client.ts";

const partBytes = 100_000;

/** @param storesOf asked when a test runs: two views of one bucket */
export function videoInParts(storesOf: () => readonly [ObjectStore, ObjectStore]): void {
  /** Three whole parts and a short one. */
  function announced(bytes = film(3 * partBytes + 77)) {
    const id = randomUUID();
    const row: UploadRow = {
      id,
      ticket_id: knownId<TicketId>(randomUUID()),
      object_key: `evidence/${id}/film.mp4`,
      incoming_key: `incoming/${id}`,
      content_type: "video/mp4",
      size_bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      part_bytes: partBytes,
    };
    const [store] = storesOf();
    const sign = (key: string, sizeBytes: number) =>
      store.presignUpload({
        key,
        contentType: "video/mp4",
        sizeBytes,
        maxBytes: sizeBytes,
        now: new Date(),
        expiresInSeconds: 300,
      });
    const part = async (number: number) => {
      const found = partsOf(row)[number - 1] ?? assert.fail(`there is no part ${number}`);
      const { offset_bytes: at, size_bytes: size } = found;
      return { ticket: await sign(keyOfPart(row, found), size), bytes: bytes.subarray(at, at + size) };
    };
    const send = async (...numbers: number[]) => {
      for (const number of numbers) {
        const one = await part(number);
        const status = await upload(one.ticket, one.bytes);
        assert.ok(status < 300, `part ${number}: ${status}`);
      }
    };
    const take = (through = store) => takeOver(through, row, "s3://b/k");
    const missing = async () => (await missingParts(store, row)).map(({ number }) => number);
    return { row, bytes, sign, part, send, take, missing };
  }
  const at = async (key: string) => {
    const body = await storesOf()[0].read(key);
    return body && (await buffer(body));
  };
  const assertTaken = async ({ row, bytes }: { row: UploadRow; bytes: Buffer }) => {
    assert.ok((await at(row.object_key))?.equals(bytes), "the film is what was sent");
    for (const key of incomingKeys(row)) assert.equal(await storesOf()[0].stat(key), null, key);
  };

  test("its parts, in whatever order they came, become one film", async () => {
    const sent = announced();
    await sent.send(4, 2, 1, 3);
    const taken = await sent.take();
    assert.deepEqual([taken.sha256, taken.sizeBytes, taken.width], [sent.row.sha256, sent.bytes.length, null]);
    await assertTaken(sent);
    assert.deepEqual(await sent.take(), taken, "a second try, after an answer that was lost");
  });

  test("a part sent twice is there once", async () => {
    const sent = announced();
    await sent.send(1, 2);
    const { ticket, bytes } = await sent.part(2);
    // Files refuse it, S3 takes it in the place of the first.
    await upload(ticket, bytes);
    assert.deepEqual(await sent.missing(), [3, 4]);
    await sent.send(3, 4);
    await sent.take();
    await assertTaken(sent);
  });

  test("missing parts are named, and the film is taken once they have come", async () => {
    const sent = announced();
    await sent.send(1, 3);
    await assert.rejects(sent.take(), {
      code: "EVIDENCE_NOT_STORED",
      message: /^2 of the file's 4 parts are not in the store: 2, 4\./,
      details: {
        uri: "s3://b/k",
        expected: { size_bytes: sent.bytes.length, sha256: sent.row.sha256 },
        actual: null,
        missing_parts: [
          { number: 2, offset_bytes: partBytes, size_bytes: partBytes },
          { number: 4, offset_bytes: 3 * partBytes, size_bytes: 77 },
        ],
      },
    });
    assert.equal(await storesOf()[0].stat(sent.row.object_key), null);
    await sent.send(2, 4);
    await sent.take();
    await assertTaken(sent);
  });

  test("a part that broke off is missing, and is sent again by its address", async () => {
    const sent = announced();
    await sent.send(1, 3, 4);
    const { ticket, bytes } = await sent.part(2);
    await uploadInHalves(ticket, bytes, async () => "hang up");
    assert.deepEqual(await sent.missing(), [2]);
    await sent.send(2);
    await sent.take();
    await assertTaken(sent);
  });

  test("wrong bytes in one part leave no part behind, and all are sent again by their addresses", async () => {
    const sent = announced();
    const { ticket, bytes } = await sent.part(3);
    const wrong = Buffer.from(bytes);
    wrong[500] = (wrong[500] ?? 0) ^ 1;
    assert.ok((await upload(ticket, wrong)) < 300);
    await sent.send(1, 2, 4);
    await assert.rejects(sent.take(), { code: "EVIDENCE_CHECKSUM_MISMATCH" });
    assert.equal(await storesOf()[0].stat(sent.row.object_key), null);
    assert.deepEqual(await sent.missing(), [1, 2, 3, 4]);
    await sent.send(1, 2, 3, 4);
    await sent.take();
    await assertTaken(sent);
  });

  test("two parts that were mixed up are no film", async () => {
    const sent = announced();
    const [two, three] = [await sent.part(2), await sent.part(3)];
    await upload(two.ticket, three.bytes);
    await upload(three.ticket, two.bytes);
    await sent.send(1, 4);
    await assert.rejects(sent.take(), { code: "EVIDENCE_CHECKSUM_MISMATCH" });
  });

  test("parts of what is no film are not taken", async () => {
    const sent = announced(Buffer.alloc(partBytes + 1, "words"));
    await sent.send(1, 2);
    await assert.rejects(sent.take(), { code: "UNSUPPORTED_MEDIA_TYPE" });
    assert.equal(await storesOf()[0].stat(sent.row.object_key), null);
  });

  test("one part is as good as many, and so is the whole by its own address", async () => {
    const short = announced(film(partBytes));
    await short.send(1);
    await short.take();
    await assertTaken(short);
    const whole = announced();
    assert.ok((await upload(await whole.sign(whole.row.incoming_key, whole.bytes.length), whole.bytes)) < 300);
    await whole.send(2);
    assert.deepEqual(await whole.missing(), []);
    await whole.take();
    await assertTaken(whole);
  });

  test("what a killed process had written, and half cleared away, is taken and cleared by the next", async () => {
    const sent = announced();
    await sent.send(1, 2, 3, 4);
    const [store] = storesOf();
    await store.writeOnce(sent.row.object_key, sent.bytes, "video/mp4");
    for (const key of incomingKeys(sent.row).slice(0, 3)) await store.spend(key);
    assert.deepEqual(await sent.missing(), [], "no part of what is there as a whole");
    assert.equal((await sent.take()).sha256, sent.row.sha256);
    await assertTaken(sent);
  });

  test("two who take it over at once both have it, the one that reads parts the other has used up too", async () => {
    const sent = announced();
    await sent.send(1, 2, 3, 4);
    const [store, other] = storesOf();
    let overtaken = false;
    const slow: ObjectStore = Object.create(store, {
      read: {
        value: async (key: string) => {
          if (key.endsWith("/3") && !overtaken) {
            overtaken = true;
            await sent.take(other);
          }
          return store.read(key);
        },
      },
      stat: { value: (key: string) => store.stat(key) },
      spend: { value: (key: string) => store.spend(key) },
      writeOnce: { value: (...args: Parameters<ObjectStore["writeOnce"]>) => store.writeOnce(...args) },
    });
    assert.equal((await sent.take(slow)).sha256, sent.row.sha256);
    assert.ok(overtaken);
    await assertTaken(sent);
  });
}
