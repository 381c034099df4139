// Evidence: files sent straight to the store and checked there by what their bytes say, references to things kept
// elsewhere, and rows that nobody changes afterwards.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { borealis } from "../support/directory.ts";
import { noteFile, photo, photoFile, requestUpload, sha256, store, writing, type File } from "../support/evidence.ts";
import { upload } from "../support/upload-client.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const bytesAt = async ({ desk }: TestApi, key: string): Promise<Buffer | null> => {
  const stored = await desk.store.read(key);
  return stored && buffer(stored);
};

describe("closeout.request_upload", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "IN_PROGRESS");
  const announced = { kind: "PHOTO", content_type: "image/jpeg", size_bytes: 1_000, sha256: "A".repeat(64) };

  test("signs an address for one file, and says where it will lie", async () => {
    const ticket = await api.run("closeout.request_upload", {
      as: "agent",
      ticket: id,
      body: { ...announced, content_type: " IMAGE/jpeg ", evidence_key: "photo_after" },
    });
    assert.equal(ticket.max_bytes, 25 * 1_048_576);
    assert.equal(Math.round((Date.parse(ticket.expires_at) - Date.parse(api.clock.iso)) / 1_000), 15 * 60);
    assert.ok(ticket.uri.endsWith(`/${ticket.object_key}`) && ticket.uri.startsWith("s3://"), ticket.uri);
    assert.ok(ticket.url.startsWith(api.url));
    assert.match(ticket.object_key, new RegExp(`^evidence/${id}/${ticket.upload_id}\\.jpg$`));
  });

  const accepted = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/heic",
    "application/pdf",
    "text/plain",
    "video/mp4",
    "video/quicktime",
    "image/jpg",
    "text/plain; charset=utf-8",
  ];
  for (const contentType of accepted) {
    test(`takes ${contentType}`, async () => {
      await api.run("closeout.request_upload", { ticket: id, body: { ...announced, content_type: contentType } });
    });
  }
  const refused: readonly (readonly [string, object, number, string])[] = [
    ["a page", { content_type: "text/html" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a drawing that runs scripts", { content_type: "image/svg+xml" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a photo of one byte too many", { size_bytes: 25 * 1_048_576 + 1 }, 413, "EVIDENCE_TOO_LARGE"],
    [
      "a film of one byte too many",
      { content_type: "video/mp4", size_bytes: 200 * 1_048_576 + 1 },
      413,
      "EVIDENCE_TOO_LARGE",
    ],
    ["a note of one byte too many", { content_type: "text/plain", size_bytes: 1_048_577 }, 413, "EVIDENCE_TOO_LARGE"],
    ["nothing at all", { size_bytes: 0 }, 400, "INVALID_REQUEST"],
    ["half a byte", { size_bytes: 0.5 }, 400, "INVALID_REQUEST"],
    ["a hash too short", { sha256: "ab" }, 400, "INVALID_REQUEST"],
    ["a hash that is none", { sha256: "x".repeat(64) }, 400, "INVALID_REQUEST"],
    ["no kind", { kind: undefined }, 400, "INVALID_REQUEST"],
  ];
  for (const [what, over, status, code] of refused) {
    test(`refuses ${what}: ${code}`, async () => {
      const { status: answered, error } = await api.refuse("closeout.request_upload", {
        ticket: id,
        body: { ...announced, ...over },
      });
      assert.deepEqual([answered, error.code], [status, code]);
    });
  }
  test("takes the largest file there may be", async () => {
    for (const [content_type, size_bytes] of [
      ["image/jpeg", 25 * 1_048_576],
      ["video/quicktime", 200 * 1_048_576],
      ["text/plain", 1_048_576],
    ] as const) {
      const ticket = await api.run("closeout.request_upload", {
        ticket: id,
        body: { ...announced, content_type, size_bytes },
      });
      assert.equal(ticket.max_bytes, size_bytes);
    }
  });
});

describe("an uploaded file", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "IN_PROGRESS");
  const add = (uri: string, over: object = {}) => ({ ticket: id, body: { kind: "PHOTO", uri, ...over } });

  test("becomes verified evidence, lying under a key of its own", async () => {
    const file = photoFile("a dented strike plate");
    const ticket = await requestUpload(api, { ticket: id }, file);
    assert.equal(await bytesAt(api, ticket.object_key), null);
    assert.equal(await upload(ticket, file.bytes), 201);
    assert.equal(await bytesAt(api, ticket.object_key), null, "what was only sent is not evidence yet");
    const item = await api.run("closeout.add_evidence", {
      as: "tech",
      ...add(ticket.uri, {
        evidence_key: "photo_after",
        metadata: { lens: "wide", evidence_key: "other" },
        checksum: `SHA256:${sha256(file.bytes).toUpperCase()}`,
      }),
    });
    const { kind, uri, checksum, metadata, created_by, verification, ticket_id, media_type, size_bytes } = item;
    assert.deepEqual(
      { kind, uri, checksum, metadata, created_by, verification, ticket_id, media_type, size_bytes },
      {
        media_type: "image/jpeg",
        size_bytes: file.bytes.length,
        kind: "PHOTO",
        uri: ticket.uri,
        checksum: sha256(file.bytes),
        metadata: { lens: "wide", evidence_key: "photo_after" },
        created_by: "tech-1",
        verification: "verified",
        ticket_id: id,
      },
    );
    assert.deepEqual(await bytesAt(api, ticket.object_key), file.bytes);
    const { receipt, ...shown } = item;
    const { evidence } = await api.read("closeout.list_evidence", { as: "qa", ticket: id });
    assert.deepEqual(evidence, [shown]);
    assert.equal(receipt.before_state, "IN_PROGRESS");
  });

  test("is never overwritten, not by its own address used again", async () => {
    const file = photoFile("the first and only");
    const ticket = await requestUpload(api, { ticket: id }, file);
    await upload(ticket, file.bytes);
    await api.run("closeout.add_evidence", add(ticket.uri));
    const forged = photo("the firsT and only");
    assert.equal(forged.length, file.bytes.length);
    assert.equal(await upload(ticket, forged), 409);
    assert.equal(await bytesAt(api, `incoming/${ticket.upload_id}`), null, "nothing is left at an address used up");
    const again = await api.run("closeout.add_evidence", add(ticket.uri));
    assert.equal(again.checksum, sha256(file.bytes));
    assert.deepEqual(await bytesAt(api, ticket.object_key), file.bytes);
  });

  test("may stand for two requirements, and is added again after a lost answer with its key", async () => {
    const uri = await store(api, { ticket: id }, noteFile("both at once"));
    const call = { ...add(uri, { evidence_key: "note_one" }), key: randomUUID() };
    const first = await api.call("closeout.add_evidence", call);
    assert.equal((await api.call("closeout.add_evidence", call)).text, first.text);
    const second = await api.run("closeout.add_evidence", add(uri, { evidence_key: "note_two" }));
    assert.equal(second.verification, "verified");
    const { evidence } = await api.read("closeout.list_evidence", { ticket: id });
    assert.deepEqual(
      evidence.filter((item) => item.uri === uri).map(({ metadata }) => metadata["evidence_key"]),
      ["note_one", "note_two"],
    );
  });

  const disguised: File = { bytes: Buffer.from("<script>alert(1)</script>"), contentType: "image/png", kind: "PHOTO" };
  const refusals: readonly (readonly [string, (ticket: string) => Promise<string>, number, string])[] = [
    [
      "that never came",
      async (ticket) => (await requestUpload(api, { ticket }, photoFile())).uri,
      409,
      "EVIDENCE_NOT_STORED",
    ],
    [
      "that was never announced",
      async () => `s3://${api.desk.store.bucket}/evidence/${id}/${randomUUID()}.jpg`,
      409,
      "EVIDENCE_NOT_STORED",
    ],
    [
      "under the address it was sent to",
      async (ticket) =>
        `s3://${api.desk.store.bucket}/incoming/${(await requestUpload(api, { ticket }, photoFile())).upload_id}`,
      409,
      "EVIDENCE_NOT_STORED",
    ],
    ["in disguise", (ticket) => store(api, { ticket }, disguised), 415, "UNSUPPORTED_MEDIA_TYPE"],
    [
      "of another ticket",
      async () => store(api, { ticket: (await ticketIn(api, "IN_PROGRESS")).id }, photoFile()),
      409,
      "EVIDENCE_NOT_STORED",
    ],
  ];
  for (const [what, uriFor, status, code] of refusals) {
    test(`${what} is ${code}`, async () => {
      const before = await api.read("closeout.list_evidence", { ticket: id });
      const uri = await uriFor(id);
      const { status: answered, error } = await api.refuse("closeout.add_evidence", add(uri));
      assert.deepEqual([answered, error.code, error["uri"]], [status, code, uri]);
      assert.deepEqual(await api.read("closeout.list_evidence", { ticket: id }), before);
    });
  }

  test("with other bytes than announced says what was expected and what came", async () => {
    const announced = noteFile("cash only");
    const ticket = await requestUpload(api, { ticket: id }, announced);
    const sent = writing("card only");
    await upload(ticket, sent);
    const { error } = await api.refuse("closeout.add_evidence", add(ticket.uri));
    assert.partialDeepStrictEqual(error, {
      code: "EVIDENCE_CHECKSUM_MISMATCH",
      expected: { size_bytes: 9, sha256: sha256(announced.bytes) },
      actual: { size_bytes: 9, sha256: sha256(sent) },
    });
    assert.equal(await bytesAt(api, ticket.object_key), null);
  });

  test("must match the checksum its sender claims", async () => {
    const uri = await store(api, { ticket: id }, photoFile("claimed"));
    assert.equal(
      (await api.refuse("closeout.add_evidence", add(uri, { checksum: "0".repeat(64) }))).error.code,
      "EVIDENCE_CHECKSUM_MISMATCH",
    );
  });

  test("is sent by its address alone: in time, once, of that type and size", async () => {
    const file = photoFile("twice");
    const ticket = await requestUpload(api, { ticket: id }, file);
    assert.ok(
      (await upload({ ...ticket, headers: { ...ticket.headers, "Content-Type": "image/png" } }, file.bytes)) >= 400,
    );
    assert.ok((await upload(ticket, Buffer.concat([file.bytes, file.bytes]))) >= 400);
    assert.ok((await upload({ ...ticket, url: ticket.url.replace(/signature=./, "signature=!") }, file.bytes)) >= 400);
    assert.equal(await upload(ticket, file.bytes), 201);
    assert.ok((await upload(ticket, file.bytes)) >= 400, "a second time");
    const late = await requestUpload(api, { ticket: id }, file);
    api.clock.advance(16);
    assert.ok((await upload(late, file.bytes)) >= 400, "too late");
    assert.equal((await api.refuse("closeout.add_evidence", add(late.uri))).error.code, "EVIDENCE_NOT_STORED");
  });
});

describe("evidence kept elsewhere", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "NEW");

  test("is recorded as referenced, with the checksum it came with", async () => {
    for (const uri of [
      "s3://camera-roll/door.jpg",
      "minio://archive/2026/door.pdf",
      "https://example.com/door.jpg",
      "paper in the van",
    ]) {
      const { verification, checksum, metadata } = await api.run("closeout.add_evidence", {
        ticket: id,
        body: { kind: "document", uri, checksum: "md5:1b2c" },
      });
      assert.deepEqual([verification, checksum, metadata], ["referenced", "md5:1b2c", {}]);
    }
    const { evidence } = await api.read("closeout.list_evidence", { ticket: id });
    assert.equal(evidence.length, 4);
    assert.deepEqual(
      evidence,
      evidence.toSorted((a, b) => (a.created_at < b.created_at ? -1 : 1)),
    );
  });

  test("is listed for those who may see the ticket", async () => {
    const { error } = await api.refuse("closeout.list_evidence", {
      ticket: id,
      headers: { "x-account-scope": borealis.id },
    });
    assert.equal(error.code, "FORBIDDEN_SCOPE");
    assert.equal((await api.refuse("closeout.list_evidence", { as: "customer", ticket: id })).error.code, "FORBIDDEN");
  });
});

describe("what was written", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "NEW");
  await api.run("closeout.add_evidence", { ticket: id, body: { kind: "NOTE", uri: "s3://phone/note" } });

  for (const [table, column] of [
    ["evidence_items", "uri"],
    ["audit_events", "tool_name"],
    ["state_transitions", "to_state"],
  ] as const) {
    for (const change of [
      `UPDATE ${table} SET ${column} = ${column}`,
      `DELETE FROM ${table} WHERE false`,
      `TRUNCATE ${table} CASCADE`,
    ]) {
      test(`is beyond the application's reach: ${change}`, async () => {
        const client = await api.owner.connect();
        try {
          await client.query("BEGIN; SET LOCAL ROLE dispatch_app");
          await assert.rejects(client.query(change), { code: "42501" });
          // Should the rights ever be granted by mistake, the trigger still refuses.
          await client.query("ROLLBACK");
          await client.query(
            `BEGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO dispatch_app; SET LOCAL ROLE dispatch_app`,
          );
          await assert.rejects(client.query(change), { code: "42501", message: /insert-only/ });
          await client.query("ROLLBACK");
          // The owner is spared, for what a migration may have to mend.
          await client.query("BEGIN");
          await client.query(change);
        } finally {
          await client.query("ROLLBACK");
          client.release();
        }
      });
    }
  }

  test("is written by the API as that role", async () => {
    const who = { name: "test_who", text: "SELECT current_user AS role" };
    assert.deepEqual(await api.desk.db.row(who), { role: "dispatch_app" });
  });
});
