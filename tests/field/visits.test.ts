import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrivalsOf, demandsOf, visitSpanOf, visitsOf, type TrailEvent } from "../../dispatch/field/visits.ts";

const began_at = "2026-05-01T10:00:00.000Z";
const event = (tool_name: string, over: Partial<TrailEvent> = {}): TrailEvent => ({
  tool_name,
  before_state: "IN_PROGRESS",
  created_at: began_at,
  came_at: null,
  work: null,
  reason: null,
  required_evidence_keys: null,
  tech_id: null,
  left: false,
  ...over,
});
const arrives = event("tech.check_in", { before_state: "DISPATCHED" });
const reports = (tool: string, labor_minutes: number) => event(tool, { work: { labor_minutes } });
const cancelled = (before_state: string, reason: string | null) => event("ticket.cancel", { before_state, reason });
/** Minutes of each report, visit by visit. */
const minutesOf = (...trail: TrailEvent[]) =>
  visitsOf(trail).map(({ reports: all }) => all.map(({ labor_minutes }) => labor_minutes));

describe("visits", () => {
  it("begin with each arrival, and hold what was reported on them", () => {
    const trail = [arrives, reports("tech.hold", 90), arrives, reports("tech.complete", 60)];
    assert.deepEqual(minutesOf(...trail), [[90], [60]]);
    assert.deepEqual(
      visitsOf(trail).map(({ number }) => number),
      [1, 2],
    );
  });

  it("begin when the phone says, but never after it was heard", () => {
    const beginOf = (came_at: string | null) =>
      visitsOf([event("tech.check_in", { before_state: "DISPATCHED", came_at })])[0]?.began_at;
    assert.equal(beginOf("2026-05-01T07:30:00.000Z"), "2026-05-01T07:30:00.000Z");
    for (const came of [null, "2026-05-01T10:00:01.000Z"]) assert.equal(beginOf(came), began_at);
    assert.equal(visitsOf([reports("tech.hold", 5)])[0]?.began_at, null);
  });

  it("add up what each interruption and each technician reports", () => {
    const trail = [
      arrives,
      reports("tech.hold", 20),
      reports("tech.hold", 30),
      reports("assignment.transfer", 40),
      reports("tech.complete", 5),
    ];
    assert.deepEqual(minutesOf(...trail), [[20, 30, 40, 5]]);
  });

  it("are one for all of a crew, with what whoever left early has done", () => {
    const joins = event("tech.check_in", { tech_id: "helper", created_at: "2026-05-01T10:05:00.000Z" });
    const leaves = event("tech.check_in", { tech_id: "helper", left: true, work: { labor_minutes: 25 } });
    assert.deepEqual(minutesOf(arrives, joins, leaves, reports("tech.complete", 60)), [[25, 60]]);
    assert.deepEqual(
      [...arrivalsOf([arrives, joins, leaves], "lead")],
      [
        ["lead", arrives.created_at],
        ["helper", joins.created_at],
      ],
    );
    assert.deepEqual([...arrivalsOf([arrives, joins, event("tech.complete"), arrives], "lead").keys()], ["lead"]);
  });

  it("begin when somebody came, not when a phone without reception could say so", () => {
    const now = "2026-05-01T11:00:00.000Z";
    const [came, planned] = ["2026-05-01T05:00:00.000Z", "2026-05-01T08:00:00.000Z"];
    const from = (arrived_at: string | null, ...trail: TrailEvent[]) =>
      visitSpanOf(trail, { state: "IN_PROGRESS", scheduled_start: planned, arrived_at }, now).from;
    assert.equal(from(came, arrives), came);
    assert.equal(from(null, arrives), arrives.created_at);
    assert.equal(from(now, arrives), arrives.created_at);
    assert.equal(from(now), planned);
  });

  it("count a completion that comes again once, as it was reported last", () => {
    const back = event("qa.return_work");
    assert.deepEqual(minutesOf(arrives, reports("tech.complete", 60), back, reports("tech.complete", 75)), [[75]]);
    assert.deepEqual(minutesOf(arrives, reports("tech.complete", 60), back, event("tech.complete")), [[60]]);
    assert.deepEqual(minutesOf(arrives, reports("tech.complete", 60), back, arrives, reports("tech.complete", 30)), [
      [60],
      [30],
    ]);
  });

  it("may end with nothing to do, whether or not somebody had checked in", () => {
    const nothing = (before_state: string) => event("closeout.no_work", { before_state, reason: "no_access" });
    const whyOf = (...trail: TrailEvent[]) => visitsOf(trail).map(({ noWork }) => noWork);
    assert.deepEqual(whyOf(nothing("DISPATCHED")), ["no_access"]);
    assert.deepEqual(whyOf(arrives, nothing("IN_PROGRESS")), ["no_access"]);
    assert.deepEqual(whyOf(arrives, reports("tech.hold", 10), nothing("DISPATCHED")), [null, "no_access"]);
    assert.deepEqual(whyOf(arrives, nothing("IN_PROGRESS"), reports("tech.complete", 10)), [null]);
  });

  it("were made before a cancellation by whoever had come, and by a no-show alone where nobody had checked in", () => {
    assert.deepEqual(visitsOf([cancelled("NEW", "NO_SHOW")]), []);
    assert.deepEqual(visitsOf([cancelled("DISPATCHED", "CUSTOMER")]), []);
    for (const code of ["NO_SHOW", "no show", " No-Show "])
      assert.deepEqual(visitsOf([cancelled("DISPATCHED", code)]), [
        { number: 1, began_at, reports: [], noWork: "no_show" },
      ]);
    assert.deepEqual(visitsOf([arrives, cancelled("ON_HOLD", null)]), [
      { number: 1, began_at, reports: [], noWork: "cancelled" },
    ]);
    assert.deepEqual(minutesOf(arrives, reports("tech.hold", 45), cancelled("READY_TO_SCHEDULE", "CUSTOMER")), [[45]]);
  });

  it("were made where whoever is on site asked for approval, and not where triage did", () => {
    const asks = event("tech.request_change");
    const visit = { number: 1, began_at, reports: [], noWork: null };
    assert.deepEqual(visitsOf([cancelled("APPROVAL_REQUIRED", null)]), []);
    assert.deepEqual(visitsOf([arrives, asks, cancelled("APPROVAL_REQUIRED", null)]), [
      { ...visit, noWork: "cancelled" },
    ]);
    const leaves = event("ticket.return_visit");
    assert.deepEqual(visitsOf([arrives, asks, leaves, cancelled("APPROVAL_REQUIRED", null)]), [visit]);
  });

  it("that end with nothing to do have no longer the work that was claimed and sent back", () => {
    const nothing = event("closeout.no_work", { reason: "not_needed" });
    const [visit] = visitsOf([arrives, reports("tech.complete", 90), event("qa.return_work"), nothing]);
    assert.deepEqual(visit, { number: 1, began_at, reports: [], noWork: "not_needed" });
  });
});

describe("what the quality check asks for anew", () => {
  it("is each key since it was asked for last", () => {
    const asks = (created_at: string, ...required_evidence_keys: string[]) =>
      event("qa.return_work", { created_at, required_evidence_keys });
    assert.deepEqual(
      [...demandsOf([asks("1", "before", "after"), arrives, asks("2", "after")])],
      [
        ["before", "1"],
        ["after", "2"],
      ],
    );
  });
});
