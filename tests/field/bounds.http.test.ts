// How much one ticket holds and one answer tells: evidence by number and by bytes, histories and requests by pages.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import type { QueryBodyOf } from "../../dispatch/contract/index.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { noteFile, store } from "../support/evidence.ts";
import { completion, fullChecklist, ticketIn } from "../support/ticket-builder.ts";

const mostItems = 200;
const note = { kind: "NOTE", content_type: "text/plain", size_bytes: 3, sha256: "a".repeat(64) };

/** Rows as an earlier release let them in: any number of them, with any metadata. They have numbers. */
async function oldEvidence(
  api: TestApi,
  ticket: string,
  { from = 1, to, metadata = {} }: { from?: number; to: number; metadata?: object },
): Promise<void> {
  await api.owner.query(
    `INSERT INTO evidence_items (id, ticket_id, kind, uri, metadata, verification, created_by, created_at)
     SELECT gen_random_uuid(), $1, 'PHOTO', 's3://old/' || n, $3, 'referenced', 'tech-1', '2026-01-01'::timestamptz + n * interval '1 s'
     FROM generate_series($4::int, $2::int) AS n`,
    [ticket, to, JSON.stringify(metadata), from],
  );
}

describe("what a ticket holds", async () => {
  const api = await startTestApi();
  const add = (ticket: string, over: object = {}) => ({
    ticket,
    body: { kind: "PHOTO", uri: `s3://phone/${randomUUID()}`, ...over },
  });

  test("is metadata of 8 KB, and the refusal names field, rule and size", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    const frame = Buffer.byteLength(JSON.stringify({ note: "" }));
    const exactly = `${"é".repeat(4_000)}${"x".repeat(8_192 - frame - 8_000)}`;
    const item = await api.run("closeout.add_evidence", add(id, { metadata: { note: exactly } }));
    assert.deepEqual(item.metadata, { note: exactly });
    const refusals: readonly (readonly [object, number])[] = [
      [{ note: `${exactly}!` }, 8_193],
      [{ deep: { list: ["x".repeat(240_000)] } }, 240_022],
      // Eight kilobytes of such numbers are 350 in the database.
      [{ list: Array.from({ length: 100 }, () => 1e300) }, 30_710],
    ];
    for (const [metadata, bytes] of refusals) {
      const { status, error } = await api.refuse("closeout.add_evidence", add(id, { metadata }));
      assert.deepEqual([status, error.code], [400, "INVALID_REQUEST"]);
      assert.deepEqual(error["validation_errors"], [
        { path: "metadata", rule: "x-max-json-bytes", message: `is ${bytes} bytes of JSON; at most 8192` },
      ]);
    }
  });

  test("is as many pieces of evidence as the policy says, announced ones too", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    await oldEvidence(api, id, { to: mostItems - 1 });
    const uri = await store(api, { ticket: id }, noteFile("the last one"));
    const announced = await api.refuse("closeout.request_upload", { ticket: id, body: note });
    assert.deepEqual([announced.error.code, announced.error["items"]], ["EVIDENCE_LIMIT", mostItems]);
    const last = add(id, { uri, kind: "NOTE" });
    const key = randomUUID();
    const told = await api.run("closeout.add_evidence", { ...last, key });
    const full = { ticket_id: id, items: mostItems, max_items: mostItems };
    for (const [tool, call] of [
      ["closeout.add_evidence", add(id)],
      ["closeout.add_evidence", last],
      ["closeout.request_upload", { ticket: id, body: note }],
    ] as const) {
      const { status, error } = await api.refuse(tool, call);
      assert.equal(status, 409);
      assert.partialDeepStrictEqual(error, { code: "EVIDENCE_LIMIT", ...full });
      assert.match(error.message, /max_items_per_ticket/);
    }
    assert.deepEqual(await api.run("closeout.add_evidence", { ...last, key }), told, "a retry is no further one");
  });
});

test("an invoice has a thousand lines at most, however often work is interrupted", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "IN_PROGRESS");
  const part = (n: number) => ({ sku: `P-${n}`, description: "hinge", quantity: 1, unit_price_cents: 1 });
  const hold = (parts: number) => ({
    as: "tech",
    ticket: id,
    body: { reason_code: "parts", work: { parts: Array.from({ length: parts }, (_, n) => part(n)) } },
  });
  // With the trip, 999 lines.
  for (const parts of [200, 200, 200, 200, 198]) {
    await api.run("tech.hold", hold(parts));
    await api.run("tech.resume", { as: "tech", ticket: id });
  }
  const { error } = await api.refuse("tech.hold", hold(2));
  assert.match(JSON.stringify(error["validation_errors"]), /"path":"work".*more than 1000 lines/);
  await api.run("tech.hold", hold(1));
});

test("a ticket names the newest fifty of what follows from it", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "INVOICED");
  const old = Array.from({ length: 50 }, (_, n) => ({ ticket_id: randomUUID(), number: `T-9${n}`, kind: "callback" }));
  await api.owner.query("UPDATE tickets SET follow_ups = $2 WHERE id = $1", [id, JSON.stringify(old)]);
  const { number } = await api.run("ticket.follow_up", { ticket: id, body: { kind: "callback", reason: "it drags" } });
  const { follow_ups } = await api.read("ticket.get", { ticket: id });
  assert.deepEqual(
    follow_ups.map((one) => one.number),
    [...old.slice(1).map((one) => one.number), number],
  );
});

describe("what an answer tells of a ticket", async () => {
  const api = await startTestApi();

  test("is pages of its evidence, and what 240 KB of metadata say is left out", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    const filler = "x".repeat(240_000);
    await oldEvidence(api, id, { to: 12, metadata: { evidence_key: "photo_before", filler } });
    await oldEvidence(api, id, { from: 13, to: 220 });
    const reply = await api.call("closeout.list_evidence", { as: "qa", ticket: id });
    assert.ok(reply.text.length < 100_000, `${reply.text.length} bytes`);
    const first = await api.read("closeout.list_evidence", { as: "qa", ticket: id });
    const rest = await api.read("closeout.list_evidence", { ticket: id, query: `cursor=${first.next_cursor}` });
    assert.deepEqual([first.evidence.length, rest.evidence.length, rest.next_cursor], [200, 20, undefined]);
    const all = [...first.evidence, ...rest.evidence];
    assert.deepEqual(
      all.map(({ uri }) => uri),
      Array.from({ length: 220 }, (_, n) => `s3://old/${n + 1}`),
    );
    assert.deepEqual(all[0]?.metadata, { evidence_key: "photo_before", bytes_left_out: 240_046 });
    const few = await api.read("closeout.list_evidence", { ticket: id, query: "limit=3" });
    assert.deepEqual(few.evidence, all.slice(0, 3));
    const bad = await api.refuse("closeout.list_evidence", { ticket: id, query: "cursor=W10" });
    assert.equal(bad.error.code, "INVALID_QUERY");

    const packet = await api.call("tech.job_packet", { as: "tech", ticket: id });
    assert.ok(packet.text.length < 100_000, `${packet.text.length} bytes`);
    const { evidence_requirements } = (await api.read("tech.job_packet", { as: "tech", ticket: id })).packet;
    assert.deepEqual(evidence_requirements["evidence_items"], all.slice(-50));
    assert.equal(evidence_requirements["total_items"], 220);
    const refused = await api.call("tech.complete", {
      ticket: id,
      body: { ...completion, checklist_status: fullChecklist },
    });
    assert.ok(refused.status === 409 && refused.text.length < 20_000, `${refused.status} ${refused.text.length}`);
  });

  test("is as much of its history as a megabyte, and a cursor to the rest", async () => {
    const { id } = await ticketIn(api, "NEW");
    await api.owner.query(
      `INSERT INTO audit_events (id, aggregate, aggregate_id, seq, actor_type, actor_id, actor_role, tool_name, payload,
         prev_hash, hash, hash_version, created_at)
       SELECT gen_random_uuid(), aggregate, aggregate_id, seq + n, actor_type, actor_id, actor_role, 'ticket.request_info', $2,
              hash, hash, hash_version, created_at
       FROM audit_events, generate_series(1, 30) AS n WHERE aggregate_id = $1`,
      [id, JSON.stringify({ questions: ["x".repeat(240_000)] })],
    );
    const seen: number[] = [];
    for (let query: string | null = ""; query !== null;) {
      const page: QueryBodyOf<"ticket.timeline"> = await api.read("ticket.timeline", { ticket: id, query });
      assert.ok(page.events.length > 0 && page.events.length <= 6, `${page.events.length} events of 240 KB`);
      seen.push(...page.events.map(({ seq }) => seq));
      query = page.next_cursor ? `cursor=${page.next_cursor}` : null;
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 31 }, (_, n) => n + 1),
    );
    const { packet } = await api.read("tech.job_packet", { ticket: id });
    assert.deepEqual(
      packet.timeline.events.map(({ seq }) => seq),
      [27, 28, 29, 30, 31],
    );
    const { selected_ticket } = await api.read("dispatcher.cockpit", { query: `ticket_id=${id}&limit=1` });
    assert.equal(selected_ticket?.timeline.events.at(-1)?.seq, 31);
    assert.equal(selected_ticket?.timeline.events.length, 5);
  });

  test("is pages of requests for approval, decided ones too", async () => {
    const { id, approvalId } = await ticketIn(api, "APPROVAL_REQUIRED");
    await api.owner.query(
      `INSERT INTO approvals (id, ticket_id, status, approval_type, amount_delta_cents, reason, evidence, requested_by, requested_at)
       SELECT gen_random_uuid(), ticket_id, 'WITHDRAWN', approval_type, 0, repeat('x', 2000), evidence, requested_by,
              requested_at - n * interval '1 s'
       FROM approvals, generate_series(1, 4) AS n WHERE id = $1`,
      [approvalId],
    );
    const first = await api.read("approval.list", { query: `ticket_id=${id}&limit=3` });
    const rest = await api.read("approval.list", { query: `ticket_id=${id}&limit=3&cursor=${first.next_cursor}` });
    assert.deepEqual([first.approvals.length, rest.approvals.length, rest.next_cursor], [3, 2, undefined]);
    assert.equal(rest.approvals.at(-1)?.id, approvalId);
  });
});
