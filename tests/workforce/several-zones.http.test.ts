// A technician of several zones: whoever asks who can go finds them in each, and in no other; clients that know of one zone go on.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dueNightlyDays } from "../../dispatch/planning/nightly-days.ts";
import { profiles, startTestApi } from "../support/api.ts";
import { addSite, addTechnician, acme } from "../support/directory.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

for (const profile of profiles) {
  describe(`who works in NV and CA, in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    await api.owner.query("DELETE FROM technician_shifts");
    await api.owner.query("DELETE FROM technicians");
    const both = await addTechnician(api.owner, { name: "Both", zone: "NV", moreZones: [" ca "] });
    const third = await addTechnician(api.owner, { name: "Third", zone: "OR" });
    const sites = {
      NV: await addSite(api.owner, { region: "NV" }),
      CA: await addSite(api.owner, { region: "Kings County", zone: "CA" }),
      OR: await addSite(api.owner, { region: "OR" }),
    };
    const body = { service_type: "DOOR_WONT_LATCH", recommendation_limit: 5 };

    for (const zone of ["NV", "CA"] as const)
      test(`is recommended for ${zone}, offered and booked there, and sent`, async () => {
        const { id } = await ticketIn(api, "SCHEDULED", { siteId: sites[zone] });
        const { recommendations, rejected, snapshot_id } = await api.run("assignment.recommend", { ticket: id, body });
        assert.deepEqual(
          recommendations.map(({ tech_id, matches }) => [tech_id, matches.zone]),
          [[both, true]],
        );
        assert.deepEqual(
          rejected.map(({ tech_id, reason }) => [tech_id, reason]),
          [[third, "ZONE_MISMATCH"]],
        );
        const sent = { tech_id: both, recommendation_snapshot_id: snapshot_id };
        assert.equal((await api.run("assignment.dispatch", { ticket: id, body: sent })).state, "DISPATCHED");
        const { id: open } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: sites[zone] });
        const { slots } = await api.read("schedule.slots", { ticket: open });
        assert.deepEqual([...new Set(slots.map(({ tech_id }) => tech_id))], [both]);
        assert.equal((await api.run("schedule.book", { ticket: open })).booking.technician_id, both);
      });

    test("is refused for a third zone, by all that can send, with all of theirs named", async () => {
      const { id } = await ticketIn(api, "SCHEDULED", { siteId: sites.OR });
      const { error } = await api.refuse("assignment.dispatch", { ticket: id, body: { tech_id: both } });
      const detail = "works in NV,  ca , the site is in OR";
      assert.partialDeepStrictEqual(error, { code: "ASSIGNMENT_ZONE_MISMATCH", ticket_region: "OR", detail });
      const { rejected } = await api.run("assignment.recommend", { ticket: id, body });
      assert.partialDeepStrictEqual(rejected, [{ tech_id: both, reason: "ZONE_MISMATCH", detail }]);
      const { id: open } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: sites.OR });
      const booking = await api.refuse("schedule.book", { ticket: open, body: { tech_id: both } });
      assert.equal(booking.error.code, "NO_FEASIBLE_SLOT");
    });
  });
}

describe("several zones", async () => {
  const api = await startTestApi();

  test("are given as a list or, by who knows of one, as the first; answers have both", async () => {
    const upsert = async (body: object) => {
      const { technician } = await api.run("roster.upsert", { body });
      return { id: technician.id, has: [technician.zone, ...technician.zones] };
    };
    const { id: tech_id, has } = await upsert({ name: "Wanda", zones: ["OR", "WA", "or"] });
    assert.deepEqual(has, ["OR", "OR", "WA"], "each once, in any letter case");
    for (const [body, expected] of [
      [{ quality: 7 }, ["OR", "OR", "WA"]],
      [{ zone: "OR" }, ["OR", "OR", "WA"]],
      [{ zone: "ID" }, ["ID", "ID", "WA"]],
      [{ zone: "wa" }, ["wa", "wa"]],
      [{ zones: ["ID", "WA"], zone: "ID" }, ["ID", "ID", "WA"]],
      [{ zone: null }, [null]],
      [{ zones: ["UT"] }, ["UT", "UT"]],
      [{ zones: [] }, [null]],
    ] as const)
      assert.deepEqual((await upsert({ tech_id, ...body })).has, expected, JSON.stringify(body));
    const both = await api.refuse("roster.upsert", { body: { tech_id, zone: "NV", zones: ["CA", "NV"] } });
    assert.partialDeepStrictEqual(both.error, {
      code: "INVALID_REQUEST",
      validation_errors: [{ path: "zones", rule: "first" }],
    });
    // As the release before writes them.
    await upsert({ tech_id, zones: ["ID", "WA"] });
    await api.owner.query("UPDATE technicians SET zone = 'MT' WHERE id = $1", [tech_id]);
    assert.deepEqual((await upsert({ tech_id })).has, ["MT", "MT", "WA"]);
  });

  test("are each found in the roster, in a search, in a plan's day and for a site's time zone", async () => {
    const { technician } = await api.run("roster.upsert", { body: { name: "Zelda Zwei", zones: ["AZ", "NM"] } });
    const shift = { weekdays: [1, 2, 3, 4, 5], start_time: "08:00", end_time: "16:00", time_zone: "America/Denver" };
    await api.run("roster.set_shifts", { technician: technician.id, body: { shifts: [shift] } });
    for (const zone of ["az", "NM"]) {
      const { technicians } = await api.read("roster.list", { query: `zone=${zone}` });
      assert.deepEqual(
        technicians.map(({ id }) => id),
        [technician.id],
      );
      const { plan } = await api.run("plan.optimize", { body: { day: "2026-03-04", zone, iterations: 1 } });
      assert.equal(plan.time_zone, "America/Denver", "by the clock of who works there");
      const body = { account_id: acme.id, name: `Site in ${zone}`, region: zone };
      assert.equal((await api.run("site.upsert", { body })).site.timezone, "America/Denver");
    }
    assert.deepEqual((await api.read("roster.list", { query: "zone=UT" })).technicians, []);
    const { results } = await api.read("directory.search", { query: "q=Zelda&kind=technician" });
    assert.equal(results[0]?.detail, "AZ, NM");
    const evening = new Date("2026-03-04T04:00:00Z");
    assert.deepEqual(
      (await dueNightlyDays(api.desk.db, evening, 20)).flatMap(({ zone }) =>
        zone === "AZ" || zone === "NM" ? zone : [],
      ),
      ["AZ", "NM"],
    );
  });

  test("are each a reason for the worker to send them", async () => {
    const { id: tech } = (await api.run("roster.upsert", { body: { name: "Late Comer", zones: ["KS", "MO"] } }))
      .technician;
    const worker = await startTestWorker(api);
    const shift = { weekdays: [1, 2, 3, 4, 5, 6, 7], start_time: "00:00", end_time: "24:00", time_zone: "UTC" };
    await api.run("roster.set_shifts", { technician: tech, body: { shifts: [shift] } });
    const siteId = await addSite(api.owner, { region: "MO" });
    const { id } = await ticketIn(api, "SCHEDULED", { siteId, window: freeWindow(api) });
    await worker.wake();
    assert.equal((await api.read("ticket.get", { ticket: id })).assigned_tech_id, tech);
  });
});
