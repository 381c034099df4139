// tech.job_packet: what a technician needs on site, who to ask for, and what is still missing before the work is complete.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { localIso } from "../../dispatch/workforce/local-time.ts";
import { objectsIn, profiles, startTestApi, type TestApi } from "../support/api.ts";
import { acme, addSite, borealis } from "../support/directory.ts";
import { addReferenced } from "../support/evidence.ts";
import { addAllEvidence, completion, fullChecklist, latchEvidence, ticketIn } from "../support/ticket-builder.ts";

const packetOf = async (api: TestApi, ticket: string, as = "tech") =>
  (await api.read("tech.job_packet", { as, ticket })).packet;
const part = (value: unknown): JsonObject =>
  isObject(value) ? value : assert.fail(`no object: ${JSON.stringify(value)}`);
const signatureKey = "signature_or_no_signature_reason";

describe("a job packet", async () => {
  const api = await startTestApi();

  test("names the work, the place and the limit", async () => {
    const { id, window, techId } = await ticketIn(api, "DISPATCHED", { priority: "URGENT", nteCents: 88_000 });
    const { actor, generated_at, packet } = await api.read("tech.job_packet", {
      as: "technician",
      actor: "ana",
      ticket: id,
    });
    assert.deepEqual(actor, { actor_id: "ana", actor_role: "tech", actor_type: "HUMAN", tool_name: "tech.job_packet" });
    assert.equal(generated_at, api.clock.iso);
    const { number, not_technicians } = await api.read("ticket.get", { ticket: id });
    assert.deepEqual(packet.header, {
      ticket_id: id,
      number,
      priority: "URGENT",
      incident_type: "DOOR_WONT_LATCH",
      current_state: "DISPATCHED",
      scheduled_window: {
        ...window,
        start_local: localIso(Date.parse(window.start), "America/Los_Angeles"),
        end_local: localIso(Date.parse(window.end), "America/Los_Angeles"),
      },
      arrival_window: null,
      timezone: "America/Los_Angeles",
      assigned_provider_id: null,
      assigned_tech_id: techId,
      not_technicians,
      follows: null,
      follow_ups: [],
    });
    assert.deepEqual(packet.site_and_access, {
      site_id: acme.oakland,
      site_name: "Acme Oakland",
      address: {
        address1: "1 Broadway",
        address2: null,
        city: "Oakland",
        region: "CA",
        postal_code: "94607",
        country: "US",
      },
      timezone: "America/Los_Angeles",
      access_instructions: "Ring at the dock.",
      contact_id: null,
      onsite_contact: null,
    });
    const { summary, customer_description, nte_cents, authorized_scope_constraints } = packet.work_scope;
    assert.deepEqual(
      [summary, customer_description, nte_cents],
      ["Front door does not latch", "It swings open in the wind.", 88_000],
    );
    assert.match(JSON.stringify(authorized_scope_constraints), /880\.00/);
  });

  test("names whom to ask for: an authorized requester, then by escalation level, then the oldest", async () => {
    const siteId = await addSite(api.owner);
    const { id } = await ticketIn(api, "NEW", { siteId });
    const add = (name: string, authorized: boolean, level: number | null, year: number) =>
      api.owner.query(
        `INSERT INTO contacts (id, account_id, site_id, name, phone, role, is_authorized_requester, escalation_level, created_at)
         VALUES (gen_random_uuid(), $1, $2, $3, '555', 'manager', $4, $5, make_timestamptz($6, 1, 1, 0, 0, 0))`,
        [acme.id, siteId, name, authorized, level, year],
      );
    const contact = async () => part((await packetOf(api, id)).site_and_access)["onsite_contact"];
    const named = (name: string) => ({ name, phone: "555", role: "manager" });
    await add("No level, old", false, null, 2001);
    assert.deepEqual(await contact(), named("No level, old"));
    await add("No level, older", false, null, 2000);
    assert.deepEqual(await contact(), named("No level, older"));
    await add("Level 2", false, 2, 2020);
    assert.deepEqual(await contact(), named("Level 2"));
    await add("Level 1", false, 1, 2021);
    assert.deepEqual(await contact(), named("Level 1"));
    await add("Authorized, no level", true, null, 2022);
    assert.deepEqual(await contact(), named("Authorized, no level"));
    await add("Authorized, level 9", true, 9, 2023);
    assert.deepEqual(await contact(), named("Authorized, level 9"));
    await api.owner.query("UPDATE contacts SET archived_at = now() WHERE site_id = $1 AND name LIKE 'Authorized%'", [
      siteId,
    ]);
    assert.deepEqual(await contact(), named("Level 1"), "who has left is not asked for");
  });

  test("names first the contact the ticket has, also one of the whole account, and whom it was taken off", async () => {
    const { id, techId } = await ticketIn(api, "DISPATCHED");
    const contact = randomUUID();
    await api.owner.query(
      `INSERT INTO contacts (id, account_id, site_id, name, phone, role, is_authorized_requester)
       VALUES ($1, $2, NULL, 'Zoe Quill', '555', 'owner', false), (gen_random_uuid(), $2, $3, 'Ann Door', '556', 'clerk', true)`,
      [contact, acme.id, acme.oakland],
    );
    const place = async () => part((await packetOf(api, id)).site_and_access);
    assert.partialDeepStrictEqual(await place(), { contact_id: null, onsite_contact: { name: "Ann Door" } });
    await api.run("ticket.update", { ticket: id, body: { contact_id: contact } });
    const named = { contact_id: contact, onsite_contact: { name: "Zoe Quill", phone: "555", role: "owner" } };
    assert.partialDeepStrictEqual(await place(), named);
    await api.run("assignment.unassign", {
      ticket: id,
      body: { reason_code: "capacity", note: "still at another door" },
    });
    const { not_technicians } = part((await packetOf(api, id)).header);
    assert.deepEqual(not_technicians, (await api.read("ticket.get", { ticket: id })).not_technicians);
    assert.partialDeepStrictEqual(objectsIn(not_technicians), [{ tech_id: techId, note: "still at another door" }]);
  });

  test("shows all events, and the last ten by themselves", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    for (let n = 0; n < 8; n++) {
      await api.run("tech.hold", { ticket: id, body: { reason_code: "access" } });
      await api.run("tech.resume", { ticket: id });
    }
    const { events } = await api.read("ticket.timeline", { ticket: id });
    const { timeline } = await packetOf(api, id);
    assert.equal(events.length, 22);
    assert.deepEqual(timeline, { events, latest_events: events.slice(-10) });
  });

  test("is for technicians and dispatchers who may see the ticket", async () => {
    const { id } = await ticketIn(api, "NEW");
    assert.equal((await api.refuse("tech.job_packet", { as: "agent", ticket: id })).error.code, "FORBIDDEN");
    assert.equal(
      (await api.refuse("tech.job_packet", { as: "tech", ticket: id, headers: { "x-account-scope": borealis.id } }))
        .error.code,
      "FORBIDDEN_SCOPE",
    );
    await packetOf(api, id, "dispatcher");
  });
});

for (const profile of profiles) {
  describe(`a job packet's gate in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const actionsOf = async (ticket: string, as = "tech") => {
      const { actions } = await packetOf(api, ticket, as);
      return new Map(actions.map((action) => [action.action_id, action]));
    };

    test("tells what is missing until nothing is, and keeps completing closed as long", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      const before = await packetOf(api, id);
      assert.deepEqual(before.closeout_gate, {
        ready: false,
        code: "MISSING_SIGNATURE_CONFIRMATION",
        incident_type: "DOOR_WONT_LATCH",
        template_version: "1.0.0",
        missing_evidence_keys: [signatureKey],
        missing_checklist_keys: Object.keys(fullChecklist).sort(),
        invalid_evidence_refs: [],
        signature_satisfied: false,
        no_signature_reason: null,
      });
      const { required_evidence, evidence_items, template_version } = before.evidence_requirements;
      assert.deepEqual([template_version, evidence_items], ["1.0.0", []]);
      assert.deepEqual(
        objectsIn(required_evidence),
        [...latchEvidence, signatureKey].map((key, n) => ({
          key,
          kind: ["photo", "photo", "note", "signature"][n],
          present: false,
        })),
      );
      const { required_items, source } = before.checklist;
      assert.deepEqual(
        [objectsIn(required_items), source],
        [Object.keys(fullChecklist).map((key) => ({ key, checked: false })), "none_recorded"],
      );
      const closed = await actionsOf(id);
      for (const actionId of ["candidate", "complete_work"]) {
        const action = closed.get(actionId) ?? assert.fail(actionId);
        assert.equal(action.enabled, false);
        assert.partialDeepStrictEqual(action.policy_error, {
          code: "CLOSEOUT_REQUIREMENTS_INCOMPLETE",
          dimension: "evidence",
          requirement_code: "MISSING_SIGNATURE_CONFIRMATION",
        });
      }

      await addAllEvidence(api, id);
      await api.run("tech.complete", { ticket: id, body: completion });
      await api.run("qa.return_work", { ticket: id, body: { reasons: ["once more"] } });
      const { closeout_gate, checklist, evidence_requirements } = await packetOf(api, id);
      assert.partialDeepStrictEqual(closeout_gate, {
        ready: true,
        code: "READY",
        missing_evidence_keys: [],
        missing_checklist_keys: [],
        signature_satisfied: true,
        no_signature_reason: completion.no_signature_reason,
      });
      assert.equal(checklist["source"], "latest_completion_attempt");
      assert.ok(objectsIn(checklist["required_items"]).every((item) => item["checked"] === true));
      assert.deepEqual(
        evidence_requirements["evidence_items"],
        (await api.read("closeout.list_evidence", { ticket: id })).evidence,
      );
      const present = objectsIn(evidence_requirements["required_evidence"])
        .filter((item) => item["present"])
        .map((item) => item["key"]);
      assert.deepEqual(present, latchEvidence);
      const open = await actionsOf(id);
      assert.deepEqual([open.get("candidate")?.enabled, open.get("complete_work")?.enabled], [true, true]);
    });

    test("has no template for a type nobody wrote one for", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      // As a release before left it: strict takes no such type any more.
      await api.owner.query("UPDATE tickets SET incident_type = 'SQUEAKY_FLOOR' WHERE id = $1", [id]);
      const { closeout_gate, evidence_requirements } = await packetOf(api, id);
      assert.partialDeepStrictEqual(closeout_gate, {
        ready: false,
        code: "TEMPLATE_NOT_FOUND",
        incident_type: "SQUEAKY_FLOOR",
        template_version: null,
      });
      assert.deepEqual(evidence_requirements["required_evidence"], []);
    });

    if (profile === "strict") {
      test("does not count what is only referenced", async () => {
        const { id } = await ticketIn(api, "IN_PROGRESS");
        const { uri } = await addReferenced(api, { ticket: id }, latchEvidence[0] ?? "");
        const { closeout_gate } = await packetOf(api, id);
        assert.partialDeepStrictEqual(closeout_gate, { ready: false, invalid_evidence_refs: [uri] });
      });
    }

    test("offers by role and state what may be done", async () => {
      const { id } = await ticketIn(api, "DISPATCHED");
      const ids = [
        "check_in",
        "add_evidence",
        "request_change",
        "candidate",
        "complete_work",
        "open_timeline",
        "open_evidence",
      ];
      for (const as of ["tech", "dispatcher"]) {
        const actions = await actionsOf(id, as);
        assert.deepEqual([...actions.keys()], ids);
        const enabled = ids.filter((actionId) => actions.get(actionId)?.enabled);
        assert.deepEqual(enabled, ["check_in", "add_evidence", "open_timeline", "open_evidence"]);
        const change = actions.get("request_change");
        const expected =
          as === "tech"
            ? { code: "INVALID_STATE_TRANSITION", from_state: "DISPATCHED" }
            : { code: "FORBIDDEN", actor_role: "dispatcher", allowed_roles: ["tech"] };
        assert.partialDeepStrictEqual(change?.policy_error, expected);
        assert.equal(change?.endpoint, `/tickets/${id}/tech/request-change`);
      }
    });
  });
}
