// A company's first hour, as README tells it: its commands as they are written, on a home with nothing in it but two tables, and from
// there one call to its invoice and its PDF, without source and without SQL.

import assert from "node:assert/strict";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { knownId, type SiteId } from "../../dispatch/contract/ids.ts";
import { freePort } from "../../dispatch/ops/gateway/free-port.ts";
import { stopStack } from "../../dispatch/ops/stack/stop-stack.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { evidenceFiles } from "../../lab/demo/evidence-files.ts";
import { HttpSpeaker } from "../../lab/demo/http-speaker.ts";
import { sendTechnician } from "../../lab/demo/send-technician.ts";
import { announcementOf, sendFile } from "../../lab/demo/upload.ts";
import { fullChecklist } from "../../lab/full-checklist.ts";
import { blocksOf } from "../../lab/runbooks/blocks.ts";
import { openShell } from "../../lab/runbooks/run-block.ts";
import { openChat } from "../plugin/chat.ts";
import { bySentences } from "../scripted-model/by-sentences.ts";
import { customersCsv, siteCount, techniciansCsv } from "../support/invented-company.ts";
import { one, read } from "../support/xml-tree.ts";

const readme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");
const hour = blocksOf(readme).filter(({ heading }) => heading === "Your company in an hour");
const skip = process.platform === "linux" ? false : "the stack's processes are found by /proc";

describe("a company's first hour", { skip }, async () => {
  // Short, so that a socket fits under macOS's long temporary folder too.
  const home = await realpath(await mkdtemp(join(tmpdir(), "dhour-")));
  const [api, metrics] = await Promise.all([freePort(0), freePort(0)]);
  const environment = {
    ...bareEnvironment,
    HOME: home,
    DISPATCH_API_PORT: String(api),
    DISPATCH_METRICS_PORT: String(metrics),
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
  };
  const shell = await openShell({ environment });
  after(async () => {
    await shell.close();
    await stopStack(readSettings({ ...environment, DISPATCH_DATA_DIR: join(home, "elbe/data") }), () => undefined);
    await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  await writeFile(join(home, "technicians.csv"), techniciansCsv());
  await writeFile(join(home, "customers.csv"), Buffer.from(customersCsv(), "latin1"));

  test("is told in README in blocks that are run here", () => assert.ok(hour.length >= 4));

  for (const block of hour)
    test(`README, line ${block.line}: ${block.commands.split("\n")[0]}`, async () => {
      const { code, output, missing } = await shell.run(block);
      assert.equal(code, 0, output);
      assert.equal(missing, null, output);
    });

  const speaker = async (role: "dispatcher" | "tech" | "qa" | "finance", techId?: string): Promise<HttpSpeaker> => {
    const secret = (await readFile(join(home, "elbe/auth-jwt-secret"), "utf8")).trim();
    const person = { id: role, label: role, role, ...(techId !== undefined && { techId }) };
    return new HttpSpeaker(`http://127.0.0.1:${api}`, { kind: "token", secret }, person);
  };

  test("ends with the company's own people and places, and none of the demo's", async () => {
    const dora = await speaker("dispatcher");
    const { technicians } = await dora.reads("roster.list");
    assert.equal(technicians.length, 9);
    assert.deepEqual([...new Set(technicians.map(({ zone }) => zone))].sort(), ["Chemnitz", "Dresden", "Leipzig"]);
    const exported = await shell.run({ ...emptyBlock, commands: "pnpm dispatch:export ~/out" });
    assert.match(exported.output, new RegExp(`sites\\.csv: ${siteCount} rows`));
    for (const q of ["Demo", "Alvarez"])
      assert.deepEqual((await dora.reads("directory.search", {}, { q })).results, [], `nothing of the demo: ${q}`);
  });

  test("takes a call to its invoice in the company's currency, and hands it out as PDF and for the customer's program", async () => {
    const dora = await speaker("dispatcher");
    const { results } = await dora.reads(
      "directory.search",
      {},
      { q: "Königsbrücker Straße 1", kind: "site", limit: "5" },
    );
    const [site] = results;
    assert.ok(site?.account_id, JSON.stringify(results));
    const { id } = await dora.does("ticket.create", null, {
      account_id: site.account_id,
      site_id: knownId<SiteId>(site.id),
      summary: "Ladentür lässt sich nicht abschließen",
    });
    await dora.does("ticket.triage", id, {
      priority: "EMERGENCY",
      incident_type: "CANNOT_SECURE_ENTRY",
      nte_cents: 88_000,
      ready_to_schedule: true,
    });
    const { slots } = await dora.reads("schedule.slots", { ticketId: id }, { limit: "3" });
    const [slot] = slots;
    assert.ok(slot, "somebody of the imported roster is free");
    assert.match(String(slot.start_local), /\+0[12]:00$/, "on the clock of the company's own time zone");
    await dora.does("schedule.propose", id, { options: slots.map(({ start, end }) => ({ start, end })) });
    const window = { start: slot.start, end: slot.end };
    await dora.does("schedule.confirm", id, window);
    const sent = await sendTechnician({
      cast: { dispatcher: dora, techId: null },
      ticketId: id,
      window,
      note: () => undefined,
    });
    const tech = await speaker("tech", sent.techId);
    await tech.does("tech.check_in", id, { timestamp: new Date().toISOString() });
    for (const file of evidenceFiles(id)) {
      const upload = await tech.does("closeout.request_upload", id, announcementOf(file));
      await sendFile(upload, file);
      await tech.does("closeout.add_evidence", id, { kind: file.kind, uri: upload.uri, evidence_key: file.key });
    }
    await tech.does("tech.complete", id, {
      checklist_status: fullChecklist,
      work: { labor_minutes: 60, travel_minutes: 30 },
    });
    const quinn = await speaker("qa");
    await quinn.does("qa.verify", id, { timestamp: new Date().toISOString(), result: "PASS" });
    const { invoice } = await (await speaker("finance")).does("billing.generate_invoice", id, {});
    const { currency, subtotal_cents: net, tax_cents: tax, total_cents: total } = invoice;
    assert.deepEqual({ currency, tax, total }, { currency: "EUR", tax: Math.round(net * 0.19), total: net + tax });
    const fetched = async (name: string, type: RegExp): Promise<Buffer> => {
      const { output } = await shell.run({
        ...emptyBlock,
        commands:
          `curl -s -H "$(pnpm -s dispatch:token --header --role finance)" -o ~/${name} -w '%{http_code} %{content_type}' ` +
          `"http://127.0.0.1:${api}/invoices/${invoice.id}/${name}"`,
      });
      const file = await readFile(join(home, name));
      assert.match(output, type, file.toString());
      return file;
    };
    const pdf = await fetched("document.pdf", /200 application\/pdf/);
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
    const xml = read((await fetched("document.xml", /200 application\/xml/)).toString());
    assert.equal(one(xml, "LegalMonetaryTotal/PayableAmount"), (total / 100).toFixed(2));
    assert.equal(one(xml, "AccountingSupplierParty/Party/PartyTaxScheme/CompanyID"), "DE123456789");
    assert.equal(one(xml, "AccountingCustomerParty/Party/PostalAddress/Country/IdentificationCode"), "DE");
    assert.equal((await dora.reads("ticket.get", { ticketId: id })).state, "INVOICED");
  });

  test("is a desk that a chat runs by sentences, for the owner that dispatch:init wrote", async () => {
    const { owner } = JSON.parse(await readFile(join(home, "elbe/people.json"), "utf8"));
    const secret = (await readFile(join(home, "elbe/auth-jwt-secret"), "utf8")).trim();
    const chat = openChat(`http://127.0.0.1:${api}`, { owner, secret });
    const say = bySentences(chat, () => ({ now: new Date(), timeZone: "Europe/Berlin" }));
    const opened = await say("open a ticket for Größ Leipzig 1: the front door does not latch");
    assert.match(opened, /^The ticket is open: T-\d{6}, NEW/);
    assert.match(await say("triage it as urgent, the door won't latch"), /now READY_TO_SCHEDULE/);
    assert.match(await say("book it"), /^Booked: the ticket is now SCHEDULED/);
    assert.match(await say("what is burning?"), /^\d+ open/);
  });
});

const emptyBlock = { heading: "", line: 0, expected: [] };
