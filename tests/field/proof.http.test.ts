// Evidence that proves something: it is what its key asks for, it is no old file, and what its camera says of time and place is
// kept, told to those who check the work, and to nobody else.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { buffer } from "node:stream/consumers";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { addTechnician, borealis } from "../support/directory.ts";
import { addReferenced, addVerified, noteFile, photoFile, sha256, store, type File } from "../support/evidence.ts";
import { exifBlock, heic, jpeg, media, strokes, type Taken } from "../support/pictures.ts";
import {
  addAllEvidence,
  completion,
  fullChecklist,
  latchEvidence,
  reportedWork,
  ticketIn,
} from "../support/ticket-builder.ts";

const [before = "", after = "", note = ""] = latchEvidence;
const signature = "signature_or_no_signature_reason";

const announce = ({ bytes, contentType, kind }: File, evidence_key?: string) => ({
  kind,
  content_type: contentType,
  size_bytes: bytes.length,
  sha256: sha256(bytes),
  ...(evidence_key && { evidence_key }),
});
const textFile: File = { bytes: Buffer.from("ok"), contentType: "text/plain", kind: "PHOTO" };
const shot = (comment: string, taken: Taken = {}): File => ({
  bytes: jpeg({ comment, exif: exifBlock(taken) }),
  contentType: "image/jpeg",
  kind: "PHOTO",
});

const record = async (api: TestApi, ticket: string, file: File, evidence_key?: string) => {
  const uri = await store(api, { ticket }, file);
  return api.run("closeout.add_evidence", {
    ticket,
    body: { kind: file.kind, uri, ...(evidence_key && { evidence_key }) },
  });
};

for (const profile of profiles) {
  describe(`what a key asks for, in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const { id } = await ticketIn(api, "IN_PROGRESS");

    for (const key of [before, after, signature, "photo_of_closed_access"])
      test(`two bytes of text are no ${key}: refused before they are sent`, async () => {
        const { status, error } = await api.refuse("closeout.request_upload", {
          ticket: id,
          body: announce(textFile, key),
        });
        assert.deepEqual([status, error.code, error["evidence_key"]], [415, "UNSUPPORTED_MEDIA_TYPE", key]);
        assert.ok(Array.isArray(error["accepted"]) && error["accepted"].includes("image/jpeg"));
        assert.match(error.message, /is to be a (photo|signature); send image\/jpeg/);
      });

    test("nor are they when the key is named only afterwards", async () => {
      const uri = await store(api, { ticket: id }, textFile);
      for (const evidence_key of [before, after, signature]) {
        const { error } = await api.refuse("closeout.add_evidence", {
          ticket: id,
          body: { kind: "NOTE", uri, evidence_key },
        });
        assert.equal(error.code, "UNSUPPORTED_MEDIA_TYPE");
      }
      const { error } = await api.refuse("closeout.add_evidence", { ticket: id, body: { kind: "Signature", uri } });
      assert.equal(error.code, "UNSUPPORTED_MEDIA_TYPE");
    });

    test("nor when they say that they are a picture", async () => {
      for (const bytes of [Buffer.from("ok"), Buffer.of(0xff, 0xd8), Buffer.from("\xff\xd8\xff\xe0ok", "latin1")]) {
        const uri = await store(api, { ticket: id }, { ...textFile, bytes, contentType: "image/jpeg" });
        const { error } = await api.refuse("closeout.add_evidence", {
          ticket: id,
          body: { kind: "PHOTO", uri, evidence_key: before },
        });
        assert.equal(error.code, "UNSUPPORTED_MEDIA_TYPE");
      }
    });

    test("a picture is no note, and a drawing only a signature", async () => {
      const drawing = { bytes: strokes("x"), contentType: "image/svg+xml", kind: "PHOTO" };
      for (const [file, key] of [
        [photoFile("a"), note],
        [drawing, before],
        [drawing, "photo_of_the_street"],
        [drawing, undefined],
      ] as const) {
        const { error } = await api.refuse("closeout.request_upload", { ticket: id, body: announce(file, key) });
        assert.equal(error.code, "UNSUPPORTED_MEDIA_TYPE");
      }
      assert.equal((await record(api, id, { ...drawing, kind: "SIGNATURE" })).media_type, "image/svg+xml");
    });

    test("the item tells what it is, and the packet what is asked for", async () => {
      const { media_type, size_bytes, width, height } = await record(
        api,
        id,
        { bytes: heic({ width: 3024, height: 4032 }), contentType: "image/heic", kind: "PHOTO" },
        before,
      );
      assert.deepEqual([media_type, width, height], ["image/heic", 3024, 4032]);
      assert.equal(size_bytes, heic().length);
      const { packet } = await api.read("tech.job_packet", { as: "tech", ticket: id });
      assert.deepEqual(packet.evidence_requirements["required_evidence"], [
        { key: before, kind: "photo", present: true },
        { key: after, kind: "photo", present: false },
        { key: note, kind: "note", present: false },
        { key: signature, kind: "signature", present: true },
      ]);
    });

    test("what was recorded before types were kept stands as it did", async () => {
      const { id: old } = await ticketIn(api, "IN_PROGRESS");
      await api.owner.query(
        `INSERT INTO evidence_items (id, ticket_id, kind, uri, checksum, metadata, verification, size_bytes, created_by, created_at)
         SELECT gen_random_uuid(), $1, 'PHOTO', 's3://' || $2 || '/evidence/old/' || n || '.jpg', md5(random()::text) || md5(key),
                jsonb_build_object('evidence_key', key), 'verified', 2, 'tech-1', now()
         FROM unnest($3::text[]) WITH ORDINALITY AS k (key, n)`,
        [old, api.desk.store.bucket, [...latchEvidence, signature]],
      );
      const { evidence } = await api.read("closeout.list_evidence", { ticket: old });
      assert.deepEqual(
        evidence.map(({ media_type, width }) => media_type ?? width),
        [null, null, null, null],
      );
      await api.run("tech.complete", { ticket: old, body: { checklist_status: fullChecklist, work: reportedWork } });
    });
  });
}

describe("the same file twice, in strict", async () => {
  const api = await startTestApi({ profile: "strict" });

  test("is refused on one ticket, by its address and by its bytes, and named", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    const file = photoFile("an old picture");
    const first = await record(api, id, file, before);
    const { number } = await api.read("ticket.get", { ticket: id });
    const named = { evidence_id: first.id, ticket_id: id, number, evidence_key: before };
    const again = await api.refuse("closeout.add_evidence", {
      ticket: id,
      body: { kind: "PHOTO", uri: first.uri, evidence_key: after },
    });
    const anew = await api.refuse("closeout.request_upload", { ticket: id, body: announce(file, after) });
    for (const { status, error } of [again, anew]) {
      assert.deepEqual([status, error.code, error["duplicate_of"]], [409, "EVIDENCE_DUPLICATE", named]);
      assert.ok(error.message.includes(`on ticket ${number} as ${before}`), error.message);
    }
  });

  test("is put right where it has the wrong key, and then stands for the right one alone", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    await addVerified(api, { ticket: id }, note);
    const [one, other] = [
      await record(api, id, photoFile("a slip"), after),
      await record(api, id, photoFile("more"), "photo_more"),
    ];
    const body = { kind: "PHOTO", uri: one.uri, evidence_key: before };
    const elsewhere = await api.refuse("closeout.add_evidence", { ticket: id, body: { ...body, corrects: other.id } });
    assert.partialDeepStrictEqual(elsewhere.error, {
      code: "INVALID_REQUEST",
      validation_errors: [{ path: "corrects", rule: "same_file" }],
    });
    assert.equal(
      (await api.run("closeout.add_evidence", { ticket: id, body: { ...body, corrects: one.id } })).duplicate_of,
      null,
    );
    const { error } = await api.refuse("tech.complete", { ticket: id, body: completion });
    assert.deepEqual(error["missing_evidence_keys"], [after]);
  });

  test("is refused on another ticket, which is named to those who may see it and to nobody else", async () => {
    const [one, other] = [await ticketIn(api, "IN_PROGRESS"), await ticketIn(api, "IN_PROGRESS")];
    const file = photoFile("of another door");
    await record(api, one.id, file, before);
    const { error } = await api.refuse("closeout.request_upload", { ticket: other.id, body: announce(file, before) });
    assert.partialDeepStrictEqual(error, { code: "EVIDENCE_DUPLICATE", duplicate_of: { ticket_id: one.id } });

    const techId = await addTechnician(api.owner, { zone: "NY" });
    const elsewhere = await ticketIn(api, "IN_PROGRESS", { accountId: borealis.id, siteId: borealis.albany, techId });
    const scoped = { headers: { "x-account-scope": borealis.id } };
    const hidden = await api.refuse("closeout.request_upload", {
      ticket: elsewhere.id,
      ...scoped,
      body: announce(file, before),
    });
    assert.deepEqual(hidden.error["duplicate_of"], {
      evidence_id: null,
      ticket_id: null,
      number: null,
      evidence_key: null,
    });
    assert.ok(!JSON.stringify(hidden.error).includes(one.id));
    assert.match(hidden.error.message, /on another ticket/);
  });

  test("is nobody's by a hash that was only named", async () => {
    const [one, other] = [await ticketIn(api, "IN_PROGRESS"), await ticketIn(api, "IN_PROGRESS")];
    const file = photoFile("taken at the door");
    const checksum = ` SHA256:${sha256(file.bytes).toUpperCase()} `;
    const claim = { kind: "PHOTO", uri: "s3://phone/never-sent.jpg", evidence_key: before, checksum };
    const named = await api.run("closeout.add_evidence", { ticket: one.id, body: claim });
    assert.deepEqual([named.verification, named.checksum], ["referenced", sha256(file.bytes)]);
    assert.partialDeepStrictEqual(await record(api, other.id, file, before), { verification: "verified" });
  });

  test("is no doubt about equal words or a standard form on two tickets, and one all the same on a single ticket", async () => {
    const form = {
      bytes: Buffer.from("%PDF-1.7\nTerms of work\n%%EOF\n"),
      contentType: "application/pdf",
      kind: "DOCUMENT",
    };
    const tickets = [await ticketIn(api, "IN_PROGRESS"), await ticketIn(api, "IN_PROGRESS")];
    for (const file of [noteFile("Adjusted and tested, 5 cycles."), form])
      for (const { id } of tickets) {
        const { duplicate_of, warnings } = await record(api, id, file, file === form ? "document_terms" : note);
        assert.deepEqual([duplicate_of, warnings], [null, undefined]);
        const { error } = await api.refuse("closeout.request_upload", { ticket: id, body: announce(file) });
        assert.partialDeepStrictEqual(error, { code: "EVIDENCE_DUPLICATE", duplicate_of: { ticket_id: id } });
      }
    const drawing = { bytes: strokes("the same hand"), contentType: "image/svg+xml", kind: "SIGNATURE" };
    const film = { bytes: media("isom", "mp41"), contentType: "video/mp4", kind: "VIDEO" };
    const [one, other] = tickets.map(({ id }) => id);
    for (const file of [drawing, film]) {
      await record(api, one ?? "", file);
      const { error } = await api.refuse("closeout.request_upload", { ticket: other ?? "", body: announce(file) });
      assert.partialDeepStrictEqual(error, { code: "EVIDENCE_DUPLICATE", duplicate_of: { ticket_id: one } });
    }
  });

  test("is recorded once by two who record it at the same moment", async () => {
    const tickets = [await ticketIn(api, "IN_PROGRESS"), await ticketIn(api, "IN_PROGRESS")];
    const file = photoFile("at the same moment");
    // Both are asked for, and sent, before either is on record.
    const uris = await Promise.all(tickets.map(({ id }) => store(api, { ticket: id }, file)));
    const holder = await api.owner.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", [sha256(file.bytes)]);
    const answers = Promise.all(
      tickets.map(({ id }, n) =>
        api.call("closeout.add_evidence", { ticket: id, body: { kind: "PHOTO", uri: uris[n] ?? "" } }),
      ),
    );
    // Of this database: files that copy theirs at this moment wait on the same server.
    const waiters = `SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`;
    const waiting = async () => (await api.owner.query(waiters)).rows.length;
    try {
      await eventually("both wait for whoever has the file in hand", async () => (await waiting()) === 2);
    } finally {
      await holder.query("ROLLBACK");
      holder.release();
    }
    assert.deepEqual((await answers).map(({ status }) => status).sort(), [201, 409]);
  });
});

test("in pilot the same file is kept, with a warning that names the earlier one, and stands for one key", async () => {
  const api = await startTestApi();
  const [one, other] = [await ticketIn(api, "IN_PROGRESS"), await ticketIn(api, "IN_PROGRESS")];
  const file = photoFile("an old picture");
  const first = await record(api, one.id, file, before);
  assert.deepEqual([first.duplicate_of, first.warnings], [null, undefined]);
  const second = await record(api, other.id, file, before);
  const { number } = await api.read("ticket.get", { ticket: one.id });
  const named = { evidence_id: first.id, ticket_id: one.id, number, evidence_key: before };
  assert.deepEqual(second.duplicate_of, named);
  assert.partialDeepStrictEqual(second.warnings, [{ code: "DUPLICATE_EVIDENCE", duplicate_of: named }]);
  const { evidence } = await api.read("closeout.list_evidence", { as: "qa", ticket: other.id });
  assert.deepEqual(
    evidence.map(({ duplicate_of }) => duplicate_of),
    [named],
  );
  // What lies elsewhere and claims the same bytes.
  const claimed = await api.run("closeout.add_evidence", {
    ticket: other.id,
    body: { kind: "PHOTO", uri: "s3://phone/x.jpg", checksum: `SHA256:${sha256(file.bytes).toUpperCase()}` },
  });
  assert.equal(claimed.duplicate_of?.ticket_id, other.id);
});

test("a repeated call that recorded another customer's file has its answer again, which names nothing of theirs", async () => {
  const api = await startTestApi();
  const file = photoFile("of another customer's door");
  await record(api, (await ticketIn(api, "IN_PROGRESS")).id, file, before);
  const techId = await addTechnician(api.owner, { zone: "NY" });
  const own = { accountId: borealis.id, siteId: borealis.albany, techId };
  const { id } = await ticketIn(api, "IN_PROGRESS", own);
  const uri = await store(api, { ticket: id }, file);
  const call = { ticket: id, key: randomUUID(), headers: { "x-account-scope": borealis.id } };
  const recorded = () => api.call("closeout.add_evidence", { ...call, body: { kind: "PHOTO", uri } });
  const [first, again] = [await recorded(), await recorded()];
  assert.deepEqual([first.status, again.status, again.headers["idempotency-replayed"]], [201, 201, "true"]);
  assert.equal(again.text, first.text);
  assert.match(first.text, /"duplicate_of":{"evidence_id":null/);
});

test("a film is read once, however much is added to its ticket meanwhile", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "IN_PROGRESS");
  const uri = await store(
    api,
    { ticket: id },
    { bytes: media("isom", "mp41"), contentType: "video/mp4", kind: "VIDEO" },
  );
  const objects = api.desk.store;
  const spend = objects.spend.bind(objects);
  let readings = 0;
  objects.spend = async (key) => {
    readings++;
    await spend(key);
    await api.run("ticket.add_note", { ticket: id, body: { text: `meanwhile, ${readings}` } });
  };
  const item = await api.run("closeout.add_evidence", { ticket: id, body: { kind: "VIDEO", uri } });
  assert.deepEqual([item.media_type, readings], ["video/mp4", 1]);
});

describe("what the camera says", async () => {
  const strict = await startTestApi({ profile: "strict" });
  // Pacific time is eight hours behind in March; the visit is at the clock's time.
  const clockTime = (api: TestApi, minutes: number) => new Date(Date.parse(api.clock.iso) + minutes * 60_000);
  const exifTime = (time: Date) => time.toISOString().slice(0, 19).replaceAll("-", ":").replace("T", " ");

  test("is kept: time with its offset, place, distance to the site and age", async () => {
    const { id } = await ticketIn(strict, "IN_PROGRESS");
    const taken = { at: exifTime(clockTime(strict, 60 - 5)), offset: "+01:00", lat: 37.801, lon: -122.27 };
    const item = await record(strict, id, shot("kept", taken), before);
    assert.equal(item.captured_at, `${clockTime(strict, -5).toISOString().slice(0, 19)}.000Z`);
    const { captured_offset, place, distance_m, age_minutes } = item;
    assert.deepEqual({ captured_offset, place }, { captured_offset: "+01:00", place: { lat: 37.801, lon: -122.27 } });
    assert.deepEqual([distance_m, age_minutes], [111, 5]);
    const { evidence } = await strict.read("closeout.list_evidence", { as: "qa", ticket: id });
    assert.partialDeepStrictEqual(evidence, [{ id: item.id, distance_m: 111, age_minutes: 5 }]);
  });

  test("is read by the site's zone where the camera tells no offset, and marked", async () => {
    const { id } = await ticketIn(strict, "IN_PROGRESS");
    const item = await record(
      strict,
      id,
      shot("by the zone", { at: exifTime(clockTime(strict, -8 * 60 - 10)) }),
      before,
    );
    assert.equal(item.captured_at, `${clockTime(strict, -10).toISOString().slice(0, 19)}.000Z`);
    assert.deepEqual([item.captured_offset, item.age_minutes], [null, 10]);
  });

  /** A ticket under way with all it needs but a photo after; the one before is taken by the site's clock. */
  const underWay = async (api: TestApi) => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    await record(api, id, shot(`${id} before`, { at: exifTime(clockTime(api, 0)), offset: "+00:00" }), before);
    await record(api, id, noteFile(`note of ${id}`), note);
    return id;
  };
  const complete = { checklist_status: fullChecklist, work: reportedWork, no_signature_reason: "nobody there" };
  for (const [what, minutes, reason] of [
    ["before the photo of the fault", -5, "NOT_AFTER"],
    ["long before the visit", -24 * 60, "OUTSIDE_VISIT"],
    ["long after it", 5 * 60, "OUTSIDE_VISIT"],
  ] as const)
    test(`in strict a photo of the finished work is missing where it was taken ${what}`, async () => {
      const id = await underWay(strict);
      const taken = { at: exifTime(clockTime(strict, minutes)), offset: "+00:00" };
      const late = await record(strict, id, shot(`${id} after`, taken), after);
      const { error } = await strict.refuse("tech.complete", { ticket: id, body: complete });
      assert.deepEqual(error["missing_evidence_keys"], [after]);
      assert.deepEqual(error["rejected_evidence"], [{ evidence_id: late.id, evidence_key: after, reason }]);
      strict.clock.advance(30);
      await record(strict, id, shot(`${id} new`, { at: exifTime(clockTime(strict, 0)), offset: "+00:00" }), after);
      await strict.run("tech.complete", { ticket: id, body: complete });
      // What is added later is held to the visit, not to the day of the check.
      strict.clock.advance(24 * 60);
      await strict.run("qa.verify", { as: "qa", ticket: id, body: { timestamp: strict.clock.iso, result: "PASS" } });
    });

  test("in pilot it counts, and both the technician and those who check are told", async () => {
    const api = await startTestApi();
    const id = await underWay(api);
    const late = await record(api, id, shot("after", { at: exifTime(clockTime(api, -5)), offset: "+00:00" }), after);
    const doubt = { evidence_id: late.id, evidence_key: after, reason: "NOT_AFTER" };
    const { warnings } = await api.run("tech.complete", { ticket: id, body: complete });
    assert.partialDeepStrictEqual(warnings, [{ code: "EVIDENCE_DOUBTFUL", evidence: [doubt] }]);
    const { packet } = await api.read("tech.job_packet", { as: "tech", ticket: id });
    assert.deepEqual(packet.closeout_gate["doubtful_evidence"], [doubt]);
    assert.deepEqual((await api.read("closeout.list_evidence", { as: "qa", ticket: id })).doubtful_evidence, [doubt]);
    const verified = await api.run("qa.verify", {
      as: "qa",
      ticket: id,
      body: { timestamp: api.clock.iso, result: "PASS" },
    });
    assert.deepEqual(verified.warnings, warnings);
  });

  test("of places leaves the desk with no document, and no customer reads it", async () => {
    const api = await startTestApi();
    const { id } = await ticketIn(api, "IN_PROGRESS");
    await addAllEvidence(api, id, "DOOR_WONT_LATCH", addReferenced);
    const techId = await addTechnician(api.owner, { zone: "NY" });
    const theirs = await ticketIn(api, "IN_PROGRESS", { accountId: borealis.id, siteId: borealis.albany, techId });
    const street = shot("here", { lat: 37.801234, lon: -122.27 });
    await record(api, theirs.id, street, "photo_of_their_street");
    const { duplicate_of } = await record(api, id, street, "photo_of_the_street");
    assert.equal(duplicate_of?.ticket_id, theirs.id);
    await api.run("tech.complete", { as: "tech", ticket: id, body: complete });
    await api.run("qa.verify", { as: "qa", ticket: id, body: { timestamp: api.clock.iso, result: "PASS" } });
    await api.run("billing.generate_invoice", { as: "finance", ticket: id });
    const { closeout_packet } = await api.run("ticket.close", { as: "finance", ticket: id });
    const packet = (await buffer((await api.desk.store.read(closeout_packet.object_key)) ?? assert.fail())).toString();
    assert.match(packet, /"media_type":"image\/jpeg"/);
    for (const told of [theirs.id, duplicate_of.number ?? "", "photo_of_their_street"])
      assert.ok(!packet.includes(told), `the packet tells ${told} of another customer`);
    const timeline = await api.call("ticket.timeline", { as: "customer", ticket: id });
    const { rows: sent } = await api.owner.query("SELECT * FROM outbox");
    for (const text of [packet, timeline.text, JSON.stringify(sent)]) {
      assert.ok(text.length > 1_000);
      assert.ok(!text.includes("37.801234") && !text.includes("distance_m"), text.slice(0, 200));
    }
    assert.equal((await api.refuse("closeout.list_evidence", { as: "customer", ticket: id })).status, 403);
  });
});
