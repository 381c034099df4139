// Rows of a table taken over at once: what is new, changes and stays, what is refused and why, and that the audit trail stays whole.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";

const shop = (n: number, more: object = {}) => ({
  Kunde: "Müller Bäckereien",
  Filiale: `Filiale ${n}`,
  Straße: `Hauptstraße ${n}`,
  PLZ: "01067",
  Ort: "Dresden",
  Land: "Deutschland",
  Ansprechpartner: `Jörg ${n}`,
  Telefon: "0351 4567890",
  ...more,
});
const places = (plan: { kinds: { site: object; account: object; contact: object } }) => [
  plan.kinds.account,
  plan.kinds.site,
  plan.kinds.contact,
];
const counts = (created: number, changed: number, unchanged: number) => ({ created, changed, unchanged });

describe("directory.import", async () => {
  const api = await startTestApi();
  const send = (body: object, headers?: Record<string, string>) =>
    api.run("directory.import", { body, ...(headers && { headers }) });
  const rowsOf = async <Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> =>
    (await api.owner.query<Row>(sql, [...values])).rows;

  test("makes customers, places and people of one table, and nothing a second time", async () => {
    const body = { kind: "site", source: "excel", rows: [shop(1), shop(2), shop(3)] };
    const dry = await send({ ...body, dry_run: true });
    assert.deepEqual([dry.applied, ...places(dry)], [false, counts(1, 0, 0), counts(3, 0, 0), counts(3, 0, 0)]);
    assert.deepEqual(await rowsOf("SELECT FROM sites WHERE city = 'Dresden'"), []);
    const done = await send(body);
    assert.deepEqual([done.applied, ...places(done)], [true, counts(1, 0, 0), counts(3, 0, 0), counts(3, 0, 0)]);
    const made = await rowsOf(
      `SELECT a.name AS account, s.name, s.address1, s.postal_code, s.country, c.name AS contact, c.phone_e164
       FROM sites s JOIN accounts a ON a.id = s.account_id JOIN contacts c ON c.site_id = s.id WHERE s.city = 'Dresden'
       ORDER BY s.name LIMIT 1`,
    );
    assert.deepEqual(made, [
      {
        account: "Müller Bäckereien",
        name: "Filiale 1",
        address1: "Hauptstraße 1",
        postal_code: "01067",
        country: "DE",
        contact: "Jörg 1",
        phone_e164: "+493514567890",
      },
    ]);
    const again = await send(body);
    assert.deepEqual([again.created, again.changed, again.unchanged], [0, 0, 7]);
    const changed = await send({
      ...body,
      rows: [shop(1, { Ansprechpartner: "Jörg 1", Telefon: "0351 999 8877" }), shop(2)],
    });
    assert.deepEqual(places(changed), [counts(0, 0, 1), counts(0, 0, 2), counts(0, 1, 1)]);
  });

  test("finds what another system knows by its id again, and renames it", async () => {
    const rows = [{ "Customer ID": "C-7", "Customer Name": "Cedar", "Location ID": "L-1", "Location Name": "North" }];
    await send({ kind: "site", source: "servicetitan", rows });
    const renamed = await send({
      kind: "account",
      source: "servicetitan",
      rows: [{ ID: "C-7", Name: "Cedar Clinics" }],
    });
    assert.deepEqual(renamed.kinds.account, counts(0, 1, 0));
    const found = await rowsOf(
      "SELECT name FROM accounts WHERE external_source = 'servicetitan' AND external_id = 'C-7'",
    );
    assert.deepEqual(found, [{ name: "Cedar Clinics" }]);
    // A customer that is only named is the one there is.
    const more = await send({
      kind: "contact",
      rows: [{ Name: "Kim", Customer: "cedar clinics", Phone: "(510) 555-0188" }],
    });
    assert.deepEqual(places(more), [counts(0, 0, 1), counts(0, 0, 0), counts(1, 0, 0)]);
  });

  test("takes nothing where a row cannot be used, and says which, which field and why", async () => {
    const rows = [
      shop(11),
      shop(12, { Land: "Utopia" }),
      shop(13, { "E-Mail": "nobody", Zahlungsziel: "400" }),
      { Kunde: "Nur Name" },
      shop(15, { PLZ: "#N/A" }),
      shop(16, { Telefon: "keins" }),
    ];
    const body = { kind: "site", rows, row_numbers: [2, 3, 4, 5, 7, 9] };
    const none = await send(body);
    assert.deepEqual([none.applied, none.refused_rows], [false, 5]);
    const told = none.refused.map(({ row, field, rule }) => `${row} ${field} ${rule}`);
    assert.deepEqual(told, [
      "3 site.country country",
      "4 account.payment_terms_days maximum",
      "5 site.name required",
      "7 site.postal_code spreadsheet-error",
      "9 contact.phone phone",
    ]);
    assert.deepEqual(await rowsOf("SELECT FROM sites WHERE name = 'Filiale 11'"), []);
    const some = await send({ ...body, skip_refused: true });
    assert.deepEqual([some.applied, some.kinds.site], [true, counts(1, 0, 0)]);
  });

  test("keeps the first of several numbers, and notes the others", async () => {
    const two = await send({
      kind: "contact",
      rows: [
        {
          Name: "Lea",
          Customer: "Zwei Nummern",
          Phone: "Büro: +49 351 4567890; 0171 1234567 (privat)",
          Mobile: "+49 171 7654321",
        },
      ],
    });
    assert.deepEqual(
      two.notes.map(({ rule, message }) => [rule, message]),
      [["one-number", "+49 351 4567890 is kept; left out: 0171 1234567, +49 171 7654321"]],
    );
    const [kept] = await rowsOf("SELECT phone, phone_e164, phone_extension FROM contacts WHERE name = 'Lea'");
    assert.deepEqual(kept, { phone: "+49 351 4567890", phone_e164: "+493514567890", phone_extension: null });
  });

  test("tells of new ones that look like one that is there", async () => {
    const { twins } = await send({
      kind: "account",
      dry_run: true,
      rows: [{ Name: "ACME RETAIL" }, { Name: "Somebody" }],
    });
    assert.deepEqual(twins, [
      { row: 1, kind: "account", name: "ACME RETAIL", same: "name", id: acme.id, twin_name: "Acme Retail" },
    ]);
  });

  test("refuses what lies beyond the caller's scope, and tells of no twin there", async () => {
    const rows = [
      { "Dispatch customer ID": borealis.id, Name: "Mine now" },
      { "Dispatch customer ID": acme.id, Name: "Acme Retail", Notes: "x" },
      { Name: "Borealis Cafes" },
    ];
    const own = { "x-account-scope": acme.id };
    const { refused, twins } = await send({ kind: "account", rows, dry_run: true }, own);
    assert.deepEqual(
      refused.map(({ row, rule }) => [row, rule]),
      [
        [1, "scope"],
        [3, "scope"],
      ],
    );
    assert.deepEqual(twins, []);

    const { contact } = await api.run("contact.upsert", {
      body: { account_id: borealis.id, name: "Switchboard", phone: "+1 415 555 0177" },
    });
    const theirs = [{ Name: "Night desk", Customer: "Acme Retail", Phone: "(415) 555-0177" }];
    const alike = { kind: "contact", rows: theirs, dry_run: true };
    assert.deepEqual(
      (await send(alike)).twins.map(({ id, same }) => [id, same]),
      [[contact.id, "phone"]],
    );
    const kept = await send(alike, own);
    assert.deepEqual([kept.refused, kept.kinds.contact.created, kept.twins], [[], 1, []]);

    await api.run("account.upsert", { body: { name: "Borealis Cafes" } });
    const named = { kind: "contact", rows: [{ Name: "Kim", Customer: "Borealis Cafes" }], dry_run: true };
    const rulesOf = async (headers?: Record<string, string>) =>
      (await send(named, headers)).refused.map(({ rule }) => rule);
    assert.deepEqual([await rulesOf(), await rulesOf(own)], [["ambiguous"], ["scope"]]);
    const external_ref = { source: "import", id: "B-1" };
    await api.run("contact.upsert", { body: { contact_id: contact.id, external_ref } });
    const { contact: mine } = await api.run("contact.upsert", { body: { account_id: acme.id, name: "Porter" } });
    const taken = {
      kind: "contact",
      rows: [{ Own: mine.id, ID: external_ref.id, Name: "Porter", Customer: "Acme Retail" }],
      mapping: { Own: "contact.id" },
    };
    const [one] = (await send({ ...taken, dry_run: true }, own)).refused;
    assert.match(one?.message ?? "", /is kept at another contact, beyond/);
  });

  test("notes of a new site that nobody knows its time zone", async () => {
    const rows = [
      { "Customer Name": "Yucca", "Location Name": "Dry Pier", State: "QQ" },
      { "Customer Name": "Yucca", "Location Name": "Wet Pier", State: "QQ", "Site time zone": "Europe/Paris" },
    ];
    const { notes, refused } = await send({ kind: "site", rows, dry_run: true });
    assert.deepEqual(refused, []);
    assert.deepEqual(
      notes.map(({ row, field, rule }) => [row, field, rule]),
      [[1, "site.timezone", "time-zone"]],
    );
  });

  test("changes a record once, whatever two rows call it", async () => {
    const named = (id: string, more: object) => ({ "External ID": id, ...more });
    await send({ kind: "account", rows: [named("T-1", { Name: "Twice" })] });
    const [kept] = await rowsOf<{ id: string }>("SELECT id FROM accounts WHERE external_id = 'T-1'");
    assert.ok(kept);
    for (const [id, ref] of [
      [kept.id, "T-1"],
      [crypto.randomUUID(), "T-2"],
    ] as const) {
      const rows = [named(ref, { "Dispatch customer ID": id, Name: "A" }), named(ref, { Name: "B" })];
      const { applied, refused } = await send({ kind: "account", rows });
      assert.deepEqual([applied, refused.map(({ row, rule }) => [row, rule])], [false, [[2, "same"]]]);
      assert.match(refused[0]?.message ?? "", /is the account of row 1.*leave one out/);
    }
    const { applied } = await send({ kind: "account", rows: [named("T-3", { "Dispatch customer ID": kept.id })] });
    assert.deepEqual(
      [applied, await rowsOf("SELECT external_id FROM accounts WHERE id = $1", [kept.id])],
      [true, [{ external_id: "T-3" }]],
    );
    await api.owner.query("UPDATE accounts SET archived_at = now(), archived_reason = 'gone' WHERE id = $1", [kept.id]);
    const later = await send({ kind: "account", dry_run: true, rows: [named("T-3", { Name: "New" })] });
    assert.deepEqual([later.refused, later.notes.map(({ rule }) => rule), later.unchanged], [[], ["archived"], 1]);
    await api.owner.query("UPDATE accounts SET archived_at = NULL, archived_reason = NULL WHERE id = $1", [kept.id]);
  });

  test("hours that are sent as they are change nothing, in whatever order their parts stand", async () => {
    const hours = [{ weekdays: [1, 2], start_time: "08:00", end_time: "17:00" }];
    const body = { account_id: acme.id, external_ref: { source: "hours", id: "1" }, name: "Hours", hours };
    const outcomes = [await api.run("site.upsert", { body }), await api.run("site.upsert", { body })];
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ["created", "unchanged"],
    );
  });

  test("takes a row that says what another says for the same place, and tells of it", async () => {
    const rows = [shop(50), shop(51), shop(50), shop(50, { Ansprechpartner: "Änne" })];
    const { notes, refused, kinds } = await send({ kind: "site", rows, dry_run: true });
    assert.deepEqual([refused, kinds.site.created], [[], 2]);
    const twins = notes.filter(({ rule }) => rule === "twin");
    assert.deepEqual(
      twins.map(({ row, field }) => [row, field]),
      [[3, "site.name"]],
    );
    assert.match(twins[0]?.message ?? "", /^row 1 says the same .* both are one site; where they are two/);
  });

  test("refuses for a wrong cell the rows that say it, and no others", async () => {
    const rows = ["EURO", "USD", "USD"].map((currency, at) => ({
      ...shop(30 + at),
      Kunde: "Euro AG",
      Currency: currency,
    }));
    const { refused_rows: refusedRows, kinds } = await send({ kind: "site", rows, dry_run: true, skip_refused: true });
    assert.deepEqual([refusedRows, kinds.site], [1, counts(2, 0, 0)]);
  });

  test("answers a repeated call as before, and leaves every chain whole", async () => {
    const key = crypto.randomUUID();
    const body = { kind: "account", rows: [{ Name: "Once" }] };
    const first = await api.run("directory.import", { body, key });
    assert.deepEqual(await api.run("directory.import", { body, key }), first);
    assert.deepEqual(await rowsOf("SELECT count(*)::int AS n FROM accounts WHERE name = 'Once'"), [{ n: 1 }]);
    const events = await rowsOf(
      `SELECT e.aggregate, e.seq, e.payload ->> 'caused_by' AS cause FROM audit_events e JOIN accounts a ON a.id::text = e.aggregate_id
       WHERE a.name = 'Once'`,
    );
    assert.deepEqual(events, [{ aggregate: "account", seq: 1, cause: first.receipt.receipt_id }]);
    const { faults } = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual(faults, []);
  });
});
