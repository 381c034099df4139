// Sending a technician: who may be sent when, past scheduling only with what the policy asks for, and how an assignment is
// changed or taken back.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician, addTimeOff, ana, ben, type TechnicianRow } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const bypass = {
  dispatch_mode: "EMERGENCY_BYPASS",
  dispatch_rationale: "open shop front",
  dispatch_confirmation: true,
};

describe("a bypass from TRIAGED", async () => {
  const pilot = await startTestApi();
  const strict = await startTestApi({ profile: "strict" });
  const emergency = (api: TestApi) => ticketIn(api, "TRIAGED", { priority: "EMERGENCY" });

  const rows: readonly (readonly [string, object, readonly string[]])[] = [
    ["everything", {}, []],
    ["STANDARD as its mode", { dispatch_mode: "STANDARD" }, []],
    ["no rationale", { dispatch_rationale: undefined }, ["dispatch_rationale"]],
    ["a rationale of nine characters", { dispatch_rationale: "too short" }, ["dispatch_rationale"]],
    ["blanks for a rationale", { dispatch_rationale: " ".repeat(20) }, ["dispatch_rationale"]],
    ["no confirmation", { dispatch_confirmation: false }, ["dispatch_confirmation"]],
    [
      "its mode alone",
      { dispatch_rationale: undefined, dispatch_confirmation: undefined },
      ["dispatch_rationale", "dispatch_confirmation"],
    ],
  ];
  for (const [what, over, missing] of rows) {
    test(
      `with ${what} ` +
        `${missing.length === 0 ? "is obeyed" : "is denied in strict, naming what is missing, and obeyed in pilot"}`,
      async () => {
        const body = { tech_id: await addTechnician(strict.owner), ...bypass, ...over };
        await addTechnician(pilot.owner, { id: body.tech_id });
        const { id } = await emergency(strict);
        if (missing.length === 0) await strict.run("assignment.dispatch", { ticket: id, body });
        else {
          const { error } = await strict.refuse("assignment.dispatch", { ticket: id, body });
          assert.partialDeepStrictEqual(error, { code: "ASSIGNMENT_BYPASS_DENIED", dispatch_mode: "EMERGENCY_BYPASS" });
          assert.deepEqual(error["missing_fields"], missing);
        }
        await pilot.run("assignment.dispatch", { ticket: (await emergency(pilot)).id, body });
      },
    );
  }

  test("of a ticket that is no emergency, or of no incident type, names what is missing", async () => {
    const { id } = await ticketIn(strict, "TRIAGED", { priority: "URGENT" });
    const body = { tech_id: ana, ...bypass };
    assert.deepEqual((await strict.refuse("assignment.dispatch", { ticket: id, body })).error["missing_fields"], [
      "priority",
    ]);
    await strict.owner.query("UPDATE tickets SET incident_type = NULL WHERE id = $1", [id]);
    assert.deepEqual((await strict.refuse("assignment.dispatch", { ticket: id, body })).error["missing_fields"], [
      "priority",
      "incident_type",
    ]);
    await pilot.run("assignment.dispatch", {
      ticket: (await ticketIn(pilot, "TRIAGED")).id,
      body: { tech_id: ana, dispatch_mode: "EMERGENCY_BYPASS" },
    });
  });

  for (const mode of [undefined, "WORKER_AUTO"]) {
    test(`with ${mode ?? "no mode"} is no bypass`, async () => {
      const { id } = await emergency(pilot);
      const { error } = await pilot.refuse("assignment.dispatch", {
        ticket: id,
        body: { tech_id: ana, ...bypass, dispatch_mode: mode },
      });
      assert.partialDeepStrictEqual(error, {
        code: "INVALID_STATE_TRANSITION",
        from_state: "TRIAGED",
        to_state: "DISPATCHED",
        allowed_from_states: ["SCHEDULED"],
      });
    });
  }

  test("by a worker that saw an older ticket is refused: another is on it by now, or its time has moved away", async () => {
    const soon = { start: pilot.clock.in(60), end: pilot.clock.in(120) };
    const auto = (tech_id: string) => ({ tech_id, dispatch_mode: "WORKER_AUTO" });
    const [techId, other] = [await addTechnician(pilot.owner), await addTechnician(pilot.owner)];
    const { id } = await ticketIn(pilot, "SCHEDULED", { window: soon, booked: true, techId });
    const wrong = { code: "INVALID_STATE_TRANSITION", from_state: "SCHEDULED", allowed_from_states: [] };
    assert.partialDeepStrictEqual(
      (await pilot.refuse("assignment.dispatch", { ticket: id, body: auto(other) })).error,
      wrong,
    );
    const later = { start: pilot.clock.in(5_000), end: pilot.clock.in(5_060) };
    await pilot.run("schedule.move", { ticket: id, body: { ...later, tech_id: other, reason: "closed today" } });
    assert.partialDeepStrictEqual(
      (await pilot.refuse("assignment.dispatch", { ticket: id, body: auto(other) })).error,
      wrong,
    );
    assert.equal(
      (await pilot.run("assignment.dispatch", { ticket: id, body: { tech_id: other } })).state,
      "DISPATCHED",
    );
  });

  test("takes the place of the appointment there was", async () => {
    const tomorrow = { start: pilot.clock.in(1_440), end: pilot.clock.in(1_500) };
    const { id } = await ticketIn(pilot, "SCHEDULED", { window: tomorrow, priority: "EMERGENCY" });
    const tech_id = await addTechnician(pilot.owner);
    const sent = await pilot.run("assignment.dispatch", { ticket: id, body: { tech_id, ...bypass } });
    assert.equal(sent.scheduled_start, pilot.clock.iso);
    const { queue } = await pilot.read("dispatcher.cockpit", { query: `ticket_id=${id}` });
    assert.equal(queue.find(({ ticket_id }) => ticket_id === id)?.scheduled_start, pilot.clock.iso);
    const { id: called } = await ticketIn(pilot, "TRIAGED", { priority: "EMERGENCY" });
    const { scheduled_start } = await pilot.run("assignment.dispatch", {
      ticket: called,
      body: { tech_id: ana, ...bypass },
    });
    assert.equal(scheduled_start, null, "the clock of what had no appointment runs from the call");
  });

  test("is one move in one audit row, and books the technician from now on", async () => {
    const { id } = await emergency(strict);
    const { receipt } = await strict.run("assignment.dispatch", { ticket: id, body: { tech_id: ana, ...bypass } });
    const { rows } = await strict.owner.query(
      "SELECT from_state, to_state FROM ticket_state_transitions WHERE audit_event_id = $1",
      [receipt.receipt_id],
    );
    assert.deepEqual(rows, [{ from_state: "TRIAGED", to_state: "DISPATCHED" }]);
    const { rows: bookings } = await strict.owner.query(
      "SELECT lower(span) AS start, upper(span) - lower(span) = interval '90 minutes' AS long FROM bookings WHERE ticket_id = $1",
      [id],
    );
    assert.deepEqual(bookings, [{ start: new Date(strict.clock.iso), long: true }]);
    const { events } = await strict.read("ticket.timeline", { ticket: id });
    assert.partialDeepStrictEqual(events.at(-1)?.payload, {
      dispatch_mode: "EMERGENCY_BYPASS",
      bypass: true,
      dispatch_rationale: "open shop front",
    });
  });

  test("asks for somebody who takes work", async () => {
    const drained = await addTechnician(strict.owner, { drained: true });
    const { id } = await emergency(strict);
    const { error } = await strict.refuse("assignment.dispatch", { ticket: id, body: { tech_id: drained, ...bypass } });
    assert.partialDeepStrictEqual(error, { code: "TECH_UNAVAILABLE", reason: "DRAINED", tech_id: drained });
  });
});

for (const profile of profiles) {
  describe(`in ${profile} a technician`, async () => {
    const api = await startTestApi({ profile });
    const window = { start: "2026-04-07T10:00:00.000Z", end: "2026-04-07T11:00:00.000Z" };
    const night = { start: "2026-04-07T22:00:00.000Z", end: "2026-04-07T23:00:00.000Z" };
    const day = { hours: ["09:00", "17:00"] } as const;

    type Arrange = (techId: string) => Promise<unknown>;
    const nothing: Arrange = () => Promise.resolve();
    const busyAt =
      (visit: typeof window): Arrange =>
      (techId) =>
        ticketIn(api, "DISPATCHED", { techId, window: visit });
    const booked: Arrange = async (techId) => {
      const { id } = await ticketIn(api, "SCHEDULED", { window: night });
      await api.owner.query(
        `INSERT INTO bookings (id, technician_id, ticket_id, span, state, exclusive, created_at, updated_at)
         VALUES (gen_random_uuid(), $1, $2, tstzrange($3, $4), 'firm', true, now(), now())`,
        [techId, id, night.start, night.end],
      );
    };
    const off =
      (start: string, end: string): Arrange =>
      (techId) =>
        addTimeOff(api.owner, techId, start, end);

    type Row = readonly [
      what: string,
      row: TechnicianRow,
      visit: typeof window,
      arrange: Arrange,
      pilot: string | null,
      strict: string | null,
    ];
    const rows: readonly Row[] = [
      ["on shift and free", day, window, nothing, null, null],
      ["on shift until just then", { hours: ["09:00", "11:00"] }, window, nothing, null, null],
      ["inactive", { ...day, active: false }, window, nothing, "INACTIVE", "INACTIVE"],
      ["drained", { ...day, drained: true }, window, nothing, "DRAINED", "DRAINED"],
      ["booked at that very time", day, window, busyAt(window), "BOOKED", "BOOKED"],
      [
        "booked for the last minute of it",
        day,
        window,
        busyAt({ start: "2026-04-07T10:59:00.000Z", end: "2026-04-07T12:00:00.000Z" }),
        "BOOKED",
        "BOOKED",
      ],
      [
        "booked up to its first minute",
        day,
        window,
        busyAt({ start: "2026-04-07T09:00:00.000Z", end: window.start }),
        null,
        null,
      ],
      [
        "away for an hour around it",
        day,
        window,
        off("2026-04-07T10:30:00Z", "2026-04-07T10:31:00Z"),
        "TIME_OFF",
        "TIME_OFF",
      ],
      ["away until it begins", day, window, off("2026-04-07T09:30:00Z", window.start), null, null],
      ["off shift", day, night, nothing, null, "OFF_SHIFT"],
      ["off shift and booked all the same", day, night, booked, "BOOKED", "OFF_SHIFT"],
      ["off shift and away", day, night, off("2026-04-06T00:00:00Z", "2026-04-09T00:00:00Z"), "TIME_OFF", "OFF_SHIFT"],
      ["without any shift on record", { hours: null }, window, nothing, null, "NO_SHIFT"],
    ];
    for (const [what, row, visit, arrange, ...expected] of rows) {
      const reason = expected[profiles.indexOf(profile)] ?? null;
      test(`${what} ${reason === null ? "can be sent" : `cannot be sent: ${reason}`}`, async (t) => {
        const techId = await addTechnician(api.owner, row);
        await arrange(techId);
        const { id } = await ticketIn(api, "SCHEDULED", { window: visit });
        // What is left unserved counts against the next promise of the same hour.
        t.after(() => api.run("ticket.cancel", { ticket: id, body: { reason: "only asked for" } }));
        if (reason === null) {
          const { assigned_tech_id } = await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
          return assert.equal(assigned_tech_id, techId);
        }
        const { status, error } = await api.refuse("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
        assert.deepEqual(
          [status, error.code, error["reason"], error["tech_id"]],
          [409, "TECH_UNAVAILABLE", reason, techId],
        );
        const override = {
          override_type: "reassign_tech",
          reason_code: "capacity",
          note: "nobody else is there",
          tech_id: techId,
        };
        // The way past is an override that says why, but not past who is away, booked or takes no work.
        if (reason === "OFF_SHIFT" || reason === "NO_SHIFT") {
          const behind = expected[profiles.indexOf("pilot")] ?? null;
          const { status: overridden, text } = await api.call("assignment.override", { ticket: id, body: override });
          assert.deepEqual([overridden, text.includes(`"${behind}"`)], behind === null ? [200, false] : [409, true]);
        } else
          assert.equal(
            (await api.refuse("assignment.override", { ticket: id, body: override })).error["reason"],
            reason,
          );
      });
    }

    test("nobody knows cannot be sent", async () => {
      const { id } = await ticketIn(api, "SCHEDULED");
      const stranger = randomUUID();
      const { error } = await api.refuse("assignment.dispatch", { ticket: id, body: { tech_id: stranger } });
      assert.deepEqual([error.code, error["tech_id"]], ["ASSIGNMENT_NOT_FOUND", stranger]);
    });
  });
}

describe("an assignment", async () => {
  const api = await startTestApi();
  const [ownProvider, otherProvider] = [randomUUID(), randomUUID()];
  const subcontractor = await addTechnician(api.owner, { name: "Sub", providerId: ownProvider });
  const why = { reason_code: "capacity", note: "the first is stuck in traffic" };

  test("brings the technician's provider along, unless another is named", async () => {
    for (const [over, provider] of [
      [{}, ownProvider],
      [{ provider_id: otherProvider }, otherProvider],
    ] as const) {
      const { id } = await ticketIn(api, "SCHEDULED");
      const ticket = await api.run("assignment.dispatch", { ticket: id, body: { tech_id: subcontractor, ...over } });
      assert.deepEqual([ticket.assigned_tech_id, ticket.assigned_provider_id], [subcontractor, provider]);
    }
  });

  for (const state of ["SCHEDULED", "DISPATCHED"] as const) {
    test(`is overridden in ${state} with what was before and after`, async () => {
      const { id } = await ticketIn(api, state, { techId: subcontractor });
      const { ticket, before, after } = await api.run("assignment.override", {
        ticket: id,
        body: { override_type: "reassign_tech", ...why, tech_id: ben },
      });
      const was =
        state === "DISPATCHED"
          ? { assigned_tech_id: subcontractor, assigned_provider_id: ownProvider }
          : { assigned_tech_id: null, assigned_provider_id: null };
      assert.deepEqual(before, was);
      assert.deepEqual(
        after,
        { assigned_tech_id: ben, assigned_provider_id: null },
        "the provider goes with its technician",
      );
      assert.deepEqual([ticket.state, ticket.assigned_tech_id, ticket.assigned_provider_id], ["DISPATCHED", ben, null]);
    });
  }

  test("keeps its technician when the provider alone changes", async () => {
    const { id } = await ticketIn(api, "DISPATCHED", { techId: ana });
    const { after } = await api.run("assignment.override", {
      ticket: id,
      body: { override_type: "reassign_provider", ...why, provider_id: otherProvider },
    });
    assert.deepEqual(after, { assigned_tech_id: ana, assigned_provider_id: otherProvider });
    const { rows } = await api.owner.query("SELECT technician_id, state FROM bookings WHERE ticket_id = $1", [id]);
    assert.deepEqual(rows, [{ technician_id: ana, state: "firm" }]);
  });

  const refused: readonly (readonly [string, object])[] = [
    ["without the technician", { override_type: "reassign_tech", ...why }],
    [
      "without the technician of a direct dispatch",
      { override_type: "direct_dispatch_bypass", ...why, provider_id: otherProvider },
    ],
    ["without the provider", { override_type: "reassign_provider", ...why, tech_id: ben }],
    ["with a short note", { override_type: "reassign_tech", ...why, note: "  just nine ", tech_id: ben }],
    ["for no known reason", { override_type: "reassign_tech", ...why, reason_code: "boredom", tech_id: ben }],
    ["in no known way", { override_type: "swap", ...why, tech_id: ben }],
  ];
  for (const [what, body] of refused) {
    test(`is not overridden ${what}`, async () => {
      const { id } = await ticketIn(api, "SCHEDULED");
      assert.equal((await api.refuse("assignment.override", { ticket: id, body })).error.code, "INVALID_REQUEST");
    });
  }

  test("is taken back whole, with a reason", async () => {
    const { id, window } = await ticketIn(api, "DISPATCHED", { techId: subcontractor });
    assert.equal(
      (await api.refuse("assignment.unassign", { ticket: id, body: { ...why, note: "short" } })).error.code,
      "INVALID_REQUEST",
    );
    const ticket = await api.run("assignment.unassign", { ticket: id, body: why });
    const { state, assigned_tech_id, assigned_provider_id, scheduled_start, scheduled_end } = ticket;
    assert.deepEqual(
      { state, assigned_tech_id, assigned_provider_id, scheduled_start, scheduled_end },
      {
        state: "SCHEDULED",
        assigned_tech_id: null,
        assigned_provider_id: null,
        scheduled_start: window.start,
        scheduled_end: window.end,
      },
    );
    await ticketIn(api, "DISPATCHED", { techId: subcontractor, window });
  });
});
