// The roster's commands over HTTP: who there is, when they work, who takes no new work, and that what they change is
// what slots, bookings and dispatches then see.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { addTechnician, ana, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const weekdays = [1, 2, 3, 4, 5, 6, 7];
const always = { weekdays, start_time: "00:00", end_time: "00:00", time_zone: "UTC" };
const newcomer = {
  name: "Nora Newcomer",
  zone: "CA",
  skills: ["door_hardware"],
  home: { lat: 37.8, lon: -122.27 },
  quality: 71,
};

describe("the roster", async () => {
  const api = await startTestApi();
  const add = async (body: object = {}) =>
    (await api.run("roster.upsert", { body: { ...newcomer, ...body } })).technician.id;
  const one = async (id: string) =>
    (await api.read("roster.list", { query: `tech_id=${id}` })).technicians[0] ?? assert.fail("not on the roster");
  const slotsOf = async (id: string, query = "") => {
    const { id: ticket } = await ticketIn(api, "READY_TO_SCHEDULE");
    return api.read("schedule.slots", { ticket, query: `tech_id=${id}&limit=1${query}` });
  };

  test("takes a new technician, with what is usual where nothing is said", async () => {
    const { technician, receipt } = await api.run("roster.upsert", { body: newcomer });
    const { id, ...rest } = technician;
    assert.deepEqual(rest, {
      slug: "nora-newcomer",
      name: "Nora Newcomer",
      active: true,
      provider_id: null,
      home_lat: 37.8,
      home_lon: -122.27,
      zone: "CA",
      zones: ["CA"],
      service_types: ["DEFAULT"],
      skills: ["door_hardware"],
      tools: [],
      abilities_on_record: true,
      quality: 71,
      base_load: 0,
      max_concurrent: 3,
      room: null,
      drained_at: null,
      drain_reason: null,
      open_tickets: 0,
      shifts: [],
      time_off: [],
    });
    assert.deepEqual(await one(id), technician);
    assert.equal(receipt.ticket_id, null);
    assert.equal((await api.read("receipt.get", { receipt: receipt.receipt_id })).tool_name, "roster.upsert");
  });

  test("changes what is named and nothing else, and gives a new technician the id that is asked for", async () => {
    const id = randomUUID();
    await add({ tech_id: id });
    const before = await one(id);
    const { technician } = await api.run("roster.upsert", {
      body: { tech_id: id, zone: null, home: null, quality: 5 },
    });
    assert.deepEqual(technician, { ...before, zone: null, zones: [], home_lat: null, home_lon: null, quality: 5 });
    assert.deepEqual(await one(id), technician);
    const { error } = await api.refuse("roster.upsert", { body: { tech_id: randomUUID(), quality: 5 } });
    assert.equal(error.code, "INVALID_REQUEST");
  });

  test("keeps hours as they were given, and a day of its own for each", async () => {
    const id = await add();
    const shifts = [
      {
        weekdays: [5, 1],
        start_time: "22:00",
        end_time: "06:00",
        time_zone: "America/New_York",
        breaks: [
          { start: "01:00", end: "01:30" },
          { start: "02:00", end: "05:00", minutes: 20 },
        ],
        valid_from: "2026-01-01",
        valid_to: "2026-12-31",
        on_call: true,
      },
      { weekdays: [2], start_time: "08:00", end_time: "24:00", time_zone: "UTC" },
    ];
    const { technician } = await api.run("roster.set_shifts", { technician: id, body: { shifts } });
    const usual = { breaks: [], valid_from: null, valid_to: null, on_call: false };
    assert.deepEqual((await one(id)).shifts, [
      { ...shifts[0], weekdays: [1, 5] },
      { ...usual, ...shifts[1] },
    ]);
    assert.deepEqual(technician.shifts, (await one(id)).shifts);
    await api.run("roster.set_shifts", { technician: id, body: { shifts: [always] } });
    assert.deepEqual((await one(id)).shifts, [{ ...usual, ...always }], "what is not named is gone");
  });

  test("offers slots from the hours just set, and none in time off until it is removed", async () => {
    const id = await add();
    assert.deepEqual(
      (await slotsOf(id)).slots.flatMap(({ factors }) => factors.filter(({ factor }) => factor === "NO_SHIFT").length),
      [1],
    );
    await api.run("roster.set_shifts", {
      technician: id,
      body: { shifts: [{ ...always, start_time: "12:00", end_time: "16:00" }] },
    });
    assert.equal((await slotsOf(id)).slots[0]?.start, "2026-03-02T12:00:00.000Z");
    const add_ = [{ start: "2026-03-02T00:00:00Z", end: "2026-03-04T00:00:00Z" }];
    const { technician } = await api.run("roster.time_off", { technician: id, body: { add: add_, reason: "wedding" } });
    const [off] = technician.time_off;
    assert.deepEqual(
      { ...off, id: "" },
      { id: "", start: "2026-03-02T00:00:00.000Z", end: "2026-03-04T00:00:00.000Z", reason: "wedding" },
    );
    assert.deepEqual((await one(id)).time_off, technician.time_off);
    assert.equal((await slotsOf(id)).slots[0]?.start, "2026-03-04T12:00:00.000Z");
    assert.equal((await slotsOf(id, "&latest=2026-03-03T00:00:00Z")).rejected[0]?.reason, "TIME_OFF");
    const removed = await api.run("roster.time_off", { technician: id, body: { remove: [off?.id] } });
    assert.deepEqual(removed.technician.time_off, []);
    assert.equal((await slotsOf(id)).slots[0]?.start, "2026-03-02T12:00:00.000Z");
  });

  test("names the bookings that new hours or time off leave standing", async () => {
    const id = await add();
    await api.run("roster.set_shifts", { technician: id, body: { shifts: [always] } });
    const window = { start: "2026-05-04T10:00:00.000Z", end: "2026-05-04T11:00:00.000Z" };
    const { id: ticket } = await ticketIn(api, "DISPATCHED", { techId: id, window });
    const atTheSite = { start_local: "2026-05-04T03:00:00-07:00", end_local: "2026-05-04T04:00:00-07:00" };
    const conflict = [{ ticket_id: ticket, ...window, ...atTheSite, timezone: "America/Los_Angeles" }];
    const shorter = { shifts: [{ ...always, start_time: "10:30", end_time: "12:00" }] };
    assert.deepEqual((await api.run("roster.set_shifts", { technician: id, body: shorter })).conflicts, conflict);
    assert.deepEqual(
      (await api.run("roster.set_shifts", { technician: id, body: { shifts: [always] } })).conflicts,
      [],
    );
    const away = { add: [{ start: "2026-05-04T10:59:00Z", end: "2026-05-05T00:00:00Z" }] };
    assert.deepEqual((await api.run("roster.time_off", { technician: id, body: away })).conflicts, conflict);
    const elsewhere = { headers: { "x-account-scope": borealis.id } };
    assert.deepEqual(
      (await api.run("roster.set_shifts", { technician: id, body: shorter, ...elsewhere })).conflicts,
      [],
      "not to those who may not see the ticket",
    );
    assert.equal((await api.read("ticket.get", { ticket })).assigned_tech_id, id);
  });

  test("makes the bookings of somebody whose hours become known exclusive, and those that already overlap stay", async () => {
    const id = await add();
    const hour = (n: number) => ({ start: `2026-05-05T${n}:00:00.000Z`, end: `2026-05-05T${n + 1}:00:00.000Z` });
    const tickets: string[] = [];
    for (const window of [hour(10), hour(10), hour(12)])
      tickets.push((await ticketIn(api, "DISPATCHED", { techId: id, window })).id);
    const exclusive = async () =>
      (
        await api.owner.query<{ exclusive: boolean }>(
          "SELECT exclusive FROM bookings WHERE ticket_id = ANY ($1) ORDER BY array_position($1, ticket_id)",
          [tickets],
        )
      ).rows.map((row) => row.exclusive);
    assert.deepEqual(await exclusive(), [false, false, false]);
    const { conflicts } = await api.run("roster.set_shifts", { technician: id, body: { shifts: [always] } });
    assert.deepEqual(await exclusive(), [false, false, true]);
    assert.deepEqual(
      conflicts.map(({ ticket_id }) => ticket_id).sort(),
      tickets.slice(0, 2).sort(),
      "nobody is in two places: both are named",
    );
    const { rejected } = await slotsOf(id, `&earliest=${hour(10).start}&latest=${hour(10).end}&duration_minutes=60`);
    assert.deepEqual(
      rejected.map(({ reason }) => reason),
      ["BOOKED"],
      "and nothing is booked over them",
    );
    await api.run("roster.set_shifts", { technician: id, body: { shifts: [] } });
    assert.deepEqual(await exclusive(), [false, false, false]);
  });

  test("drains a technician, who keeps what is booked and gets nothing new, until undrained", async () => {
    const id = await add();
    await api.run("roster.set_shifts", { technician: id, body: { shifts: [always] } });
    const booked = await ticketIn(api, "DISPATCHED", { techId: id });
    const { technician } = await api.run("roster.drain", { technician: id, body: { reason: "van in the workshop" } });
    assert.ok(technician.drained_at !== null);
    assert.deepEqual(await one(id), technician);
    assert.equal((await slotsOf(id)).rejected[0]?.reason, "DRAINED");
    const { id: other } = await ticketIn(api, "SCHEDULED");
    const { error } = await api.refuse("assignment.dispatch", { ticket: other, body: { tech_id: id } });
    assert.deepEqual([error.code, error["reason"]], ["TECH_UNAVAILABLE", "DRAINED"]);
    assert.equal((await api.read("ticket.get", { ticket: booked.id })).state, "DISPATCHED");

    const again = await api.run("roster.drain", { technician: id, body: { reason: "gearbox" } });
    assert.deepEqual(again.technician, { ...technician, drain_reason: "gearbox" }, "since when stays");
    const back = await api.run("roster.undrain", { technician: id, body: {} });
    assert.deepEqual([back.technician.drained_at, back.technician.drain_reason], [null, null]);
    await api.run("assignment.dispatch", { ticket: other, body: { tech_id: id } });
  });

  test("is listed by name, whole or by zone, skill and status", async () => {
    const names = async (query: string) =>
      (await api.read("roster.list", { query })).technicians.map(({ name }) => name);
    const zone = "Q1";
    const glazier = await add({ name: "Bea", zone, skills: ["glazing"] });
    await add({ name: "Abe", zone: ` ${zone.toLowerCase()} `, skills: ["glazing"], active: false });
    await add({ name: "Cem", zone });
    await api.run("roster.drain", { technician: glazier, body: { reason: "van" } });
    assert.deepEqual(await names(`zone=${zone}`), ["Abe", "Bea", "Cem"]);
    assert.deepEqual(await names(`zone=q1&skill=glazing&status=drained`), ["Bea"]);
    assert.deepEqual(
      [await names(`zone=q1&status=inactive`), await names(`zone=q1&status=working`)],
      [["Abe"], ["Cem"]],
    );
    assert.deepEqual(await names(`zone=q1&limit=1`), ["Abe"]);
    assert.equal((await one(ana)).shifts[0]?.weekdays.length, 7);
  });

  test("tells the world of each change, and a command given twice changes once", async () => {
    const id = await addTechnician(api.owner);
    const call = {
      technician: id,
      key: randomUUID(),
      body: { add: [{ start: "2026-07-01T00:00:00Z", end: "2026-07-02T00:00:00Z" }] },
    };
    const first = await api.run("roster.time_off", call);
    assert.deepEqual(await api.run("roster.time_off", call), first);
    assert.equal((await one(id)).time_off.length, 1);
    const { rows } = await api.owner.query(
      "SELECT subject, payload ->> 'tool_name' AS tool FROM outbox WHERE audit_event_id = $1",
      [first.receipt.receipt_id],
    );
    assert.deepEqual(rows, [{ subject: "desk.roster_time_off", tool: "roster.time_off" }]);
    const another = await addTechnician(api.owner);
    assert.equal(
      (await api.refuse("roster.time_off", { ...call, technician: another })).error.code,
      "IDEMPOTENCY_PAYLOAD_MISMATCH",
    );
  });

  test("knows nobody by an id that is on no roster", async () => {
    const bodies = {
      "roster.set_shifts": { shifts: [] },
      "roster.time_off": { add: [{ start: "2026-07-01T00:00:00Z", end: "2026-07-02T00:00:00Z" }] },
      "roster.drain": { reason: "x" },
      "roster.undrain": {},
      "roster.sign_off": { reason: "x" },
    } as const;
    const stranger = randomUUID();
    for (const tool of [
      "roster.set_shifts",
      "roster.time_off",
      "roster.drain",
      "roster.undrain",
      "roster.sign_off",
    ] as const) {
      const { status, error } = await api.refuse(tool, { technician: stranger, body: bodies[tool] });
      assert.deepEqual([status, error.code, error["tech_id"]], [404, "TECHNICIAN_NOT_FOUND", stranger], tool);
    }
  });
});

test("ids are told in lower case, however they are written", async (t) => {
  const api = await startTestApi({ t });
  const ids = { tech_id: "7EC00000-0000-4000-8000-0000000000AB", provider_id: "8445204A-D5DE-4317-8000-0013E0A3BC57" };
  const { technician } = await api.run("roster.upsert", { body: { name: "Somebody", ...ids } });
  assert.deepEqual([technician.id, technician.provider_id], [ids.tech_id.toLowerCase(), ids.provider_id.toLowerCase()]);
});
