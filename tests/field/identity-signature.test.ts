import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { AccountId, SiteId } from "../../dispatch/contract/ids.ts";
import {
  identitySignature,
  normalizeEmail,
  normalizePhone,
  type IdentityParts,
} from "../../dispatch/field/identity-signature.ts";
import { idNamed } from "../support/ids.ts";

const call: IdentityParts = {
  accountId: idNamed<AccountId>("AAAAAAAA-0000-4000-8000-000000000001"),
  siteId: idNamed<SiteId>("BBBBBBBB-0000-4000-8000-000000000002"),
  incidentType: "cannot_secure_entry",
  summary: "Front Door won't LOCK",
  customerName: "Ana Gómez",
  contactPhone: "15105550100",
  contactEmail: "ana@example.com",
};

describe("identitySignature", () => {
  it("hashes the folded parts with sorted keys", () => {
    const text =
      '{"account_id":"aaaaaaaa-0000-4000-8000-000000000001","contact_email":"ana@example.com","contact_phone":"15105550100",' +
      '"customer_name":"ana gómez","incident_type":"CANNOT_SECURE_ENTRY","site_id":"bbbbbbbb-0000-4000-8000-000000000002",' +
      '"summary":"front door won\'t lock"}';
    assert.equal(identitySignature(call), createHash("sha256").update(text, "utf8").digest("hex"));
  });

  for (const [what, other] of [
    [
      "case",
      {
        summary: "FRONT door WON'T lock",
        incidentType: "Cannot_Secure_Entry",
        customerName: "ANA GÓMEZ",
        contactEmail: "ANA@example.com",
      },
    ],
    [
      "outer space",
      { summary: "  Front Door won't LOCK\n", customerName: " Ana Gómez ", incidentType: " CANNOT_SECURE_ENTRY" },
    ],
    [
      "ids in lower case",
      {
        accountId: idNamed<AccountId>(call.accountId.toLowerCase()),
        siteId: idNamed<SiteId>(call.siteId.toLowerCase()),
      },
    ],
    ["the way a phone is written", { contactPhone: "+1 (510) 555-0100" }],
  ] as const) {
    it(`does not depend on ${what}`, () =>
      assert.equal(identitySignature({ ...call, ...other }), identitySignature(call)));
  }

  it("differs with every single part", () => {
    const others: Partial<IdentityParts>[] = [
      { accountId: idNamed<AccountId>(call.siteId) },
      { siteId: idNamed<SiteId>(call.accountId) },
      { incidentType: "DOOR_WONT_LATCH" },
      { summary: "back door" },
      { customerName: "Ben" },
      { contactPhone: null },
      { contactEmail: null },
      { contactPhone: "25105550100" },
      { contactEmail: "ben@example.com" },
    ];
    const signatures = others.map((other) => identitySignature({ ...call, ...other }));
    assert.equal(new Set([...signatures, identitySignature(call)]).size, others.length + 1);
  });

  it("takes a blank contact for none", () => {
    assert.equal(identitySignature({ ...call, contactEmail: " " }), identitySignature({ ...call, contactEmail: null }));
  });
});

describe("normalizePhone", () => {
  for (const [raw, value] of [
    ["+1 (510) 555-0100", "15105550100"],
    ["5550100", "5550100"],
    ["1234567890123456", "1234567890123456"],
    ["", null],
    ["  ", null],
    [null, null],
    [undefined, null],
  ] as const) {
    it(`${JSON.stringify(raw)} is ${value}`, () => assert.deepEqual(normalizePhone(raw), { ok: true, value }));
  }
  for (const raw of ["555010", "12345678901234567", "call me", "٥٥٥٠١٠٠"]) {
    it(`refuses ${raw}`, () => assert.equal(normalizePhone(raw).ok, false));
  }
});

describe("normalizeEmail", () => {
  for (const [raw, value] of [
    [" Ana@Example.COM ", "ana@example.com"],
    ["", null],
    [null, null],
  ] as const) {
    it(`${JSON.stringify(raw)} is ${value}`, () => assert.deepEqual(normalizeEmail(raw), { ok: true, value }));
  }
  for (const raw of ["ana", "ana@@example.com", "ana@x@y", "an a@example.com", "@example.com", "ana@"]) {
    it(`refuses ${raw}`, () => assert.equal(normalizeEmail(raw).ok, false));
  }
});
