// The company's own rules, from a folder to what tickets are judged by: activation while processes serve, a ticket that keeps the
// version it opened with, and what a process does with a version it cannot read.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { explanations } from "../../dispatch/ops/alerts/explanations.ts";
import { activatePolicy } from "../../dispatch/ops/policy/activate.ts";
import { checkFolder } from "../../dispatch/ops/policy/check-folder.ts";
import { initFolder } from "../../dispatch/ops/policy/init-folder.ts";
import { openDesk } from "../../dispatch/process/open-desk.ts";
import { refusalOf, startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { acme, addTechnician, allSkills } from "../support/directory.ts";
import { addAllEvidence, completion, ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

type Json = Record<string, unknown>;

function folderOf(changes: Readonly<Record<string, (json: Json) => Json>>, t: { after(fn: () => void): void }): string {
  const parent = mkdtempSync(join(tmpdir(), "dispatch-policy-"));
  t.after(() => rmSync(parent, { recursive: true }));
  const folder = join(parent, "rules");
  initFolder(folder, "pilot");
  for (const [file, change] of Object.entries(changes)) {
    const path = join(folder, file);
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
  }
  return folder;
}

const activate = ({ desk: { settings } }: TestApi, folder: string) =>
  activatePolicy(folder, { settings, by: "olga", say: () => undefined });

const latch = "incidents/DOOR_WONT_LATCH.json";
const seal = { key: "photo_of_seal", kind: "photo", sentence: "The seal after the work." };
const dearer = {
  [latch]: (json: Json) => ({
    ...json,
    version: "2.0.0",
    duration_minutes: 45,
    evidence: [...Object(json["evidence"]), seal],
  }),
  "agreements.json": (json: Json) => ({
    ...json,
    agreements: [{ name: "standard", target_minutes: { EMERGENCY: 30, URGENT: 60, ROUTINE: 120 } }],
  }),
  "price-book.json": (json: Json) => ({
    ...json,
    accounts: [],
    default: { ...Object(json["default"]), trip_charge_cents: 1 },
    seller: sellerAt("Old Street 1"),
  }),
};
const sellerAt = (line1: string) => ({ name: "Drzwi Łódź", tax_id: "PL5260001246", address: { line1, country: "PL" } });

const rowsOf = async <Row>({ owner }: TestApi, text: string, values: unknown[] = []): Promise<Row[]> =>
  (await owner.query(text, values)).rows;
const versionsOf = (api: TestApi) =>
  rowsOf<{ version: number; activated_by: string }>(
    api,
    "SELECT version, activated_by FROM policy_versions ORDER BY version",
  );

test("a visit is billed at the rates of the local time at which somebody came", async (t) => {
  const api = await startTestApi({ t });
  const timed = {
    "calendar.json": (json: Json) => ({
      ...json,
      business_hours: {
        weekly: [{ weekdays: [1, 2, 3, 4, 5], start_time: "08:00", end_time: "18:00" }],
        holiday_calendar: "us-federal",
      },
    }),
    "price-book.json": (json: Json) => ({
      ...json,
      default: {
        ...Object(json["default"]),
        after_hours: { labor_cents_per_hour: 20_000 },
        weekend: { trip_charge_cents: 15_000 },
      },
    }),
  };
  await activate(api, folderOf(timed, t));
  await eventually("it is in force", () => api.desk.policies.live.version === 1);
  await api.run("site.upsert", { body: { site_id: acme.oakland, timezone: "America/Los_Angeles" } });
  const billed = async (clock: string, came = clock) => {
    api.clock.set(new Date(clock).toISOString());
    const { id } = await ticketIn(api, "DISPATCHED");
    await api.run("tech.check_in", { as: "tech", ticket: id, body: { timestamp: came } });
    await addAllEvidence(api, id);
    await api.run("tech.complete", { as: "tech", ticket: id, body: completion });
    await api.run("qa.verify", { as: "qa", ticket: id, body: { timestamp: api.clock.iso, result: "PASS" } });
    const { invoice } = await api.run("billing.generate_invoice", { as: "finance", ticket: id });
    return invoice.lines
      .filter(({ kind }) => kind === "labor" || kind === "trip")
      .map(({ description, amount_cents }) => `${description}: ${amount_cents}`);
  };
  const usual = ["Labor, 90 min: 18750", "Trip charge: 8900"];
  assert.deepEqual(await billed("2026-11-25T10:30:00-08:00"), usual);
  assert.deepEqual(await billed("2026-11-25T19:30:00-08:00"), [
    "Labor, 90 min, after hours: 30000",
    "Trip charge, after hours: 8900",
  ]);
  // Thanksgiving has no rates of its own here, and lies outside the hours.
  assert.deepEqual(await billed("2026-11-26T10:30:00-08:00"), [
    "Labor, 90 min, after hours: 30000",
    "Trip charge, after hours: 8900",
  ]);
  assert.deepEqual(await billed("2026-11-28T10:30:00-08:00"), [
    "Labor, 90 min, weekend: 18750",
    "Trip charge, weekend: 15000",
  ]);
  // A phone without reception told of it in the evening.
  assert.deepEqual(await billed("2026-11-30T19:30:00-08:00", "2026-11-30T17:30:00-08:00"), usual);
});

test("a part that the price book lists is reported by its SKU alone, at the price of the version its ticket opened with", async (t) => {
  const api = await startTestApi({ t });
  const listing = (...parts: object[]) => ({ "price-book.json": (json: Json) => ({ ...json, parts }) });
  const inForce = async (version: number, ...parts: object[]) => {
    await activate(api, folderOf(listing(...parts), t));
    await eventually("it is in force", () => api.desk.policies.live.version === version);
  };
  const closer = { sku: "CLOSER-EN4", name: "Closer, EN 4", cost_cents: 9_000, price_cents: 14_950 };
  const screw = { sku: "SCREW-M5", name: "Screw M5", cost_cents: 10 };
  const byFolder = await ticketIn(api, "IN_PROGRESS");
  await inForce(1, closer, screw);
  const first = await ticketIn(api, "IN_PROGRESS");
  await inForce(2, { ...closer, price_cents: 19_000 });
  const second = await ticketIn(api, "IN_PROGRESS");

  const workOf = (...parts: object[]) => ({ labor_minutes: 60, parts });
  const byShort = workOf({ sku: "closer-en4", quantity: 1 }, { sku: " screw-m5", quantity: 0.5 });
  const reporting = async (id: string, work: object) => {
    const call = { ticket: id, body: { ...completion, work } };
    await addAllEvidence(api, id);
    return { as: "tech" as const, ...call };
  };
  const refusal = (path: string, message: RegExp, { status, error }: Awaited<ReturnType<TestApi["refuse"]>>) => {
    assert.deepEqual([status, error.code], [400, "INVALID_REQUEST"]);
    assert.partialDeepStrictEqual(error["validation_errors"], [{ path, rule: "required" }]);
    assert.match(JSON.stringify(error["validation_errors"]), message);
  };

  // Each command that reports work holds it to what the ticket's own version lists.
  const work = workOf({ sku: "screw-m5", quantity: 1 }, { sku: "CLOSER-EN-4", quantity: 1 });
  const meant =
    /lists no \\"CLOSER-EN-4\\"; perhaps CLOSER-EN4 is meant: say a sku that it lists, or what one piece cost us/;
  const at = "work/parts/1/unit_price_cents";
  const ticket = first.id;
  const helper = await addTechnician(api.owner);
  await api.run("assignment.crew", { ticket, body: { add: [helper] } });
  await api.run("tech.check_in", { ticket, body: { timestamp: api.clock.iso, tech_id: helper } });
  const leaving = { timestamp: api.clock.iso, tech_id: helper, check_out: true, work };
  refusal(at, meant, await api.refuse("tech.check_in", { ticket, body: leaving }));
  refusal(at, meant, await api.refuse("tech.hold", { ticket, body: { reason_code: "parts", work } }));
  const handing = { tech_id: helper, reason: "her shift is over", work };
  refusal(at, meant, await api.refuse("assignment.transfer", { ticket, body: handing }));
  const misspelt = await reporting(ticket, work);
  refusal(at, meant, await api.refuse("tech.complete", misspelt));
  refusal(at, meant, await api.refuse("closeout.candidate", { ...misspelt, as: "tech" }));
  const unlisted = /lists no \\"closer-en4\\": say/;
  refusal(at.replace("1", "0"), unlisted, await api.refuse("tech.complete", await reporting(byFolder.id, byShort)));
  const gone = /lists no \\"screw-m5\\": say/;
  refusal(at, gone, await api.refuse("tech.complete", await reporting(second.id, byShort)));

  const billed = async (id: string, ...parts: object[]) => {
    await api.run("tech.complete", await reporting(id, workOf(...parts)));
    await api.run("qa.verify", { as: "qa", ticket: id, body: { timestamp: api.clock.iso, result: "PASS" } });
    const { invoice } = await api.run("billing.generate_invoice", { as: "finance", ticket: id });
    return invoice.lines
      .filter(({ kind }) => kind === "materials")
      .map(({ description, quantity, unit_price_cents }) => `${quantity} ${description}: ${unit_price_cents}`);
  };
  const costly = { sku: "CLOSER-EN4", description: "Closer, used", quantity: 1, unit_price_cents: 1_000 };
  assert.deepEqual(await billed(first.id, ...byShort.parts, costly), [
    "1 Closer, EN 4: 14950",
    "0.5 Screw M5: 13",
    "1 Closer, used: 14950",
  ]);
  assert.deepEqual(await billed(second.id, { sku: "closer-en4", quantity: 1 }), ["1 Closer, EN 4: 19000"]);
  assert.deepEqual(await billed(byFolder.id, costly), ["1 Closer, used: 1250"]);
});

test("a ticket of before the first activation goes by the folder of the newest start before it, and by no later one", async (t) => {
  const env = (changes: Parameters<typeof folderOf>[0]) => ({ DISPATCH_POLICY_DIR: folderOf(changes, t) });
  const template = (version: string) => ({ [latch]: (json: Json) => ({ ...json, version }) });
  const judged = async ({ read }: TestApi, ticket: string) =>
    (await read("tech.job_packet", { ticket, as: "dispatcher" })).packet.evidence_requirements["template_version"];
  const first = await startTestApi({ t, env: env(template("1.1.1")) });
  const { id } = await ticketIn(first, "IN_PROGRESS");
  const second = await startTestApi({ t, beside: first, env: env(template("2.2.2")) });
  assert.deepEqual([await judged(first, id), await judged(second, id)], ["1.1.1", "2.2.2"]);
  await activate(first, folderOf(template("3.3.3"), t));
  const third = await startTestApi({ t, beside: first, env: env(template("4.4.4")) });
  await eventually("it is in force", () =>
    [first, second, third].every(({ desk }) => desk.policies.live.version === 1),
  );
  for (const api of [first, second, third]) assert.equal(await judged(api, id), "2.2.2");
});

describe("a policy that is activated while processes serve", async () => {
  const api = await startTestApi();
  const second = await startTestApi({ beside: api });
  const stored = async (id: string) => {
    const text = "SELECT policy_version, sla_target_minutes FROM tickets WHERE id = $1";
    const [row] = await rowsOf<{ policy_version: number | null; sla_target_minutes: number }>(api, text, [id]);
    return row ?? assert.fail();
  };
  const asked = async (ticketId: string) => {
    const { packet } = await api.read("tech.job_packet", { ticket: ticketId, as: "dispatcher" });
    const { template_version: version, required_evidence: required } = packet.evidence_requirements;
    return { version, keys: JSON.stringify(required) };
  };
  const invoiceOf = async ({ id }: { id: string }) =>
    (await api.run("billing.generate_invoice", { ticket: id, as: "finance" })).invoice;
  /** Of an invoice's PDF, whose hash it is. */
  const etagOf = async (invoice: string) =>
    (await api.read("invoice.get_pdf", { invoice, as: "finance" })).content.etag;
  /** The kinds of work that each process's documents name. */
  const kindsTold = async () => {
    const told = [api, second].flatMap(({ url }) =>
      ["/openapi.json", "/docs"].map(async (path) => (await fetch(`${url}${path}`)).text()),
    );
    const lists = (await Promise.all(told)).map(
      (text) => new Set(text.match(/(?<=rules in force name: )[A-Z_, ]+[A-Z]/g)),
    );
    return lists.flatMap((list) => [...list]);
  };
  /** As somebody writes who owns the tables. */
  const past = async (text: string, values: unknown[] = []) => {
    await api.owner.query("ALTER TABLE policy_versions DISABLE TRIGGER keep_versions");
    await api.owner.query(text, values);
    await api.owner.query("ALTER TABLE policy_versions ENABLE TRIGGER keep_versions");
  };
  /** What a process that starts now has in force, and what it warns of. */
  const started = async () => {
    const said: string[] = [];
    const open = await openDesk({
      settings: api.desk.settings,
      log: { info: () => undefined, warn: (message) => void said.push(message) },
      applicationName: "test",
      apiUrl: () => "",
    });
    await open.close();
    return { live: open.desk.policies.live.version, said: said.join("\n") };
  };
  /** POLICY_UNREADABLE as it fires. */
  const alerts = async (): Promise<Json[]> => {
    api.clock.advanceMs(1_000);
    const told = JSON.parse((await api.send("GET", "/ops/alerts", {})).text);
    return told.alerts.filter(({ code }: Json) => code === "POLICY_UNREADABLE");
  };
  /** What /contract tells of, once its look of a second ago is over. */
  const contractTells = (versions: readonly unknown[]) =>
    eventually(`the contract tells ${JSON.stringify(versions)}`, async () => {
      const { text } = await api.send("GET", "/contract", { "x-actor-id": "dora", "x-actor-role": "dispatcher" });
      const told = JSON.parse(text).policy_unreadable.map((one: Json) => [
        one["version"],
        one["newest"],
        one["open_tickets"],
      ]);
      return JSON.stringify(told) === JSON.stringify(versions);
    });
  const inForce = (version: number) =>
    eventually(`version ${version} in both processes`, () =>
      [api, second].every(({ desk }) => desk.policies.live.version === version),
    );

  test("is taken up by every process, and judges what opens from then on", async (t) => {
    const early = await ticketIn(api, "IN_PROGRESS");
    const folder = folderOf(dearer, t);
    cpSync(join(folder, latch), join(folder, "incidents/GATE_STUCK.json"));
    rmSync(join(folder, "incidents/HARDWARE_REPLACEMENT.json"));
    const [shipped = ""] = await kindsTold();
    await activate(api, folder);
    await inForce(1);
    const own = shipped.replace("HARDWARE_REPLACEMENT", "GATE_STUCK").split(", ").sort().join(", ");
    assert.deepEqual(await kindsTold(), [own, own, own, own]);
    assert.notEqual(own, shipped);
    assert.equal(second.desk.policies.live.incidentTypes["DOOR_WONT_LATCH"]?.defaultDurationMinutes, 45);
    const late = await ticketIn(second, "IN_PROGRESS");

    assert.deepEqual(
      [await asked(early.id), await asked(late.id)].map(({ version, keys }) => [version, keys.includes(seal.key)]),
      [
        ["1.0.0", false],
        ["2.0.0", true],
      ],
    );
    assert.deepEqual(await stored(early.id), { policy_version: null, sla_target_minutes: 1_440 });
    assert.deepEqual(await stored(late.id), { policy_version: 1, sla_target_minutes: 120 });
    const told = await Promise.all([early, late].map(({ id }) => api.read("ticket.get", { ticket: id })));
    const noted = await api.run("ticket.update", { ticket: late.id, body: { description: "?" }, as: "dispatcher" });
    assert.deepEqual(
      [...told, noted].map(({ policy_version: version }) => version),
      [null, 1, 1],
    );

    const complete = async (id: string) => {
      await addAllEvidence(api, id);
      return api.call("tech.complete", { ticket: id, body: completion, as: "tech" });
    };
    assert.equal((await complete(early.id)).status, 200);
    const refused = await api.refuse("tech.complete", {
      ticket: late.id,
      body: { ...completion, evidence_refs: [] },
      as: "tech",
    });
    assert.deepEqual(refused.error["template_version"], "2.0.0");
  });

  test("bills and times each ticket by what it opened under, although that changed meanwhile", async (t) => {
    const cheap = await ticketIn(api, "VERIFIED");
    const strict = await ticketIn(api, "READY_TO_SCHEDULE");
    const billed = await ticketIn(api, "VERIFIED");
    const issued = await invoiceOf(billed);
    const paper = await etagOf(issued.id);
    const moved = (json: Json) => ({ ...json, seller: sellerAt("New Street 2") });
    await activate(api, folderOf({ [latch]: dearer[latch], "price-book.json": moved }, t));
    await inForce(2);
    const dear = await ticketIn(api, "VERIFIED");
    const later = [await invoiceOf(cheap), await invoiceOf(dear)];
    assert.deepEqual(
      later.map(({ lines }) => lines.find(({ kind }) => kind === "trip")?.amount_cents),
      [1, 8_900],
    );

    // Who sells is no ticket's own: the address of the day on which the invoice is made, and no other afterwards.
    assert.deepEqual(
      [issued, ...later].map(({ parties }) => parties?.seller.address.line1),
      ["Old Street 1", "New Street 2", "New Street 2"],
    );
    const credit = { ticket: billed.id, body: { all: true, reason: "wrong" }, as: "finance" };
    assert.deepEqual((await api.run("billing.credit", credit)).credit_note.parties, issued.parties);
    assert.equal(await etagOf(issued.id), paper);

    // To a program it is one where each side's country was known: the site's, where the bill goes to no other place.
    const asXml = (invoice: string) =>
      api.call("invoice.get_xml", { invoice, as: "finance", headers: { accept: "*/*" } });
    await api.owner.query("UPDATE sites SET country = NULL");
    const { id: onPaper } = await invoiceOf(await ticketIn(api, "VERIFIED"));
    const none = refusalOf(await asXml(onPaper)).error;
    assert.equal(none.code, "DOCUMENT_INCOMPLETE");
    assert.match(JSON.stringify(none["missing"]), /^\[{"field":"buyer\.address\.country","way_out":"[^"]+"}]$/);
    await api.owner.query("UPDATE sites SET country = 'PL'");
    const { id: electronic } = await invoiceOf(await ticketIn(api, "VERIFIED"));
    const { status, headers, text } = await asXml(electronic);
    const { "content-type": type, "content-disposition": shown } = headers;
    assert.deepEqual([status, type], [200, "application/xml"]);
    assert.match(String(shown), /^attachment; filename="INV-\d{6}\.xml"$/);
    assert.match(text, /<cbc:CompanyID>PL5260001246<\/cbc:CompanyID>/);
    assert.deepEqual((await api.read("invoice.get_xml", { invoice: electronic, as: "finance" })).missing, []);

    const loose = await ticketIn(api, "READY_TO_SCHEDULE");
    const urgent = async ({ id }: { id: string }) => {
      await api.run("ticket.update", { ticket: id, body: { priority: "URGENT" }, as: "dispatcher" });
      return (await stored(id)).sla_target_minutes;
    };
    assert.deepEqual([await urgent(strict), await urgent(loose)], [60, 240]);
  });

  test("is a row with who activated it, and an event of the desk's chain", async () => {
    assert.deepEqual(await versionsOf(api), [
      { version: 0, activated_by: "the start of a process" },
      { version: 1, activated_by: "olga" },
      { version: 2, activated_by: "olga" },
    ]);
    const { faults, ...report } = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual(faults, []);
    assert.ok(report.events > 2);
  });

  test("never comes into force where it is bad, and is not stored", async (t) => {
    const bad = folderOf({ [latch]: (json) => ({ ...json, duration_minutes: 0 }) }, t);
    await assert.rejects(activate(api, bad), { name: "PolicyError", file: latch, path: "/duration_minutes" });
    const silent = folderOf({ "profile.json": () => ({}) }, t);
    const unsaid = { name: "PolicyError", file: "profile.json", path: "/extends" };
    await assert.rejects(activate(api, silent), unsaid, "the settings of the shell it is typed in are not the desk's");
    assert.throws(() => checkFolder(silent), unsaid);
    assert.equal((await versionsOf(api)).length, 3);
  });

  test("takes development headers away from processes that started with them, and from those that start after", async (t) => {
    const as = { "x-actor-id": "mallory", "x-actor-role": "dispatcher" };
    const told = async ({ send }: TestApi) => {
      const { status, text } = await send("GET", "/contract", as);
      const { error, development_headers, profile } = JSON.parse(text);
      return [status, error?.code ?? [development_headers, profile.dev_headers]];
    };
    assert.deepEqual(await told(api), [200, ["loopback", true]]);
    const { lines } = await activate(api, folderOf({ "profile.json": () => ({ extends: "strict" }) }, t));
    assert.ok(lines.includes("profile strict; before it was pilot"));
    await inForce(3);
    const third = await startTestApi({ beside: api, logged: true, t });
    for (const one of [api, second, third]) assert.deepEqual(await told(one), [401, "AUTH_REQUIRED"]);
    assert.match(JSON.stringify(third.log), /headers no longer count: version 3 of the policy \(profile strict\)/);
    const strange = { ...as, origin: "https://elsewhere.example" };
    assert.deepEqual(JSON.parse((await third.send("GET", "/contract", strange)).text).error.code, "AUTH_REQUIRED");
    await activate(api, folderOf({}, t));
    await inForce(4);
    assert.deepEqual(await told(api), [200, ["loopback", true]]);
  });

  test("never comes into force where it was written past the pipeline, and the audit trail's verification names it", async () => {
    await api.owner.query(
      `INSERT INTO policy_versions (version, content, hash, activated_by, activated_at)
       SELECT 5, content, hash, 'mallory', now() FROM policy_versions WHERE version = 3`,
    );
    const { live, said } = await started();
    assert.equal(live, 4);
    assert.match(said, /version 5 of the policy was written past Dispatch \(no event of the desk/);
    const { faults } = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual(
      faults.map(({ aggregate, kind, detail }) => [aggregate, kind, /version 5 /.test(detail)]),
      [["desk", "ROW_UNRECORDED", true]],
    );
    await past("DELETE FROM policy_versions WHERE version = 5");
    const [content] = await rowsOf<{ content: unknown }>(api, "SELECT content FROM policy_versions WHERE version = 4");
    await past("UPDATE policy_versions SET content = jsonb_set(content, '{files,more}', '1') WHERE version = 4");
    assert.equal((await started()).live, 3);
    assert.match(
      JSON.stringify((await verifyAudit(api.desk.db, aggregates)).faults),
      /version 4 .*is not as the event/,
    );
    await past("UPDATE policy_versions SET content = $1 WHERE version = 4", [JSON.stringify(content?.content)]);
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
  });

  test("is kept where a later release stored what this one cannot read, and a start says so", async () => {
    await api.owner.query(
      `INSERT INTO policy_versions (version, content, hash, activated_by, activated_at)
       VALUES (6, '{"files": {"profile.json": {"from_the_future": 1}}, "base": {}}', repeat('a', 64), 'a later release', now())`,
    );
    await api.owner.query(
      `INSERT INTO audit_events (id, aggregate, aggregate_id, seq, actor_type, actor_id, actor_role, tool_name, payload, prev_hash, hash,
                                 created_at, hash_version)
       SELECT gen_random_uuid(), aggregate, aggregate_id, seq + 1000, actor_type, actor_id, actor_role, tool_name,
              jsonb_build_object('version', 6, 'hash', repeat('a', 64)), prev_hash, hash, created_at, hash_version
       FROM audit_events WHERE tool_name = 'policy.activate' ORDER BY seq DESC LIMIT 1`,
    );
    const { live, said } = await started();
    assert.equal(live, 4);
    assert.match(said, /version 6 of the policy cannot be read by this release .*from_the_future/);
    // However many there are.
    await api.owner.query(
      `INSERT INTO policy_versions (version, content, hash, activated_by, activated_at)
       SELECT 6 + more, content, hash, activated_by, activated_at FROM policy_versions, generate_series(1, 25) AS more WHERE version = 6`,
    );
    const far = await started();
    await past("DELETE FROM policy_versions WHERE version > 6");
    assert.equal(far.live, 4);
    assert.match(far.said, /^So it is with 25 before it\. version 31 .* until then version 4 stays in force here$/);
  });

  test("keeps nobody from other tickets where one opened under what this release cannot read", async (t) => {
    const window = { start: api.clock.in(600), end: api.clock.in(660) };
    const [strange, other] = [await ticketIn(api, "READY_TO_SCHEDULE"), await ticketIn(api, "READY_TO_SCHEDULE")];
    const sent = [await ticketIn(api, "SCHEDULED", { window }), await ticketIn(api, "SCHEDULED", { window })];
    const booked = await ticketIn(api, "DISPATCHED");
    const from = async (version: number, tickets: readonly { id: string }[]) => {
      const ids = tickets.map(({ id }) => id);
      await api.owner.query("UPDATE tickets SET policy_version = $1 WHERE id = ANY ($2)", [version, ids]);
    };
    await from(6, [strange, booked, ...sent.slice(0, 1)]);

    const { queue } = await api.read("dispatcher.cockpit", { as: "dispatcher" });
    const listed = queue.map(({ ticket_id }) => ticket_id);
    assert.ok([strange, other, booked, ...sent].every(({ id }) => listed.includes(id)));
    const planning = { day: api.clock.in(1_440).slice(0, 10), zone: "CA", time_zone: "UTC", iterations: 10 };
    assert.equal((await api.call("plan.optimize", { body: planning })).status, 201);
    const { assigned_tech_id: tech_id } = await api.read("ticket.get", { ticket: booked.id });
    const unable = await api.run("roster.upsert", { body: { tech_id, skills: [] } });
    assert.match(JSON.stringify(unable.warnings), /BEYOND_ABILITIES/);
    await api.run("roster.upsert", { body: { tech_id, skills: allSkills } });

    const [fired] = await alerts();
    assert.deepEqual([fired?.severity, fired?.count], ["warning", 1]);
    assert.match(
      String(fired?.reason),
      /^version 6 of .*from_the_future.*Run the release that stored it, or activate .*version 4 stays.* 3 open tickets opened/,
    );
    await contractTells([[6, true, 3]]);
    const [section] = explanations.POLICY_UNREADABLE;
    const { db, settings } = api.desk;
    const explained = await section?.read({ db, settings, now: api.clock.now(), address: { url: api.url, from: "" } });
    const { wrong, ...six } = Object(explained?.rows[0]);
    assert.deepEqual(six, { version: 6, newest: true, open_tickets: 3 });
    assert.match(wrong, /cannot be read by this release/);
    assert.ok(explained?.rows.slice(1).every((row) => Object(row).wrong === "nothing"));

    const update = { ticket: strange.id, body: { priority: "URGENT" }, as: "dispatcher" } as const;
    const { status, error } = await api.refuse("ticket.update", update);
    assert.deepEqual(
      [status, error.code, error["dependency"], error["policy_version"]],
      [503, "DEPENDENCY_UNAVAILABLE", "policy_version", 6],
    );
    assert.match(
      String(error["message"]),
      /version 6 .*profile\.json at \/: .*from_the_future.* Run the release that stored it/,
    );
    await from(9, [strange]);
    assert.match(
      String((await api.refuse("ticket.update", update)).error["message"]),
      /version 9 .*is not in the database/,
    );
    await api.run("ticket.cancel", { ticket: strange.id, body: { reason: "called off" }, as: "dispatcher" });

    const worker = await startTestWorker(api, { t });
    const stateOf = async ({ id }: { id: string }) => (await api.read("ticket.get", { ticket: id })).state;
    await worker.until("the other is sent", async () => (await stateOf(sent[1] ?? assert.fail())) === "DISPATCHED");
    assert.equal(await stateOf(sent[0] ?? assert.fail()), "SCHEDULED");
    const told = worker.log.filter((line) =>
      String(line["message"]).includes("version 6 of the policy cannot be read"),
    );
    assert.equal(told.length, 1);
    assert.deepEqual([worker.told("worker.waiting"), worker.told("worker.recommend_error")], [[], []]);
  });

  test("is replaced by the very rules that are in force here, and judges its own tickets once its row is mended", async (t) => {
    const { lines } = await activate(api, folderOf({}, t));
    assert.match(String(lines[0]), /^version 7 is in force/);
    await inForce(7);
    await contractTells([[6, false, 2]]);
    const own = await ticketIn(api, "READY_TO_SCHEDULE");
    await api.owner.query("UPDATE tickets SET policy_version = 6 WHERE id = $1", [own.id]);
    const update = { ticket: own.id, body: { priority: "URGENT" }, as: "dispatcher" } as const;
    assert.equal((await api.call("ticket.update", update)).status, 503);
    await past(
      "UPDATE policy_versions SET content = (SELECT content FROM policy_versions WHERE version = 4) WHERE version = 6",
    );
    await eventually("no alert fires", async () => (await alerts()).length === 0);
    assert.equal((await api.call("ticket.update", update)).status, 200);
    await contractTells([]);
    assert.equal(api.desk.policies.live.version, 7);
  });
});

test("the contract tells the currency of all tickets, until versions differ in it", async (t) => {
  const api = await startTestApi({ t });
  const told = async () => {
    const as = { "x-actor-id": "dora", "x-actor-role": "dispatcher" };
    const { currency, profile, policy_version: version } = JSON.parse((await api.send("GET", "/contract", as)).text);
    return [currency, profile.price_book.currency, version];
  };
  const activated = async (version: number, currency: string) => {
    await activate(
      api,
      folderOf({ "price-book.json": (json) => ({ ...json, currency, version: `${version}.0.0` }) }, t),
    );
    await eventually(`version ${version}`, () => api.desk.policies.live.version === version);
  };
  assert.deepEqual(await told(), ["USD", "USD", null]);
  await activated(1, "USD");
  assert.deepEqual(await told(), ["USD", "USD", 1]);
  await activated(2, "EUR");
  assert.deepEqual(await told(), [null, "EUR", 2], "earlier tickets are still in dollars");
});
