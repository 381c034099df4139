import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { delayAttribution, formatRemaining, regionWeight, slaReport } from "../../dispatch/field/sla.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";

const { sla } = loadPolicy("pilot");
const at = (time: string): Date => new Date(`2025-06-02T${time}Z`);
const created = { state: "NEW", priority: "EMERGENCY", scheduledStart: null, createdAt: at("10:00:00.000") };

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

  it("counts the deadline from the scheduled start and the response from creation", () => {
    const report = slaReport(
      { ...created, state: "SCHEDULED", scheduledStart: at("14:00:00.000") },
      at("12:00:00.000"),
      sla,
    );
    assert.deepEqual(report, {
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

  for (const [priority, target] of [
    ["EMERGENCY", 60],
    ["URGENT", 240],
    ["ROUTINE", 1440],
    [null, 1440],
    ["toString", 1440],
  ] as const) {
    it(`allows ${priority} ${target} minutes`, () => {
      assert.equal(slaReport({ ...created, priority }, created.createdAt, sla).sla_timer_remaining_minutes, target);
    });
  }

  it("is in breach exactly when the deadline has passed", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -200_000_000, max: 200_000_000 }),
        fc.constantFrom("EMERGENCY", "URGENT", "ROUTINE"),
        (ms, priority) => {
          const now = new Date(created.createdAt.getTime() + ms);
          const report = slaReport({ ...created, priority }, now, sla);
          assert.equal(report.sla_status === "breach", now.getTime() > Date.parse(report.sla_deadline_at));
          assert.equal(report.response_breached, report.sla_status === "breach");
        },
      ),
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
    for (const state of states) it(`${state}: ${who}`, () => assert.equal(delayAttribution(state), who));
  }
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
