// Finding a ticket by what a caller says: phone number, e-mail, address, words in any of their forms, ticket number; and one call
// written down in several ways as one ticket.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { acme, addSite } from "../support/directory.ts";

const call = {
  account_id: acme.id,
  site_id: acme.oakland,
  summary: "Closer leaks at Acme - Harbor store",
  incident_type: "CLOSER_LEAKING_OR_SLAMMING",
  customer_name: "M. O'Hara",
  contact_phone: "(510) 555-0142",
  contact_email: "Mary-Ann.Ohara@Example.org",
  priority: "ROUTINE",
  identity_confidence: 99,
  classification_confidence: 99,
  sop_handoff_acknowledged: true,
};

describe("ticket.search", async () => {
  const api = await startTestApi();
  await api.owner.query(
    "UPDATE sites SET address1 = '100 Demo Drive', postal_code = '94607', city = 'Oakland', region = 'CA' WHERE id = $1",
    [acme.oakland],
  );
  const elsewhere = await addSite(api.owner);
  const wanted = await api.run("ticket.blind_intake", { body: call });
  const german = await api.run("ticket.blind_intake", {
    body: {
      ...call,
      site_id: elsewhere,
      summary: "Gate",
      customer_name: "Kim",
      contact_phone: "+49 30 1234567",
      contact_email: "k@x.de",
    },
  });
  const inside = await api.run("ticket.blind_intake", {
    body: {
      ...call,
      site_id: elsewhere,
      summary: "Hatch",
      customer_name: "Ed",
      contact_phone: "415-555-0144 ext. 12",
      contact_email: undefined,
    },
  });
  for (const q of ["4155550144", "415-555-0144 x12", "+1 415 555 0144", "415-555-0144 ext. 12", "555-0144"])
    test(`finds a number with an extension by ${q}`, async () => assert.ok((await find(q)).includes(inside.id)));
  test("keeps a number with its extension apart, so that it can be dialled", () =>
    assert.equal(inside.customer_phone, "+14155550144x12"));
  const berlin = await addSite(api.owner);
  await api.owner.query("UPDATE sites SET country = ' de ' WHERE id = $1", [berlin]);
  const local = await api.run("ticket.blind_intake", {
    body: {
      ...call,
      site_id: berlin,
      summary: "Tor",
      customer_name: "Jo",
      contact_phone: "030 7654321",
      contact_email: undefined,
    },
  });
  const find = async (q: string) =>
    (await api.read("ticket.search", { query: new URLSearchParams({ q }).toString() })).tickets.map(({ id }) => id);

  for (const q of [
    "510-555-0142",
    "5105550142",
    "(510) 555-0142",
    "510.555.0142",
    "+1 510 555 0142",
    "1-510-555-0142",
    "555-0142",
    "5550142",
    "harbor 510 555 0142",
    "mary-ann.ohara@example.org",
    "MARY-ANN.OHARA@EXAMPLE.ORG",
    "100 Demo Drive",
    "100 demo drive, Oakland, CA 94607",
    "Acme - Harbor",
    "acme -harbor",
    "Acme-Harbor",
    "Acme – Harbor",
    "leak",
    "leaks",
    "leaking",
    "stores",
    '"closer leaks"',
    '"Acme - Harbor"',
    "O'Hara",
    wanted.number,
    wanted.number.toLowerCase(),
    `T-${Number(wanted.number.slice(2))}`,
    `${wanted.number} leak`,
  ]) {
    test(`finds the ticket by ${q}`, async () => assert.deepEqual(await find(q), [wanted.id]));
  }

  for (const q of ["+49 30 1234567", "0049301234567", "49 30 1234567", "30 1234567"]) {
    test(`finds a number of another country by ${q}`, async () => assert.deepEqual(await find(q), [german.id]));
  }

  for (const q of [
    "030 7654321",
    "030/765 43 21",
    "+49 30 7654321",
    "0049 30 7654321",
    "(030) 7654-321",
    "30 7654321",
  ]) {
    test(`finds a number written as at home in the site's country by ${q}`, async () =>
      assert.deepEqual(await find(q), [local.id]));
  }

  for (const q of [
    "510-555-0143",
    "harbor leak gate",
    '"leaks closer"',
    "T-999999",
    "mary@example.org",
    "-",
    '""',
    "…",
  ]) {
    test(`finds nothing by ${q}`, async () => assert.deepEqual(await find(q), []));
  }
});

describe("one call", async () => {
  const api = await startTestApi();
  const first = { ...call, summary: "Lobby door won't latch", customer_name: "Rob Lee", contact_phone: "510-555-0177" };
  const { id } = await api.run("ticket.blind_intake", { body: first });

  for (const [how, over] of [
    ["with the country's code", { contact_phone: "+1 (510) 555-0177" }],
    ["with the country's code and no plus", { contact_phone: "1 510 555 0177" }],
    ["with dots", { contact_phone: "510.555.0177" }],
    ["with a full stop and two spaces", { summary: "Lobby  door won't latch." }],
    ["without the apostrophe", { summary: "Lobby door wont latch" }],
    ["with a dash", { summary: "Lobby door - won’t latch!" }],
    ["in capitals", { summary: "LOBBY DOOR WON'T LATCH", customer_name: "ROB LEE" }],
    ["with a comma in the name", { customer_name: "Rob,  Lee" }],
    ["with the e-mail in other letters", { contact_email: " MARY-ANN.OHARA@example.ORG " }],
  ] as const) {
    test(`written ${how} is the same`, async () => {
      const { status, error } = await api.refuse("ticket.blind_intake", { body: { ...first, ...over } });
      assert.deepEqual([status, error.code, error["duplicate_ticket_id"]], [409, "DUPLICATE_INTAKE", id]);
    });
  }

  for (const [how, over] of [
    ["from another number", { contact_phone: "510-555-0178" }],
    ["from an extension of the number", { contact_phone: "510-555-0177 ext. 12" }],
    ["about another door", { summary: "Lobby door 2 won't latch" }],
    ["by somebody else", { customer_name: "Bob Lee" }],
  ] as const) {
    test(`${how} is another`, async () => {
      const other = await api.run("ticket.blind_intake", { body: { ...first, ...over } });
      assert.notEqual(other.id, id);
    });
  }

  test("is known by its number as it is read in the site's country", async () => {
    const site_id = await addSite(api.owner);
    await api.owner.query("UPDATE sites SET country = 'DE' WHERE id = $1", [site_id]);
    const body = { ...first, site_id, contact_phone: "030 1234567" };
    const before = await api.run("ticket.blind_intake", { body });
    for (const contact_phone of ["+49 30 1234567", "0049 30 123 45 67", "(030) 1234-567"]) {
      const { error } = await api.refuse("ticket.blind_intake", { body: { ...body, contact_phone } });
      assert.deepEqual([error.code, error["duplicate_ticket_id"]], ["DUPLICATE_INTAKE", before.id], contact_phone);
    }
    // In the United States, where no country is said, that is no number, and the other one another.
    const american = { ...body, site_id: await addSite(api.owner) };
    const one = await api.run("ticket.blind_intake", { body: american });
    const other = await api.run("ticket.blind_intake", { body: { ...american, contact_phone: "+49 30 1234567" } });
    assert.notEqual(one.id, other.id);
  });

  test("that a release before took is known by the signature clients see", async () => {
    const body = { ...first, summary: "Gate stuck" };
    const before = await api.run("ticket.blind_intake", { body });
    await api.owner.query("DELETE FROM intake_calls WHERE ticket_id = $1", [before.id]);
    const { error } = await api.refuse("ticket.blind_intake", { body });
    assert.equal(error["duplicate_ticket_id"], before.id);
  });

  test("in five writings at the same moment is one ticket", async () => {
    const writings = ["510-555-0199", "(510) 555-0199", "+15105550199", "1.510.555.0199", "510 555 0199"];
    const replies = await Promise.all(
      writings.map((contact_phone) => api.call("ticket.blind_intake", { body: { ...first, contact_phone } })),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409, 409, 409, 409]);
  });
});
