import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  delayAttribution,
  formatRemaining,
  regionWeight,
  slaReport,
  type SlaTicket,
} from "../../dispatch/field/sla.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";

const { sla } = loadPolicy("pilot");
const at = (time: string): Date => new Date(`2025-06-02T${time}Z`);
const created: SlaTicket = {
  state: "NEW",
  hold_reason: null,
  created_at: "2025-06-02T10:00:00.000Z",
  scheduled_start: null,
  arrived_at: null,
  sla_target_minutes: 60,
  sla_deadline_at: "2025-06-02T11:00:00.000Z",
  response_deadline_at: "2025-06-02T11:00:00.000Z",
  sla_stopped_at: null,
};

describe("slaReport", () => {
  const cases: [now: string, minutes: number, shown: string, status: string, breached: boolean][] = [
    ["10:00:00.000", 60, "01:00", "healthy", false],
    ["10:14:00.000", 46, "00:46", "healthy", false],
    ["10:14:00.001", 45, "00:45", "warning", false],
    ["10:59:59.999", 0, "00:00", "warning", false],
    ["11:00:00.000", 0, "00:00", "warning", false],
    ["11:00:00.001", -1, "-00:01", "breach", true],
    ["13:05:00.000", -125, "-02:05", "breach", true],
  ];
  for (const [now, minutes, shown, status, breached] of cases) {
    it(`an emergency of 10:00 at ${now}: ${shown}, ${status}`, () => {
      const report = slaReport(created, at(now), sla);
      assert.deepEqual(
        [report.sla_timer_remaining_minutes, report.sla_timer_remaining, report.sla_status, report.response_breached],
        [minutes, shown, status, breached],
      );
    });
  }

  const visit: SlaTicket = {
    ...created,
    state: "SCHEDULED",
    scheduled_start: "2025-06-02T14:00:00.000Z",
    sla_deadline_at: "2025-06-02T15:00:00.000Z",
  };

  it("counts the deadline from the scheduled start and the response from creation", () => {
    assert.deepEqual(slaReport(visit, at("12:00:00.000"), sla), {
      sla_target_minutes: 60,
      sla_deadline_at: "2025-06-02T15:00:00.000Z",
      sla_timer_remaining_minutes: 180,
      sla_timer_remaining: "03:00",
      sla_status: "healthy",
      sla_delay_attribution: "provider",
      response_deadline_at: "2025-06-02T11:00:00.000Z",
      response_breached: true,
    });
  });

  for (const state of ["SCHEDULED", "DISPATCHED"])
    it(`is in breach when a visit that is ${state} has begun without anybody there`, () => {
      const late = { ...visit, state };
      assert.equal(slaReport(late, at("14:00:00.000"), sla).sla_status, "healthy");
      const { sla_status, sla_deadline_at, sla_timer_remaining } = slaReport(late, at("14:10:00.000"), sla);
      assert.deepEqual(
        [sla_status, sla_deadline_at, sla_timer_remaining],
        ["breach", "2025-06-02T14:00:00.000Z", "-00:10"],
      );
      const there = { ...late, state: "IN_PROGRESS", arrived_at: "2025-06-02T14:05:00.000Z" };
      assert.equal(slaReport(there, at("14:10:00.000"), sla).sla_status, "healthy");
    });

  it("ends the response with the first arrival, whatever happens then", () => {
    const after = at("20:00:00.000");
    const arrived = { ...created, state: "IN_PROGRESS", arrived_at: "2025-06-02T10:59:00.000Z" };
    assert.equal(slaReport(arrived, after, sla).response_breached, false);
    assert.equal(slaReport({ ...arrived, arrived_at: "2025-06-02T11:01:00.000Z" }, after, sla).response_breached, true);
  });

  it("stands while somebody else holds the work: never nearly late, late only if it was", () => {
    const held = { ...created, state: "ON_HOLD", hold_reason: "customer", sla_stopped_at: "2025-06-02T10:50:00.000Z" };
    const report = slaReport(held, at("18:00:00.000"), sla);
    assert.deepEqual(
      [report.sla_timer_remaining_minutes, report.sla_status, report.sla_deadline_at, report.sla_delay_attribution],
      [10, "healthy", "2025-06-02T18:10:00.000Z", "customer"],
    );
    assert.deepEqual([report.response_breached, report.response_deadline_at], [false, "2025-06-02T18:10:00.000Z"]);
    const tooLate = slaReport({ ...held, sla_stopped_at: "2025-06-02T11:20:00.000Z" }, at("18:00:00.000"), sla);
    assert.deepEqual([tooLate.sla_timer_remaining_minutes, tooLate.sla_status], [-20, "breach"]);
  });

  it("is never in breach once the work is done", () => {
    for (const state of ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED", "CLOSED", "CANCELLED"]) {
      const done = { ...created, state, sla_stopped_at: "2025-06-02T12:00:00.000Z" };
      const report = slaReport(done, at("20:00:00.000"), sla);
      assert.deepEqual(
        [report.sla_status, report.sla_timer_remaining_minutes, report.sla_deadline_at],
        ["healthy", -60, "2025-06-02T11:00:00.000Z"],
        state,
      );
    }
  });

  it("is in breach exactly when the deadline has passed", () => {
    fc.assert(
      fc.property(fc.integer({ min: -200_000_000, max: 200_000_000 }), (ms) => {
        const now = new Date(Date.parse(created.created_at) + ms);
        const report = slaReport(created, now, sla);
        assert.equal(report.sla_status === "breach", now.getTime() > Date.parse(report.sla_deadline_at));
        assert.equal(report.response_breached, report.sla_status === "breach");
      }),
    );
  });
});

describe("formatRemaining", () => {
  for (const [minutes, text] of [
    [0, "00:00"],
    [-0, "00:00"],
    [9, "00:09"],
    [1440, "24:00"],
    [6000, "100:00"],
    [-1, "-00:01"],
    [-60, "-01:00"],
    [-6001, "-100:01"],
  ] as const) {
    it(`${minutes} is ${text}`, () => assert.equal(formatRemaining(minutes), text));
  }

  it("can be read back", () => {
    fc.assert(
      fc.property(fc.integer(), (minutes) => {
        const match = /^(-?)(\d{2,}):([0-5]\d)$/.exec(formatRemaining(minutes)) ?? assert.fail();
        const size = Number(match[2]) * 60 + Number(match[3]);
        assert.equal(match[1] === "-" ? -size : size, minutes);
      }),
    );
  });
});

describe("delayAttribution", () => {
  const expected: Record<string, string[]> = {
    customer: ["APPROVAL_REQUIRED", "PENDING_CUSTOMER_CONFIRMATION"],
    provider: ["SCHEDULED", "DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD", "COMPLETED_PENDING_VERIFICATION"],
    unknown: [
      "NEW",
      "NEEDS_INFO",
      "TRIAGED",
      "READY_TO_SCHEDULE",
      "SCHEDULE_PROPOSED",
      "VERIFIED",
      "INVOICED",
      "CLOSED",
      "CANCELLED",
    ],
  };
  for (const [who, states] of Object.entries(expected)) {
    for (const state of states) it(`${state}: ${who}`, () => assert.equal(delayAttribution(state, null), who));
  }
  for (const [reason, who] of [
    ["customer", "customer"],
    ["access", "customer"],
    ["parts", "provider"],
    ["weather", "provider"],
  ] as const)
    it(`ON_HOLD for ${reason}: ${who}`, () => assert.equal(delayAttribution("ON_HOLD", reason), who));
});

describe("regionWeight", () => {
  for (const [region, weight] of [
    ["CA", 190],
    [" ca ", 190],
    ["TX", 740],
    ["NY", 555],
    ["AZ", 153],
    ["", 500],
    ["  ", 500],
    [null, 500],
  ] as const) {
    it(`of ${JSON.stringify(region)} is ${weight}`, () => assert.equal(regionWeight(region), weight));
  }

  it("is 10 to 990 for every name", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200 }), (name) => {
        const weight = regionWeight(name);
        assert.ok(Number.isInteger(weight) && weight >= 10 && weight <= 990);
        // The fold over big integers, without the remainder taken at each step.
        const text = name.trim().toUpperCase();
        let seed = 0n;
        for (let i = 0; i < text.length; i += 1) seed = seed * 31n + BigInt(text.charCodeAt(i));
        assert.equal(weight, text === "" ? 500 : 10 + (Number(seed % 100_000n) % 981));
      }),
    );
  });
});
