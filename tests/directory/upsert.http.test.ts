// The upserts of accounts, sites, contacts and assets: found by id or reference, changed by what is given, refused with the way out.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { upsertFixtures } from "../../dispatch/ops/bootstrap/demo-rows.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi } from "../support/api.ts";
import { acme, ana, ben, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const ref = (id: string = randomUUID()) => ({ source: "odoo", id });

describe("the directory's upserts", async () => {
  const api = await startTestApi();
  const faults = async (...call: Parameters<typeof api.refuse>) => {
    const { status, error } = await api.refuse(...call);
    return [status, error.code, JSON.stringify(error["validation_errors"] ?? "")];
  };

  test("make a row once, change only what is given, and say which", async () => {
    const external_ref = ref();
    const made = await api.run("account.upsert", {
      body: { external_ref, name: "Cedar Clinics", billing: { email: " AP@Cedar.EXAMPLE " }, notes: "Long drive" },
    });
    assert.deepEqual([made.outcome, made.account.version], ["created", 0]);
    assert.equal(made.account.billing.email, "AP@cedar.example");
    const changed = await api.run("account.upsert", {
      as: "finance",
      body: { external_ref, billing: { name: "Accounts payable" }, notes: null, payment_terms_days: 45 },
    });
    assert.deepEqual([changed.account.id, changed.account.version], [made.account.id, 1]);
    assert.deepEqual(changed.changed.toSorted(), ["billing.name", "notes", "payment_terms_days"]);
    assert.deepEqual(changed.account.billing, {
      name: "Accounts payable",
      email: "AP@cedar.example",
      address: null,
      purchase_order_required: false,
    });
    assert.deepEqual([changed.account.notes, changed.account.name], [null, "Cedar Clinics"]);
    const again = await api.run("account.upsert", { body: { account_id: made.account.id, payment_terms_days: 45 } });
    assert.deepEqual([again.outcome, again.changed, again.account.version], ["unchanged", [], 1]);
  });

  test("of one reference at the same moment make one row", async () => {
    const external_ref = ref();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        api.run("site.upsert", { body: { external_ref, account_id: acme.id, name: `Pier ${n}` } }),
      ),
    );
    assert.equal(new Set(answers.map(({ site }) => site.id)).size, 1);
    assert.equal(answers.filter(({ outcome }) => outcome === "created").length, 1);
    const { rows } = await api.owner.query("SELECT count(*)::int AS n FROM sites WHERE external_id = $1", [
      external_ref.id,
    ]);
    assert.deepEqual(rows, [{ n: 1 }]);
  });

  test("of the demo's rows are no bootstrap's to undo, which refreshes what no command has changed", async () => {
    const db = openDatabase({
      url: api.databaseUrl,
      poolMax: 1,
      applicationName: "test",
      role: null,
      statementTimeoutMs: 60_000,
      lockTimeoutMs: 60_000,
      onError: () => undefined,
    });
    try {
      const { fixtures } = await upsertFixtures(db, api.desk.settings);
      const { account_id, site_id } = fixtures;
      const contact_id = String(fixtures.contact?.["id"]);
      await api.owner.query("UPDATE contacts SET name = 'Written past the commands' WHERE id = $1", [contact_id]);
      await api.run("account.upsert", { body: { account_id, name: "Own Name" } });
      await api.run("site.upsert", { body: { site_id, name: "Own Site" } });
      const again = (await upsertFixtures(db, api.desk.settings)).fixtures;
      assert.deepEqual(
        [again.account?.["name"], again.site?.["name"], again.contact],
        ["Own Name", "Own Site", fixtures.contact],
      );
      assert.equal((await api.read("account.get", { account: account_id })).account.name, "Own Name");
      await api.run("contact.upsert", { body: { contact_id, name: "Own Contact" } });
      assert.equal((await upsertFixtures(db, api.desk.settings)).fixtures.contact?.["name"], "Own Contact");
      assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
    } finally {
      await db.close();
    }
  });

  test("keep a reference at one row", async () => {
    const [mine, other] = [ref(), ref()];
    const { contact } = await api.run("contact.upsert", {
      body: { external_ref: mine, account_id: acme.id, name: "Kim" },
    });
    await api.run("contact.upsert", { body: { external_ref: other, account_id: acme.id, name: "Lou" } });
    for (const body of [
      { contact_id: contact.id, external_ref: other },
      { contact_id: randomUUID(), external_ref: mine, account_id: acme.id, name: "Kim" },
    ])
      assert.match((await faults("contact.upsert", { body })).join(), /400,INVALID_REQUEST.*external_ref.*unique/);
    const { contact: moved } = await api.run("contact.upsert", {
      body: { contact_id: contact.id, external_ref: null },
    });
    assert.equal(moved.external_ref, null);
    assert.equal(
      (await api.run("contact.upsert", { body: { external_ref: mine, account_id: acme.id, name: "New" } })).outcome,
      "created",
    );
  });

  test("refuse what was changed since it was read", async () => {
    const { asset } = await api.run("asset.upsert", { body: { site_id: acme.oakland, name: "Gate" } });
    await api.run("asset.upsert", { body: { asset_id: asset.id, make: "LCN", expected_version: 0 } });
    const { status, error } = await api.refuse("asset.upsert", {
      body: { asset_id: asset.id, make: "Dorma", expected_version: 0 },
    });
    assert.deepEqual([status, error.code, error["current_version"]], [409, "VERSION_CONFLICT", 1]);
    const missing = { asset_id: randomUUID(), site_id: acme.oakland, name: "None", expected_version: 0 };
    assert.equal((await api.refuse("asset.upsert", { body: missing })).error["current_version"], null);
  });

  test("read one phone number in three writings, and keep the first", async () => {
    const external_ref = ref();
    const body = { external_ref, account_id: acme.id, site_id: acme.oakland, name: "Kim Lee" };
    const { contact } = await api.run("contact.upsert", { body: { ...body, phone: "(510) 555-0188 ext. 12" } });
    const told = [contact.phone, contact.phone_e164, contact.phone_extension];
    assert.deepEqual(told, ["(510) 555-0188 ext. 12", "+15105550188", "12"]);
    for (const phone of ["+1 510 555 0188 x12", "510.555.0188x12"])
      assert.equal((await api.run("contact.upsert", { body: { ...body, phone } })).outcome, "unchanged", phone);
    const other = await api.run("contact.upsert", { body: { ...body, phone: "510 555 0188" } });
    assert.deepEqual([other.changed, other.contact.phone_extension], [["phone"], null]);
  });

  test("read a number in the site's country", async () => {
    const { site } = await api.run("site.upsert", {
      body: { account_id: acme.id, name: "Wien", country: "AT", region: "WIEN" },
    });
    const body = { account_id: acme.id, site_id: site.id, name: "Maria", phone: "01 5131234" };
    assert.equal((await api.run("contact.upsert", { body })).contact.phone_e164, "+4315131234");
  });

  test("give a site the time zone, dispatch area and tax region that follow from its region", async () => {
    const place = { account_id: borealis.id, name: "Buffalo", region: "NY" };
    const { site } = await api.run("site.upsert", { body: place });
    assert.deepEqual([site.timezone, site.zone, site.tax_region], ["America/New_York", "NY", "NY"]);
    const own = { site_id: site.id, zone: "WEST", tax_region: "ERIE", timezone: "America/Chicago" };
    const { site: told } = await api.run("site.upsert", { body: own });
    assert.deepEqual([told.timezone, told.zone, told.tax_region], ["America/Chicago", "WEST", "ERIE"]);
    const lost = await api.run("site.upsert", { body: { account_id: acme.id, name: "Nowhere", region: "ZZ" } });
    assert.deepEqual([lost.site.timezone, lost.warnings?.map(({ code }) => code)], ["UTC", ["TIME_ZONE_UNKNOWN"]]);
    for (const body of [{ name: "Nowhere 1" }, { timezone: "Europe/Paris" }, { timezone: "UTC" }])
      assert.equal((await api.run("site.upsert", { body: { site_id: lost.site.id, ...body } })).warnings, undefined);
    const { site: renamed } = await api.run("site.upsert", { body: { site_id: site.id, name: "Buffalo 1" } });
    assert.equal(renamed.timezone, "America/Chicago");
  });

  test("tell of a reference that is kept beyond the caller's scope that it is taken, and not where", async () => {
    const external_ref = ref();
    await api.run("site.upsert", { body: { site_id: borealis.albany, external_ref } });
    const taken = { body: { site_id: acme.oakland, external_ref } };
    assert.match((await faults("site.upsert", taken)).join(), new RegExp(`is kept at site ${borealis.albany}`));
    const said = (await faults("site.upsert", { ...taken, headers: { "x-account-scope": acme.id } })).join();
    assert.match(said, /is kept at another site, beyond the accounts and sites of this token/);
    assert.doesNotMatch(said, new RegExp(borealis.albany));
    // Named by the reference alone, as an import would.
    const named = { body: { external_ref, name: "Albany" }, headers: { "x-account-scope": acme.id } };
    const text = JSON.stringify(await api.refuse("site.upsert", named));
    assert.match(text, /INVALID_REQUEST.*is kept at another site, beyond the accounts and sites of this token/);
    assert.doesNotMatch(text, new RegExp(`${borealis.albany}|${borealis.id}`));
  });

  test("hold what belongs together", async () => {
    const { account } = await api.run("account.upsert", { body: { name: "Dune Doors" } });
    const [door] = [acme.door];
    assert.equal(
      (await faults("site.upsert", { body: { account_id: randomUUID(), name: "?" } }))[1],
      "ACCOUNT_NOT_FOUND",
    );
    assert.match(
      (await faults("site.upsert", { body: { site_id: acme.oakland, account_id: account.id } })).join(),
      /fixed/,
    );
    const stranger = { account_id: account.id, site_id: acme.oakland, name: "Kim" };
    assert.equal((await faults("contact.upsert", { body: stranger }))[1], "SITE_NOT_FOUND");
    assert.match(
      (await faults("asset.upsert", { body: { asset_id: door, site_id: borealis.albany } })).join(),
      /another account/,
    );
    const { asset } = await api.run("asset.upsert", { body: { asset_id: door, site_id: acme.dallas } });
    assert.equal(asset.site_id, acme.dallas);
    await api.run("asset.upsert", { body: { asset_id: door, site_id: acme.oakland } });
  });

  test("are a technician's only where they have a ticket", async () => {
    const { id } = await ticketIn(api, "DISPATCHED", { techId: ana });
    const { site_id } = await api.read("ticket.get", { ticket: id });
    const ask = (tech: string, body: object) =>
      api.call("asset.upsert", { as: "tech", headers: { "x-tech-id": tech }, body });
    const made = await ask(ana, { site_id, name: "Side door" });
    assert.equal(made.status, 200, made.text);
    assert.match((await ask(ben, { site_id, name: "Side door" })).text, /NOT_ASSIGNED_TECH/);
    assert.match((await ask(ana, { asset_id: borealis.oven, name: "Mine" })).text, /NOT_ASSIGNED_TECH/);
  });

  test("leave rows that SQL made as they are, and an audit trail that holds", async () => {
    const { site } = await api.run("site.upsert", { body: { site_id: acme.dallas, access_instructions: "Ask Pat" } });
    assert.deepEqual([site.name, site.version, site.city], ["Acme Dallas", 1, "Dallas"]);
    const { faults: broken, uncovered } = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual({ broken, uncovered }, { broken: [], uncovered: { rows: 0, parts: 0 } });
    const { rows } = await api.owner.query(
      "SELECT payload -> 'before' AS before FROM audit_events WHERE aggregate = 'site' AND aggregate_id = $1",
      [acme.dallas],
    );
    assert.deepEqual(rows, [{ before: { access_instructions: null } }]);
    await api.owner.query("UPDATE sites SET name = 'Elsewhere' WHERE id = $1", [acme.dallas]);
    const { faults: found } = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual(
      found.map(({ chain, kind }) => [chain, kind]),
      [[acme.dallas, "ROW_CHANGED"]],
    );
  });
});
