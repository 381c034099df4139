// One ticket from call to invoice by tools alone, as a model would: every id it sends it has read in an earlier result.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import type { ToolName } from "../../dispatch/contract/index.ts";
import { isObject, type JsonObject } from "../../plugin/src/json.ts";
import { startTestApi } from "../support/api.ts";
import { writing, photo, sha256 } from "../support/evidence.ts";
import { fullChecklist, reportedWork } from "../support/ticket-builder.ts";
import { believing, openChat, type Said } from "./chat.ts";

const evidence = [
  { key: "photo_before_security_risk", kind: "PHOTO", content_type: "image/jpeg", bytes: photo("before") },
  {
    key: "photo_after_temporary_or_permanent_securement",
    kind: "PHOTO",
    content_type: "image/jpeg",
    bytes: photo("after"),
  },
  { key: "note_risk_mitigation_and_customer_handoff", kind: "NOTE", content_type: "text/plain", bytes: writing() },
  { key: "signature_or_no_signature_reason", kind: "SIGNATURE", content_type: "image/jpeg", bytes: photo("signed") },
];

describe("the canonical flow", async () => {
  const api = await startTestApi({ env: believing, profile: "strict" });
  const chat = openChat(api.url);
  const receipts: string[] = [];

  /** What the result's text names; a model has nothing else. */
  const named = ({ text }: Said, pattern: RegExp): string =>
    pattern.exec(text)?.[1] ?? assert.fail(`no ${pattern.source} in\n${text}`);
  async function done(tool: ToolName, args: JsonObject, callId?: string): Promise<Said> {
    const said = await chat.say(tool, args, callId === undefined ? {} : { callId });
    assert.ok(said.first.startsWith(`DONE ${tool}`), said.text);
    receipts.push(named(said, /^receipt (\S+) at /m));
    return said;
  }

  test("goes from the call to the invoice", async () => {
    const opened = await done("ticket.create", {
      account_id: "Acme Retail",
      site_id: "Acme Oakland",
      summary: "Shop front cannot be locked",
      description: "The pane is broken.",
    });
    const ticket_id = named(opened, /^ticket (\S+) NEW /m);
    assert.match(opened.text, /^next: ticket_triage, /m);
    const triaged = await done("ticket.triage", {
      ticket_id,
      priority: "EMERGENCY",
      incident_type: "CANNOT_SECURE_ENTRY",
      nte_cents: 88_000,
      ready_to_schedule: true,
    });
    assert.match(triaged.text, /READY_TO_SCHEDULE \(was NEW\) EMERGENCY "CANNOT_SECURE_ENTRY" nte \$880\.00/);

    const slots = await chat.say("schedule.slots", { ticket_id, limit: 2 });
    const [, start = "", end = ""] = /^1\. (\S+) to (\S+) tech_id/m.exec(slots.text) ?? [];
    await done("schedule.propose", { ticket_id, options: [{ start, end }] });
    await done("schedule.confirm", { ticket_id, start, end });
    const cockpit = await chat.say("dispatcher.cockpit", { state: ["SCHEDULED"] });
    assert.ok(cockpit.text.includes(`1. ticket ${ticket_id} SCHEDULED EMERGENCY`), cockpit.text);

    const ranked = await done("assignment.recommend", { ticket_id, service_type: "CANNOT_SECURE_ENTRY" });
    assert.match(ranked.text, /^1\. tech_id \S+ "Ana Alvarez" score/m);
    await done("assignment.dispatch", {
      ticket_id,
      tech_id: "ana alvarez",
      recommendation_snapshot_id: named(ranked, /^recommendation_snapshot_id (\S+)/m),
    });
    await done("tech.check_in", { ticket_id, timestamp: api.clock.iso });

    const early = await chat.say("tech.complete", { ticket_id, checklist_status: fullChecklist, work: reportedWork });
    assert.ok(early.first.startsWith("REFUSED CLOSEOUT_REQUIREMENTS_INCOMPLETE tech.complete"), early.text);
    assert.match(early.text, /missing_evidence_keys: "signature_or_no_signature_reason"/);

    for (const [n, file] of evidence.entries()) await record(ticket_id, file, `evidence-${n}`);
    const completed = await done("tech.complete", { ticket_id, checklist_status: fullChecklist, work: reportedWork });
    assert.match(completed.text, /COMPLETED_PENDING_VERIFICATION \(was IN_PROGRESS\)/);
    assert.match((await chat.say("tech.job_packet", { ticket_id })).text, /^closeout gate ready$/m);
    await done("qa.verify", { ticket_id, timestamp: api.clock.iso, result: "PASS" });
    const billed = await done("billing.generate_invoice", { ticket_id });
    assert.match(billed.text, /^invoice INV-\S+ total \$\d+\.\d\d \(tax /m);

    assert.match((await chat.say("ticket.get", { ticket_id })).text, new RegExp(`^ticket ${ticket_id} INVOICED `, "m"));
    const timeline = await chat.say("ticket.timeline", { ticket_id });
    const events = timeline.body["events"];
    assert.ok(Array.isArray(events));
    assert.deepEqual(
      events.map((one) => (isObject(one) ? one["id"] : null)),
      [...new Set(receipts)],
      "one event per receipt, in their order",
    );
    for (const one of events) assert.ok(isObject(one) && one["actor_id"] === "dana" && one["actor_type"] === "AGENT");
    for (const receipt_id of receipts) assert.match((await chat.say("receipt.get", { receipt_id })).text, /is genuine/);
  });

  async function record(
    ticket_id: string,
    { key, kind, content_type, bytes }: (typeof evidence)[number],
    callId: string,
  ): Promise<void> {
    const upload = await done("closeout.request_upload", {
      ticket_id,
      evidence_key: key,
      kind,
      content_type,
      size_bytes: bytes.length,
      sha256: sha256(bytes),
    });
    const [, method = "", url = "", uri = ""] =
      /^upload: (\S+) the bytes to (\S+) before \S+, then closeout_add_evidence with uri (\S+)$/m.exec(upload.text) ??
      [];
    const sent = await fetch(url, { method, headers: headersOf(upload.body), body: new Uint8Array(bytes) });
    assert.equal(sent.status, 201, await sent.text());
    const args = {
      ticket_id,
      kind,
      uri,
      evidence_key: key,
      checksum: createHash("sha256").update(bytes).digest("hex"),
    };
    const added = await done("closeout.add_evidence", args, callId);
    assert.match(added.text, /^evidence_id \S+ verified /m);
    // As after a lost connection: the same call again, the same item.
    const again = await done("closeout.add_evidence", args, callId);
    assert.equal(again.body["id"], added.body["id"]);
  }
});

function headersOf({ headers }: JsonObject): Record<string, string> {
  return isObject(headers)
    ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    : {};
}
