// Time as people live it, through the API: clocks that change, nights, breaks, visits that outlast a shift, drives into
// another zone. Hours are of the wall where the technician works; a visit is an instant, whatever the site's clock shows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { acme, addSite } from "../support/directory.ts";
import { ticketIn, type Plan } from "../support/ticket-builder.ts";

const weekdays = [1, 2, 3, 4, 5, 6, 7];
const la = "America/Los_Angeles";

describe("the calendar", async () => {
  const api = await startTestApi({ profile: "strict" });
  const working = async (shift: object, person: object = {}) => {
    const body = { name: "Somebody", zone: "CA", skills: ["door_hardware"], ...person };
    const { technician } = await api.run("roster.upsert", { body });
    await api.run("roster.set_shifts", {
      technician: technician.id,
      body: { shifts: [{ weekdays, time_zone: la, ...shift }] },
    });
    return technician.id;
  };
  const search = async (techId: string, earliest: string, latest: string, minutes: number, plan: Plan = {}) => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", plan);
    const query = `tech_id=${techId}&earliest=${earliest}&latest=${latest}&duration_minutes=${minutes}&limit=50`;
    const { slots, rejected } = await api.read("schedule.slots", { ticket: id, query });
    return { starts: slots.map(({ start }) => start.slice(0, 16)), slots, why: rejected.map(({ reason }) => reason) };
  };

  test("begins work at nine of the technician's wall before and after clocks go forward", async () => {
    const techId = await working({ start_time: "09:00", end_time: "17:00" });
    const firstOn = async (day: string) =>
      (await search(techId, `${day}T00:00:00-08:00`, `${day}T20:00:00-08:00`, 60)).starts[0];
    assert.deepEqual(
      [await firstOn("2026-03-07"), await firstOn("2026-03-08")],
      ["2026-03-07T17:00", "2026-03-08T16:00"],
    );
  });

  test("begins work at nine of the technician's wall before and after clocks go back", async () => {
    const techId = await working({ start_time: "09:00", end_time: "17:00", time_zone: "Europe/Berlin" });
    const firstOn = async (day: string) => (await search(techId, `${day}T00:00:00Z`, `${day}T20:00:00Z`, 60)).starts[0];
    assert.deepEqual(
      [await firstOn("2026-10-24"), await firstOn("2026-10-25")],
      ["2026-10-24T07:00", "2026-10-25T08:00"],
    );
  });

  for (const [what, night, next, hours] of [
    ["is an hour shorter when clocks go forward", "2026-03-07", "2026-03-08", 7],
    ["is an hour longer when clocks go back", "2026-10-31", "2026-11-01", 9],
  ] as const) {
    test(`a shift over midnight ${what}: a visit of ${hours} hours fits, a minute more does not`, async () => {
      const techId = await working({ start_time: "22:00", end_time: "06:00" });
      const [from, to] = [`${night}T12:00:00-08:00`, `${next}T12:00:00-08:00`];
      assert.equal((await search(techId, from, to, hours * 60)).starts.length, 1);
      assert.deepEqual(await search(techId, from, to, hours * 60 + 1), { starts: [], slots: [], why: ["OFF_SHIFT"] });
    });
  }

  test("a site's visit over the hour that is skipped there takes, and books, the hour that is left", async () => {
    const techId = await working({ start_time: "00:00", end_time: "00:00", time_zone: "America/New_York" });
    const window = { start: "2026-03-08T01:30:00-08:00", end: "2026-03-08T03:30:00-07:00" };
    const { id } = await ticketIn(api, "DISPATCHED", { techId, window, siteId: acme.oakland });
    const { scheduled_start, scheduled_end } = await api.read("ticket.get", { ticket: id });
    assert.deepEqual([scheduled_start, scheduled_end], ["2026-03-08T09:30:00.000Z", "2026-03-08T10:30:00.000Z"]);
    const { rows } = await api.owner.query(
      "SELECT extract(epoch FROM upper(span) - lower(span))::int AS seconds FROM bookings WHERE ticket_id = $1",
      [id],
    );
    assert.deepEqual(rows, [{ seconds: 3_600 }]);
  });

  test("a visit in the hour that comes twice is the one its offset names, and both can be booked", async () => {
    const techId = await working({ start_time: "00:00", end_time: "00:00" });
    for (const offset of ["-07:00", "-08:00"]) {
      const window = { start: `2026-11-01T01:15:00${offset}`, end: `2026-11-01T01:45:00${offset}` };
      await ticketIn(api, "DISPATCHED", { techId, window });
    }
    const { rows } = await api.owner.query(
      "SELECT to_char(lower(span), 'HH24:MI') AS starts FROM bookings WHERE technician_id = $1 ORDER BY 1",
      [techId],
    );
    assert.deepEqual(rows, [{ starts: "08:15" }, { starts: "09:15" }]);
  });

  test("a break keeps its place on the wall, also behind midnight and on the day clocks change", async () => {
    const techId = await working({
      start_time: "22:00",
      end_time: "06:00",
      breaks: [{ start: "03:00", end: "03:30" }],
    });
    const { starts } = await search(techId, "2026-03-08T01:30:00-08:00", "2026-03-08T06:00:00-07:00", 30);
    assert.deepEqual(
      starts.slice(0, 3),
      ["2026-03-08T09:30", "2026-03-08T10:30", "2026-03-08T10:45"],
      "02:00 is 03:00 there, and the break",
    );
  });

  test("a shift that ends in the middle of a visit is no time for it, to the minute", async () => {
    const techId = await working({ start_time: "09:00", end_time: "17:00", time_zone: "UTC" });
    const { starts } = await search(techId, "2026-03-04T15:00:00Z", "2026-03-04T23:00:00Z", 90);
    assert.equal(starts.at(-1), "2026-03-04T15:30");
    const { id } = await ticketIn(api, "SCHEDULED", {
      window: { start: "2026-03-04T15:31:00Z", end: "2026-03-04T17:01:00Z" },
    });
    const { error } = await api.refuse("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
    assert.deepEqual([error.code, error["reason"]], ["TECH_UNAVAILABLE", "OFF_SHIFT"]);
  });

  test("a shift that is cut short under a visit leaves the visit standing, and says so", async () => {
    const techId = await working({ start_time: "09:00", end_time: "17:00", time_zone: "UTC" });
    const window = { start: "2026-03-04T15:00:00.000Z", end: "2026-03-04T16:30:00.000Z" };
    const { id } = await ticketIn(api, "DISPATCHED", { techId, window });
    const shifts = [{ weekdays, start_time: "09:00", end_time: "16:00", time_zone: "UTC" }];
    const { conflicts } = await api.run("roster.set_shifts", { technician: techId, body: { shifts } });
    assert.deepEqual(
      conflicts.map(({ ticket_id, start, end }) => ({ ticket_id, start, end })),
      [{ ticket_id: id, ...window }],
    );
  });

  test("a time of no length is no time: not to search in, not to offer, not to be away", async () => {
    const techId = await working({ start_time: "09:00", end_time: "17:00" });
    const at = "2026-03-04T15:00:00Z";
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    assert.equal(
      (await api.refuse("schedule.slots", { ticket: id, query: `earliest=${at}&latest=${at}` })).error.code,
      "INVALID_QUERY",
    );
    assert.equal(
      (await api.refuse("schedule.book", { ticket: id, body: { earliest: at, latest: at } })).error.code,
      "INVALID_REQUEST",
    );
    assert.equal(
      (await api.refuse("schedule.propose", { ticket: id, body: { options: [{ start: at, end: at }] } })).error.code,
      "INVALID_REQUEST",
    );
    assert.equal(
      (await api.refuse("roster.time_off", { technician: techId, body: { add: [{ start: at, end: at }] } })).error.code,
      "INVALID_REQUEST",
    );
  });

  test("a drive into another time zone takes its minutes, not the difference of the clocks", async () => {
    const techId = await working({ start_time: "00:00", end_time: "00:00", time_zone: "America/Boise" });
    const [west, east] = [await addSite(api.owner), await addSite(api.owner)];
    // Either side of the line between Pacific and Mountain time in Idaho, 37 km apart.
    await api.owner.query("UPDATE sites SET lat = 45.6, lon = -116.4, timezone = 'America/Los_Angeles' WHERE id = $1", [
      west,
    ]);
    await api.owner.query("UPDATE sites SET lat = 45.27, lon = -116.4, timezone = 'America/Boise' WHERE id = $1", [
      east,
    ]);
    await ticketIn(api, "DISPATCHED", {
      techId,
      siteId: west,
      window: { start: "2026-03-04T17:00:00Z", end: "2026-03-04T18:00:00Z" },
    });
    const {
      slots: [first],
    } = await search(techId, "2026-03-04T18:00:00Z", "2026-03-05T00:00:00Z", 60, { siteId: east });
    assert.ok(first?.travel_before_minutes);
    const travel = first.travel_before_minutes;
    assert.ok(travel > 60 && travel < 100, String(travel));
    assert.equal(Date.parse(first.start) - Date.parse("2026-03-04T18:00:00Z"), travel * 60_000);
  });
});
