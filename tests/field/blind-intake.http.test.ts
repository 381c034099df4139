// ticket.blind_intake: how certain it must be who called and what is wrong, when the same call made twice is one ticket,
// and the guard that holds an uncertain one back later.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import type { AccountId, SiteId } from "../../dispatch/contract/ids.ts";
import { signatureWithoutPhone } from "../../dispatch/field/identity-signature.ts";
import { startTestApi, type Refused } from "../support/api.ts";
import { acme, addSite, borealis } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { idNamed } from "../support/ids.ts";

const call = {
  account_id: acme.id,
  site_id: acme.oakland,
  summary: "Shop front will not lock",
  incident_type: "cannot_secure_entry",
  customer_name: "Kim Lee",
  contact_phone: "+1 (510) 555-0100",
  priority: "emergency",
  identity_confidence: 85,
  classification_confidence: 85,
  sop_handoff_acknowledged: true,
};
let callers = 0;
/** A call nobody made before. */
const newCall = (over: object = {}) => ({ ...call, customer_name: `Caller ${++callers}`, ...over });

describe("a blind intake", async () => {
  const api = await startTestApi();

  const rows: readonly (readonly [string, object, boolean])[] = [
    ["everything just certain enough", {}, true],
    ["everything certain", { identity_confidence: 100, classification_confidence: 100 }, true],
    ["the caller not quite certain", { identity_confidence: 84.99 }, false],
    ["the incident type not quite certain", { classification_confidence: 84.99 }, false],
    ["the hand-off not acknowledged", { sop_handoff_acknowledged: false }, false],
    ["nothing said of the hand-off", { sop_handoff_acknowledged: undefined }, false],
  ];
  for (const [what, over, ready] of rows) {
    test(`with ${what} is ${ready ? "ready to schedule" : "only triaged"}`, async () => {
      const ticket = await api.run("ticket.blind_intake", { as: "agent", body: newCall(over) });
      assert.deepEqual(
        [ticket.state, ticket.sop_handoff_required, ticket.version],
        [ready ? "READY_TO_SCHEDULE" : "TRIAGED", !ready, 0],
      );
      if (ready) assert.equal(ticket.sop_handoff_prompt, null);
      else assert.match(ticket.sop_handoff_prompt ?? "", /^SOP handoff.*CANNOT_SECURE_ENTRY/);
    });
  }

  test("keeps the caller's own prompt behind the words that mark one", async () => {
    for (const [own, kept] of [
      ["ask for the alarm code", "SOP handoff: ask for the alarm code"],
      ["SOP handoff, page 3", "SOP handoff, page 3"],
    ]) {
      const body = newCall({ identity_confidence: 1, sop_handoff_prompt: own });
      assert.equal((await api.run("ticket.blind_intake", { body })).sop_handoff_prompt, kept);
    }
  });

  test("keeps contacts in one form, certainty in whole numbers, and words as they were said", async () => {
    const ticket = await api.run("ticket.blind_intake", {
      body: newCall({
        summary: "  Shop FRONT open ",
        contact_email: "  Kim@Example.COM ",
        identity_confidence: 99.9,
        classification_confidence: 0.9,
        nte_cents: 5,
        description: "since\nten",
      }),
    });
    const {
      summary,
      customer_phone,
      customer_email,
      identity_confidence,
      classification_confidence,
      priority,
      incident_type,
      nte_cents,
      description,
    } = ticket;
    assert.deepEqual(
      {
        summary,
        customer_phone,
        customer_email,
        identity_confidence,
        classification_confidence,
        priority,
        incident_type,
        nte_cents,
        description,
      },
      {
        summary: "Shop FRONT open",
        customer_phone: "15105550100",
        customer_email: "kim@example.com",
        identity_confidence: 99,
        classification_confidence: 0,
        priority: "EMERGENCY",
        incident_type: "CANNOT_SECURE_ENTRY",
        nte_cents: 5,
        description: "since\nten",
      },
    );
  });

  test("has a signature anybody can work out from what was said", async () => {
    const body = newCall({ summary: "Shop FRONT  open", customer_name: "Kim LEE the 3rd", contact_email: "KIM@x.org" });
    const { identity_signature } = await api.run("ticket.blind_intake", { body });
    const canonical = JSON.stringify({
      account_id: acme.id,
      contact_email: "kim@x.org",
      contact_phone: "15105550100",
      customer_name: "kim lee the 3rd",
      incident_type: "CANNOT_SECURE_ENTRY",
      site_id: acme.oakland,
      summary: "shop front  open",
    });
    assert.equal(identity_signature, createHash("sha256").update(canonical).digest("hex"));
  });

  const refused: readonly (readonly [string, object, string, number])[] = [
    ["no contact at all", { contact_phone: undefined }, "BLIND_INTAKE_VALIDATION_FAILED", 400],
    ["blank contacts", { contact_phone: " ", contact_email: "" }, "INVALID_REQUEST", 400],
    ["six digits of a phone number", { contact_phone: "55-50-10" }, "INVALID_REQUEST", 400],
    ["seventeen digits", { contact_phone: "12345678901234567" }, "INVALID_REQUEST", 400],
    ["an address without @", { contact_email: "kim.example.com" }, "INVALID_REQUEST", 400],
    ["an address with two", { contact_email: "kim@lee@example.com" }, "INVALID_REQUEST", 400],
    ["an address with a space", { contact_email: "kim lee@example.com" }, "INVALID_REQUEST", 400],
    ["more than certain", { identity_confidence: 100.1 }, "INVALID_REQUEST", 400],
    ["less than uncertain", { classification_confidence: -1 }, "INVALID_REQUEST", 400],
    ["certainty in words", { identity_confidence: "high" }, "INVALID_REQUEST", 400],
    ["an unknown priority", { priority: "SOON" }, "INVALID_REQUEST", 400],
    ["an unknown account", { account_id: "00000000-0000-4000-8000-000000000000" }, "ACCOUNT_NOT_FOUND", 404],
    ["another account's site", { site_id: borealis.albany }, "SITE_NOT_FOUND", 404],
  ];
  for (const [what, over, code, status] of refused) {
    test(`with ${what} is ${code}`, async () => {
      const { status: answered, error } = await api.refuse("ticket.blind_intake", { body: newCall(over) });
      assert.deepEqual([answered, error.code], [status, code], JSON.stringify(error));
    });
  }

  test("is only for places in the caller's scope", async () => {
    for (const headers of [{ "x-account-scope": borealis.id }, { "x-site-scope": acme.dallas }]) {
      assert.equal(
        (await api.refuse("ticket.blind_intake", { headers, body: newCall() })).error.code,
        "FORBIDDEN_SCOPE",
      );
    }
  });
});

describe("the same call made twice", async () => {
  const api = await startTestApi();
  const intake = (body: object) => api.run("ticket.blind_intake", { body });
  const duplicate = (body: object): Promise<Refused> => api.refuse("ticket.blind_intake", { body });

  test("is one ticket, however it is spelled", async () => {
    const body = newCall();
    const first = await intake(body);
    const spellings = [
      body,
      { ...body, summary: ` ${body.summary.toUpperCase()}`, customer_name: body.customer_name.toLowerCase() },
      {
        ...body,
        contact_phone: "1-510-5550100",
        incident_type: "Cannot_Secure_Entry",
        account_id: body.account_id.toUpperCase(),
      },
      { ...body, priority: "ROUTINE", identity_confidence: 3, description: "again", nte_cents: 9 },
    ];
    for (const spelling of spellings) {
      const { status, error } = await duplicate(spelling);
      const {
        code,
        duplicate_ticket_id,
        duplicate_ticket_state,
        duplicate_created_at,
        identity_signature,
        duplicate_within_minutes,
      } = error;
      assert.deepEqual(
        {
          status,
          code,
          duplicate_ticket_id,
          duplicate_ticket_state,
          duplicate_created_at,
          identity_signature,
          duplicate_within_minutes,
        },
        {
          status: 409,
          code: "DUPLICATE_INTAKE",
          duplicate_ticket_id: first.id,
          duplicate_ticket_state: "READY_TO_SCHEDULE",
          duplicate_created_at: first.created_at,
          identity_signature: first.identity_signature,
          duplicate_within_minutes: 120,
        },
      );
    }
  });

  test("is another ticket when anything that makes it is another", async () => {
    const body = newCall();
    await intake(body);
    const site_id = await addSite(api.owner);
    for (const over of [
      { site_id },
      { incident_type: "DOOR_WONT_LATCH" },
      { summary: "Back door" },
      { customer_name: "Lee" },
      { contact_phone: "5105550101" },
      { contact_email: "k@x.org" },
    ]) {
      await intake({ ...body, ...over });
    }
  });

  test("that was put right since is known in both writings", async () => {
    const body = newCall({ summary: "Dor stuck", incident_type: "DOOR_WONT_LATCH" });
    const { id } = await intake(body);
    await api.run("ticket.update", {
      ticket: id,
      body: { summary: "Door stuck", incident_type: "HARDWARE_REPLACEMENT" },
    });
    const right = { ...body, summary: "Door stuck", incident_type: "HARDWARE_REPLACEMENT" };
    for (const again of [right, body, { ...right, contact_phone: "510.555.0100" }])
      assert.equal((await duplicate(again)).error["duplicate_ticket_id"], id);
  });

  test("is another ticket when the first is over: cancelled, or taken longer ago than the window", async () => {
    const body = newCall();
    const first = await intake(body);
    await api.run("ticket.cancel", { ticket: first.id, body: { reason: "a prank" } });
    const second = await intake(body);
    api.clock.advance(119);
    assert.equal((await duplicate(body)).error["duplicate_ticket_id"], second.id);
    api.clock.advance(2);
    await intake(body);
  });

  test("has the window the settings give it", async (t) => {
    const brief = await startTestApi({ t, beside: api, env: { DISPATCH_INTAKE_DUPLICATE_WINDOW_MINUTES: "5" } });
    const body = newCall();
    await brief.run("ticket.blind_intake", { body });
    api.clock.advance(4);
    assert.equal((await brief.refuse("ticket.blind_intake", { body })).error["duplicate_within_minutes"], 5);
    api.clock.advance(2);
    await brief.run("ticket.blind_intake", { body });
  });

  test("at the same moment, twenty times over two processes, is one ticket and nineteen refusals on record", async (t) => {
    const beside = await startTestApi({ t, beside: api });
    const body = newCall();
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? api : beside).call("ticket.blind_intake", { body })),
    );
    assert.equal(replies.filter(({ status }) => status === 201).length, 1);
    const refusals = replies.filter(({ status, text }) => status === 409 && text.includes("DUPLICATE_INTAKE"));
    assert.equal(refusals.length, 19, replies.map(({ text }) => text).join("\n"));
    const { rows } = await api.owner.query<{ id: string }>("SELECT id FROM tickets WHERE customer_name = $1", [
      body.customer_name,
    ]);
    assert.equal(rows.length, 1);
    const recorded = async () => {
      const {
        rows: [sum],
      } = await api.owner.query<{ count: number }>(
        "SELECT coalesce(sum(count), 0)::int AS count FROM rejections WHERE code = 'DUPLICATE_INTAKE' AND aggregate_id = $1",
        [rows[0]?.id],
      );
      return sum?.count;
    };
    await eventually("nineteen refusals are on record", async () => (await recorded()) === 19);
    const {
      rows: [detail],
    } = await api.owner.query<{ detail: object }>("SELECT detail FROM rejections WHERE aggregate_id = $1 LIMIT 1", [
      rows[0]?.id,
    ]);
    assert.ok(Object.hasOwn(detail?.detail ?? {}, "identity_signature"), "an operator can see what it was");
  });

  test("waits for the one under way and says so when that takes too long", async (t) => {
    const hasty = await startTestApi({ t, beside: api, env: { DISPATCH_DB_LOCK_TIMEOUT_MS: "30" } });
    const body = newCall();
    const same = signatureWithoutPhone({
      accountId: idNamed<AccountId>(acme.id),
      siteId: idNamed<SiteId>(acme.oakland),
      incidentType: body.incident_type,
      summary: body.summary,
      customerName: body.customer_name,
      contactPhone: null,
      contactEmail: null,
    });
    const other = await api.owner.connect();
    t.after(() => other.release());
    // The same call, taken elsewhere and not committed yet.
    await other.query("BEGIN");
    await other.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [same]);
    const { status, error, headers } = await hasty.refuse("ticket.blind_intake", { body });
    await other.query("ROLLBACK");
    assert.deepEqual([status, error.code, headers["retry-after"]], [409, "IDEMPOTENCY_IN_FLIGHT", "1"]);
  });
});

describe("triage of a blind ticket to scheduling", async () => {
  const api = await startTestApi();
  const ready = { priority: "URGENT", incident_type: "CANNOT_SECURE_ENTRY", workflow_outcome: "READY_TO_SCHEDULE" };
  const uncertain = async (over: object) => (await api.run("ticket.blind_intake", { body: newCall(over) })).id;

  const rows: readonly (readonly [object, string, object])[] = [
    [
      { identity_confidence: 10, classification_confidence: 20, sop_handoff_acknowledged: false },
      "LOW_IDENTITY_CONFIDENCE",
      { evidence: "identity_confidence", value: 10, threshold: 85 },
    ],
    [
      { identity_confidence: 90, classification_confidence: 20, sop_handoff_acknowledged: false },
      "LOW_CLASSIFICATION_CONFIDENCE",
      { evidence: "classification_confidence", value: 20, threshold: 85 },
    ],
    [
      { identity_confidence: 90, classification_confidence: 90, sop_handoff_acknowledged: false },
      "SOP_HANDOFF_REQUIRED",
      { evidence: "sop_handoff_acknowledged" },
    ],
  ];
  for (const [over, code, expected] of rows) {
    test(`is held back by ${code} first`, async () => {
      const { status, error } = await api.refuse("ticket.triage", { ticket: await uncertain(over), body: ready });
      assert.equal(status, 409);
      assert.partialDeepStrictEqual(error, { code, ...expected });
      if (code === "SOP_HANDOFF_REQUIRED") assert.match(String(error["sop_handoff_prompt"]), /SOP/);
    });
  }

  test("goes on once the hand-off is acknowledged, then or before", async () => {
    const doubtful = { sop_handoff_acknowledged: false };
    const id = await uncertain(doubtful);
    const ticket = await api.run("ticket.triage", { ticket: id, body: { ...ready, sop_handoff_acknowledged: true } });
    const { state, sop_handoff_required, sop_handoff_acknowledged, sop_handoff_prompt } = ticket;
    assert.deepEqual(
      [state, sop_handoff_required, sop_handoff_acknowledged, sop_handoff_prompt],
      ["READY_TO_SCHEDULE", false, true, null],
    );

    const asked = await uncertain(doubtful);
    await api.run("ticket.request_info", { ticket: asked, body: { questions: ["Is it really you?"] } });
    const triaged = await api.run("ticket.triage", {
      ticket: asked,
      body: { ...ready, workflow_outcome: "TRIAGED", sop_handoff_acknowledged: true },
    });
    assert.deepEqual([triaged.state, triaged.sop_handoff_acknowledged], ["TRIAGED", true]);
    await api.run("ticket.triage", { ticket: asked, body: ready });
  });

  test("may always ask for approval, and is free for a ticket that was not blind", async () => {
    const id = await uncertain({ identity_confidence: 0 });
    await api.run("ticket.triage", { ticket: id, body: { ...ready, workflow_outcome: "APPROVAL_REQUIRED" } });
    const known = await api.run("ticket.create", {
      body: { account_id: acme.id, site_id: acme.oakland, summary: "Door" },
    });
    await api.run("ticket.triage", { ticket: known.id, body: ready });
  });

  test("follows the thresholds of the settings", async (t) => {
    const env = {
      DISPATCH_INTAKE_IDENTITY_CONFIDENCE_THRESHOLD: "10",
      DISPATCH_INTAKE_CLASSIFICATION_CONFIDENCE_THRESHOLD: "20",
    };
    const lenient = await startTestApi({ t, beside: api, env });
    const { state } = await lenient.run("ticket.blind_intake", {
      body: newCall({ identity_confidence: 10, classification_confidence: 20 }),
    });
    assert.equal(state, "READY_TO_SCHEDULE");
    const { error } = await lenient.refuse("ticket.triage", {
      ticket: await uncertain({ identity_confidence: 9 }),
      body: ready,
    });
    assert.deepEqual([error.code, error["threshold"]], ["LOW_IDENTITY_CONFIDENCE", 10]);
  });
});
