// roster.upsert with active false: somebody leaves for good, and nobody's visit is left behind with them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi } from "../support/api.ts";
import { acme, addTechnician, allSkills, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

describe("a technician who is taken off the roster", async () => {
  const api = await startTestApi();

  test("gives back what they have not begun, keeps what they have, and the answer names both", async () => {
    const tech_id = await addTechnician(api.owner);
    const sent = await ticketIn(api, "DISPATCHED", { techId: tech_id });
    const { id: booked } = await ticketIn(api, "READY_TO_SCHEDULE");
    await api.run("schedule.book", { ticket: booked, body: { tech_id } });
    const working = await ticketIn(api, "IN_PROGRESS", { techId: tech_id });
    const { technician, requeued, kept, receipt } = await api.run("roster.upsert", {
      body: { tech_id, active: false, quality: 10 },
    });
    assert.deepEqual([technician.active, technician.quality, technician.open_tickets], [false, 10, 1]);
    assert.deepEqual(
      new Map(requeued?.map(({ ticket_id, previous_state, state }) => [ticket_id, [previous_state, state]])),
      new Map([
        [sent.id, ["DISPATCHED", "SCHEDULED"]],
        [booked, ["SCHEDULED", "SCHEDULED"]],
      ]),
    );
    assert.deepEqual(kept, [{ ticket_id: working.id, state: "IN_PROGRESS" }]);
    for (const id of [sent.id, booked]) {
      assert.equal((await api.read("ticket.get", { ticket: id })).assigned_tech_id, null);
      const { events } = await api.read("ticket.timeline", { ticket: id });
      assert.partialDeepStrictEqual(events.at(-1)?.payload, {
        caused_by: receipt.receipt_id,
        previous_tech_id: tech_id,
        reason: "no longer works here",
      });
    }
    const { rows } = await api.owner.query(
      "SELECT ticket_id FROM bookings WHERE technician_id = $1 AND state IN ('tentative', 'firm')",
      [tech_id],
    );
    assert.deepEqual(rows, [{ ticket_id: working.id }]);
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
  });

  test("has nothing to give back otherwise", async () => {
    const tech_id = await addTechnician(api.owner);
    await ticketIn(api, "DISPATCHED", { techId: tech_id });
    const changed = await api.run("roster.upsert", { body: { tech_id, active: true, quality: 10 } });
    assert.deepEqual([changed.requeued, changed.technician.open_tickets], [undefined, 1]);
    const added = await api.run("roster.upsert", { body: { name: "Starts in May", active: false } });
    assert.equal(added.requeued, undefined);
  });

  test("stays while whoever asks may not see all of their visits", async () => {
    const tech_id = await addTechnician(api.owner, { zone: "NY" });
    const { id } = await ticketIn(api, "DISPATCHED", {
      techId: tech_id,
      accountId: borealis.id,
      siteId: borealis.albany,
    });
    const { error } = await api.refuse("roster.upsert", {
      body: { tech_id, active: false },
      headers: { "x-account-scope": acme.id },
    });
    assert.equal(error.code, "FORBIDDEN_SCOPE");
    assert.equal((await api.read("ticket.get", { ticket: id })).assigned_tech_id, tech_id);
  });
});

describe("a technician of whom less is said than before", async () => {
  const api = await startTestApi();

  test("stays booked, and the answer warns of each visit that is beyond them now", async () => {
    const body = { name: "Kim", zone: "CA", skills: allSkills, tools: ["multimeter", "glass_lifter"] };
    const tech_id = (await api.run("roster.upsert", { body })).technician.id;
    const lead = await addTechnician(api.owner);
    const [glass, door, helped, begun] = [
      await ticketIn(api, "SCHEDULED", { techId: tech_id, booked: true, incidentType: "FRAME_OR_GLASS_DAMAGE" }),
      await ticketIn(api, "DISPATCHED", { techId: tech_id }),
      await ticketIn(api, "SCHEDULED", { techId: lead, booked: true, incidentType: "FRAME_OR_GLASS_DAMAGE" }),
      await ticketIn(api, "IN_PROGRESS", { techId: tech_id, incidentType: "FRAME_OR_GLASS_DAMAGE" }),
    ];
    await api.run("assignment.crew", { ticket: helped.id, body: { add: [tech_id] } });

    const skilled = await api.run("roster.upsert", { body: { tech_id, skills: ["door_hardware"] } });
    const { number } = await api.read("ticket.get", { ticket: glass.id });
    assert.deepEqual(
      skilled.conflicts?.map(({ ticket_id, detail }) => [ticket_id, detail]),
      [[glass.id, "lacks glazing"]],
    );
    assert.deepEqual(
      skilled.warnings?.map(({ code }) => code),
      ["BEYOND_ABILITIES"],
    );
    assert.ok(skilled.warnings?.[0]?.message.includes(`Kim is booked for ${number} and`));
    assert.equal((await api.read("ticket.get", { ticket: glass.id })).assigned_tech_id, tech_id);

    const moved = await api.run("roster.upsert", { body: { tech_id, zone: "NV" } });
    const told = new Set(moved.conflicts?.map(({ ticket_id }) => ticket_id));
    assert.deepEqual(
      told,
      new Set([door.id, helped.id]),
      "what was beyond them before is told once, and begun work not",
    );
    assert.ok(!told.has(begun.id));

    const same = await api.run("roster.upsert", { body: { tech_id, quality: 3 } });
    assert.deepEqual([same.conflicts, same.warnings], [undefined, undefined]);
  });

  test("is no news of tickets that the caller may not see", async () => {
    const tech_id = await addTechnician(api.owner, { skills: allSkills });
    await ticketIn(api, "SCHEDULED", { techId: tech_id, booked: true });
    const headers = { "x-account-scope": borealis.id };
    const { conflicts, warnings } = await api.run("roster.upsert", { headers, body: { tech_id, skills: ["glazing"] } });
    assert.deepEqual([conflicts, warnings], [undefined, undefined]);
  });
});
