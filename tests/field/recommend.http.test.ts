// assignment.recommend: who is ranked where, who is left out and why, and the snapshot a dispatch can be held to.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { addSite, addTechnician, ana, ben } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const recommend = (api: TestApi, ticket: string, body: object = {}) =>
  api.run("assignment.recommend", { ticket, body: { service_type: "DEFAULT", recommendation_limit: 20, ...body } });

for (const profile of profiles) {
  describe(`assignment.recommend in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const idle = await addTechnician(api.owner, { name: "Idle", quality: 60, baseLoad: 0, serviceTypes: ["GLASS"] });
    const loaded = await addTechnician(api.owner, { name: "Loaded", quality: 60, baseLoad: 2 });
    const nevada = await addTechnician(api.owner, { name: "Nevada", quality: 100, zone: "nv" });
    const away = await addTechnician(api.owner, { name: "Away", active: false });
    const drained = await addTechnician(api.owner, { name: "Drained", drained: true });
    const unknownHours = await addTechnician(api.owner, { name: "Unknown hours", quality: 70, hours: null });
    const office = await addTechnician(api.owner, { name: "Office", quality: 65, hours: ["06:00", "07:00"] });

    test("scores capability, zone, load and quality, and shows each term", async () => {
      const { id, window } = await ticketIn(api, "READY_TO_SCHEDULE");
      const { recommendations, rejected } = await recommend(api, id, {
        service_type: "door_wont_latch_V12",
        preferred_window: window,
      });
      const scores = recommendations.map(({ tech_id, score }) => [tech_id, score]);
      const certain = [
        [ana, 1_290],
        [ben, 1_280],
        [loaded, 1_240],
      ];
      const expected =
        profile === "pilot" ? [...certain.slice(0, 2), [unknownHours, 1_270], ...certain.slice(2)] : certain;
      assert.deepEqual(scores, expected);
      const first = recommendations[0] ?? assert.fail();
      assert.deepEqual(first.matches, { capability: true, zone: true, active_load: 0, distance_bucket: 0 });
      assert.deepEqual(
        first.factors.map(({ factor, contribution }) => [factor, contribution]),
        [
          ["capability", 1_000],
          ["zone", 200],
          ["active_load", 0],
          ["quality", 90],
        ],
      );
      for (const { score, factors } of recommendations)
        assert.equal(
          score,
          factors.reduce((sum, { contribution }) => sum + contribution, 0),
        );
      const shown = recommendations
        .find(({ tech_id }) => tech_id === unknownHours)
        ?.factors.some(({ factor }) => factor === "NO_SHIFT");
      assert.equal(shown, profile === "pilot" ? true : undefined);

      const reasons = new Map(rejected.map(({ tech_id, reason }) => [tech_id, reason]));
      assert.deepEqual(
        [away, drained, office, nevada, idle].map((tech) => reasons.get(tech)),
        ["INACTIVE", "DRAINED", "OFF_SHIFT", "ZONE_MISMATCH", "SKILL_MISSING"],
      );
      assert.equal(reasons.get(unknownHours), profile === "pilot" ? undefined : "NO_SHIFT");
      assert.equal(reasons.size + recommendations.length, 9, "everybody is named once");
    });

    test("names everybody beyond the limit, five of them unless asked for more", async () => {
      const { id, window } = await ticketIn(api, "READY_TO_SCHEDULE");
      for (const quality of [1, 2]) await addTechnician(api.owner, { quality });
      const all = await recommend(api, id, { preferred_window: window });
      const few = await recommend(api, id, { preferred_window: window, recommendation_limit: 1 });
      assert.deepEqual(few.recommendations, all.recommendations.slice(0, 1));
      const beyond = few.rejected.filter(({ reason }) => reason === "BELOW_LIMIT").map(({ tech_id }) => tech_id);
      assert.deepEqual(
        beyond,
        all.recommendations.slice(1).map(({ tech_id }) => tech_id),
      );
      const { recommendations } = await api.run("assignment.recommend", {
        ticket: id,
        body: { service_type: "DEFAULT" },
      });
      assert.equal(recommendations.length, 5);
    });

    test("counts the tickets somebody works on now, and not the one that is asked about", async () => {
      const tech = await addTechnician(api.owner, { quality: 0 });
      const loadOf = async (ticket: string) => {
        const { recommendations } = await recommend(api, ticket);
        return recommendations.find(({ tech_id }) => tech_id === tech)?.matches.active_load;
      };
      const { id } = await ticketIn(api, "SCHEDULED");
      assert.equal(await loadOf(id), 0);
      const work = await ticketIn(api, "DISPATCHED", { techId: tech });
      await ticketIn(api, "ON_HOLD", { techId: tech });
      assert.equal(await loadOf(id), 2);
      await api.run("ticket.cancel", { ticket: work.id, body: { reason: "called off" } });
      assert.equal(await loadOf(id), 1);
    });

    test("leaves out who is booked at the ticket's time, and says so", async () => {
      const tech = await addTechnician(api.owner, { quality: 0 });
      const { window } = await ticketIn(api, "DISPATCHED", { techId: tech });
      const { id } = await ticketIn(api, "SCHEDULED", { window });
      const { rejected } = await recommend(api, id);
      assert.deepEqual(rejected.find(({ tech_id }) => tech_id === tech)?.reason, "BOOKED");
    });

    test("matches every zone at a site without a region", async () => {
      const siteId = await addSite(api.owner, { region: " " });
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId });
      const { recommendations } = await recommend(api, id);
      assert.ok(recommendations.every(({ matches }) => matches.zone));
      assert.equal(recommendations[0]?.tech_id, nevada);
    });

    test("keeps what it said, whole", async () => {
      const { id } = await ticketIn(api, "SCHEDULED");
      const { receipt, ...said } = await recommend(api, id);
      const { rows } = await api.owner.query(
        "SELECT ticket_id, service_type, recommended_tech_id, body FROM recommendation_snapshots WHERE id = $1",
        [said.snapshot_id],
      );
      assert.deepEqual(rows, [
        { ticket_id: id, service_type: "DEFAULT", recommended_tech_id: said.recommendations[0]?.tech_id, body: said },
      ]);
      assert.equal(receipt.before_state, receipt.after_state);
    });
  });
}

test("a dispatch by snapshot must name its first technician, of this ticket, who still fits", async (t) => {
  const api = await startTestApi({ t });
  const { id } = await ticketIn(api, "SCHEDULED");
  const { snapshot_id } = await recommend(api, id);
  const dispatch = (ticket: string, body: object) => api.refuse("assignment.dispatch", { ticket, body });

  const mismatch = (await dispatch(id, { tech_id: ben, recommendation_snapshot_id: snapshot_id })).error;
  assert.partialDeepStrictEqual(mismatch, {
    code: "ASSIGNMENT_RECOMMENDATION_MISMATCH",
    recommendation_snapshot_id: snapshot_id,
    recommended_tech_id: ana,
    tech_id: ben,
  });

  const other = await ticketIn(api, "SCHEDULED");
  for (const [ticket, snapshot] of [
    [id, randomUUID()],
    [other.id, snapshot_id],
  ] as const) {
    const { error } = await dispatch(ticket, { tech_id: ana, recommendation_snapshot_id: snapshot });
    assert.partialDeepStrictEqual(error, { code: "ASSIGNMENT_NOT_FOUND", recommendation_snapshot_id: snapshot });
  }

  const latch = await api.run("assignment.recommend", { ticket: id, body: { service_type: "DOOR_WONT_LATCH" } });
  const byLatch = { tech_id: ana, recommendation_snapshot_id: latch.snapshot_id };
  await api.owner.query("UPDATE technicians SET service_types = '{GLASS}' WHERE id = $1", [ana]);
  assert.partialDeepStrictEqual((await dispatch(id, byLatch)).error, {
    code: "ASSIGNMENT_CAPABILITY_MISMATCH",
    service_type: "DOOR_WONT_LATCH",
    tech_id: ana,
  });
  await api.owner.query("UPDATE technicians SET service_types = '{door_wont_latch_v3}', zone = 'TX' WHERE id = $1", [
    ana,
  ]);
  assert.partialDeepStrictEqual((await dispatch(id, byLatch)).error, {
    code: "ASSIGNMENT_ZONE_MISMATCH",
    ticket_region: "CA",
    tech_id: ana,
  });
  await api.owner.query("UPDATE technicians SET zone = ' ca ' WHERE id = $1", [ana]);
  await api.run("assignment.dispatch", { ticket: id, body: byLatch });

  // Without a snapshot nobody holds the dispatcher to one.
  for (const none of [null, ""]) {
    const { id: free } = await ticketIn(api, "SCHEDULED");
    await api.run("assignment.dispatch", { ticket: free, body: { tech_id: ben, recommendation_snapshot_id: none } });
  }
});
