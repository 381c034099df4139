// directory.search by what people know beside names, and likely twins.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reversedPhone } from "../../dispatch/directory/typed-phone.ts";
import { startTestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";

test("a phone number is looked for by its end, where what is typed is one", () => {
  const of = (typed: string) => reversedPhone(typed, "US");
  for (const typed of ["(510) 555-0188", "+1 510 555 0188", "510.555.0188 x12", "1-510-555-0188", "0015105550188"])
    assert.equal(of(typed), "8810555015", typed);
  assert.equal(of("0188"), "8810");
  assert.equal(of("5550188"), "8810555");
  for (const typed of ["Main St 5105550188", "188", "510-555-0188a", "", "()"]) assert.equal(of(typed), null, typed);
});

describe("the directory is searched", async () => {
  const api = await startTestApi();
  const { contact: kim } = await api.run("contact.upsert", {
    body: {
      account_id: acme.id,
      site_id: acme.oakland,
      name: "Kim Lee",
      phone: "+1 (510) 555-0188 ext 12",
      email: "Kim.Lee@acme.example",
      external_ref: { source: "odoo", id: "res.partner_77" },
    },
  });
  await api.run("asset.upsert", { body: { asset_id: acme.door, serial: "SN-48213" } });
  const { site: wien } = await api.run("site.upsert", {
    body: { account_id: borealis.id, name: "Wien Mitte", country: "AT", postal_code: "1030", address1: "Landstraße 1" },
  });
  const { contact: maria } = await api.run("contact.upsert", {
    body: { account_id: borealis.id, site_id: wien.id, name: "Maria Huber", phone: "01 5131234" },
  });
  await api.owner.query(
    "INSERT INTO contacts (id, account_id, name, phone) VALUES (gen_random_uuid(), $1, 'By SQL', '(415) 555-0132')",
    [acme.id],
  );
  const found = async (q: string, headers = {}) =>
    (await api.read("directory.search", { query: `q=${encodeURIComponent(q)}`, headers })).results.map(
      ({ name }) => name,
    );

  for (const [q, name] of [
    ["510 555 0188", "Kim Lee"],
    ["+15105550188", "Kim Lee"],
    ["(510) 555-0188 x12", "Kim Lee"],
    ["555-0188", "Kim Lee"],
    ["4155550132", "By SQL"],
    ["+43 1 5131234", "Maria Huber"],
    ["01/513 12 34", "Maria Huber"],
    ["kim.lee@ACME", "Kim Lee"],
    ["res.partner_77", "Kim Lee"],
    ["sn-48213", "Front door"],
    ["1030", "Wien Mitte"],
    ["landstraße", "Wien Mitte"],
    ["94607", "Acme Oakland"],
  ] as const)
    test(`by ${q}`, async () => assert.deepEqual(await found(q), [name]));

  test("within the caller's scope", async () => {
    for (const q of ["510 555 0188", "kim.lee@acme", "sn-48213"])
      assert.deepEqual(await found(q, { "x-account-scope": borealis.id }), [], q);
    assert.deepEqual(await found("555-0188", { "x-site-scope": acme.dallas }), []);
  });

  test("for likely twins", async () => {
    const twin = { account_id: acme.id, name: "Kim Leigh", phone: "510.555.0188x12" };
    const { contact: same } = await api.run("contact.upsert", { body: twin });
    const { site } = await api.run("site.upsert", {
      body: { account_id: borealis.id, name: "Vienna", address1: "landstraße, 1", postal_code: "10 30" },
    });
    const twins = async (id: string, headers = {}) =>
      (await api.read("directory.search", { query: `duplicates_of=${id}`, headers })).results.map(
        ({ id: one, matched }) => [one, matched],
      );
    assert.deepEqual(await twins(kim.id), [[same.id, ["phone"]]]);
    assert.deepEqual(await twins(wien.id), [[site.id, ["address"]]]);
    assert.deepEqual(await twins(maria.id), []);
    const refuse = async (id: string, headers = {}) =>
      (await api.refuse("directory.search", { query: `duplicates_of=${id}`, headers })).error.code;
    assert.equal(await refuse(kim.id, { "x-account-scope": borealis.id }), "FORBIDDEN_SCOPE");
    assert.equal(await refuse("00000000-0000-4000-8000-000000000000"), "NOT_FOUND");
  });
});
