// Every reason for which somebody is left out, produced through the API alone: the roster's commands arrange it, and
// slots, recommendation and booking all give the same one. And what is said when nobody could ever come.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { priorities, type Priority } from "../../dispatch/contract/fields.ts";
import { knownId, type TechnicianId } from "../../dispatch/contract/ids.ts";
import { loadRoster, readingAt } from "../../dispatch/workforce/calendar.ts";
import { objectsIn, startTestApi, type TestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { arrange, hours, reasons, visitMinutes, window } from "./arranged-reasons.ts";

describe("the reason why somebody is left out", async () => {
  const api = await startTestApi({ profile: "strict" });

  for (const [reason, arranged] of Object.entries(reasons)) {
    test(reason, async () => {
      const { techId, ticket } = await arrange(api, arranged);
      const { asking = {} } = arranged;
      const wish = { earliest: window.start, latest: window.end, duration_minutes: visitMinutes, tech_id: techId };
      const query = new URLSearchParams({ ...wish, duration_minutes: String(visitMinutes) }).toString();
      const { slots, rejected } = await api.read("schedule.slots", { ticket, query, ...asking });
      assert.deepEqual([slots, rejected.map((one) => [one.tech_id, one.reason])], [[], [[techId, reason]]]);
      assert.match(rejected[0]?.detail ?? "", /\w{2,} \w+/, "a sentence says more");

      const recommend = {
        ticket,
        ...asking,
        body: { service_type: "DEFAULT", recommendation_limit: 20, preferred_window: window },
      };
      const ranking = await api.run("assignment.recommend", recommend);
      const left = ranking.rejected.find(({ tech_id }) => tech_id === techId);
      const ranked = ranking.recommendations.find(({ tech_id }) => tech_id === techId);
      assert.deepEqual([left?.reason, ranked], [reason, undefined]);
      assert.deepEqual(
        [left?.tech_name, left?.detail],
        ["Dev Patel", rejected[0]?.detail],
        "the same sentence as the slots say",
      );

      const { error } = await api.refuse("schedule.book", { ticket, ...asking, body: wish });
      assert.equal(error.code, "NO_FEASIBLE_SLOT");
      assert.deepEqual(
        objectsIn(error["rejected"]).map((one) => [one["tech_id"], one["reason"]]),
        [[techId, reason]],
      );
    });
  }

  test("comes without a name where a customer asks", async () => {
    const { techId, ticket } = await arrange(api, reasons["TIME_OFF"] ?? assert.fail());
    const query = `tech_id=${techId}&earliest=${window.start}&latest=${window.end}&duration_minutes=${visitMinutes}`;
    const { rejected } = await api.read("schedule.slots", { ticket, query, as: "customer" });
    assert.deepEqual(
      rejected.map((one) => [one.tech_id, one.reason, one.tech_name]),
      [[techId, "TIME_OFF", undefined]],
    );
  });

  test("is none at all for somebody who has what is asked and is there", async () => {
    const { techId, ticket } = await arrange(api, {});
    const { technician_id, start } = (
      await api.run("schedule.book", {
        ticket,
        body: { tech_id: techId, earliest: window.start, latest: window.end, duration_minutes: visitMinutes },
      })
    ).booking;
    assert.deepEqual([technician_id, start], [techId, window.start]);
  });

  test("is no pause for a person, who goes on", async () => {
    const { techId, ticket } = await arrange(api, reasons["AUTONOMY_PAUSED"] ?? assert.fail());
    await api.run("schedule.book", { ticket, body: { tech_id: techId } });
  });
});

test("somebody of another trade is offered no time and booked for none, and not recommended", async () => {
  const api = await startTestApi();
  const { techId, ticket } = await arrange(api, { person: { service_types: ["DOOR_WONT_LATCH"] } });
  const wish = { tech_id: techId, earliest: window.start, latest: window.end, duration_minutes: visitMinutes };
  const { slots, rejected } = await api.read("schedule.slots", {
    ticket,
    query: new URLSearchParams({ ...wish, duration_minutes: String(visitMinutes) }).toString(),
  });
  assert.deepEqual(
    [slots, rejected.map(({ reason, detail }) => [reason, detail])],
    [[], [["SKILL_MISSING", "does not do AUTO_OPERATOR_FAULT"]]],
  );
  assert.equal((await api.refuse("schedule.book", { ticket, body: wish })).error.code, "NO_FEASIBLE_SLOT");
  const { recommendations, rejected: left } = await api.run("assignment.recommend", {
    ticket,
    body: { service_type: "AUTO_OPERATOR_FAULT", recommendation_limit: 20, preferred_window: window },
  });
  assert.ok(recommendations.every(({ tech_id }) => tech_id !== techId));
  assert.equal(left.find(({ tech_id }) => tech_id === techId)?.detail, "does not do AUTO_OPERATOR_FAULT");
});

/** The shifts that count for somebody when work of a priority is planned, by a policy that calls people for these. */
async function shiftsFor(api: TestApi, techId: string, priority: Priority, onCallPriorities: readonly Priority[]) {
  const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { priority });
  const asked = { ticketId: id, techId: knownId<TechnicianId>(techId), from: window.start, to: window.end };
  const [entry = assert.fail()] = await loadRoster(
    api.desk.db,
    asked,
    readingAt({ ...api.desk.policy, onCallPriorities }, api.clock.iso),
  );
  const span = { start: Date.parse(window.start), end: Date.parse(window.end) };
  const { shifts } = entry.calendar(span);
  return shifts?.filter(({ start, end }) => start <= span.start && end >= span.end).length;
}

describe("somebody on call", async () => {
  const api = await startTestApi({ profile: "strict" });
  const { techId } = await arrange(api, {
    shifts: [
      { ...hours, start_time: "13:00", end_time: "17:00" },
      { ...hours, on_call: true },
    ],
  });
  const asked = async (priority: "EMERGENCY" | "URGENT" | "ROUTINE") => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { priority, incidentType: "AUTO_OPERATOR_FAULT" });
    const query = `tech_id=${techId}&earliest=${window.start}&latest=${window.end}&duration_minutes=${visitMinutes}`;
    return api.read("schedule.slots", { ticket: id, query });
  };

  test("comes for an emergency, and for nothing else", async () => {
    assert.deepEqual(
      (await asked("EMERGENCY")).slots.map(({ start }) => start),
      [window.start],
    );
    for (const priority of ["URGENT", "ROUTINE"] as const) {
      const { slots, rejected } = await asked(priority);
      assert.deepEqual([slots, rejected.map(({ reason }) => reason)], [[], ["OFF_SHIFT"]], priority);
    }
  });
});

describe("somebody on call for urgent work too", async () => {
  const api = await startTestApi({ profile: "strict" });
  const { techId } = await arrange(api, { shifts: [{ ...hours, on_call: true }] });

  for (const [onCallPriorities, comes] of [
    [["EMERGENCY"], ["EMERGENCY"]],
    [
      ["EMERGENCY", "URGENT"],
      ["EMERGENCY", "URGENT"],
    ],
    [[], []],
  ] satisfies [Priority[], Priority[]][]) {
    test(`comes for ${comes.join(" and ") || "nothing"} by a policy that says so`, async () => {
      for (const priority of priorities) {
        const counted = await shiftsFor(api, techId, priority, onCallPriorities);
        assert.equal(counted, comes.some((one) => one === priority) ? 1 : 0, priority);
      }
    });
  }
});

describe("what nobody on the roster has", async () => {
  const api = await startTestApi();
  const unable = (...messages: string[]) => messages.map((message) => ({ code: "NOBODY_ABLE", message }));
  const noGlazier = unable(
    "Nobody on the roster has the skill glazing, which this incident type requires.",
    "Nobody on the roster carries the tool glass_lifter, which this incident type requires.",
  );
  const triage = { priority: "URGENT", incident_type: "FRAME_OR_GLASS_DAMAGE", workflow_outcome: "READY_TO_SCHEDULE" };
  const triaged = async (id: string) => {
    const { receipt, warnings: said } = await api.run("ticket.triage", { ticket: id, body: triage });
    const { events } = await api.read("ticket.timeline", { ticket: id });
    return { said, nobodyHas: Object(events.find((event) => event.id === receipt.receipt_id)?.payload)["nobody_has"] };
  };
  const warnings = async (id: string) =>
    (await api.run("assignment.recommend", { ticket: id, body: { service_type: "DEFAULT" } })).warnings;

  test("is said at intake", async () => {
    await api.owner.query("UPDATE technicians SET skills = '{door_hardware}', tools = '{}'");
    const call = {
      account_id: acme.id,
      site_id: acme.oakland,
      summary: "Pane broken",
      customer_name: "Kim",
      contact_phone: "+1 555 010 0001",
      priority: "URGENT",
      identity_confidence: 90,
      classification_confidence: 90,
    };
    const said = async (incident_type: string) =>
      (await api.run("ticket.blind_intake", { body: { ...call, incident_type } })).warnings;
    assert.deepEqual(await said("FRAME_OR_GLASS_DAMAGE"), noGlazier);
    assert.equal(await said("DOOR_WONT_LATCH"), undefined);
  });

  test("is said again with a replayed answer", async () => {
    const { id } = await ticketIn(api, "NEW");
    const call = { ticket: id, body: triage, key: crypto.randomUUID() };
    const first = await api.call("ticket.triage", call);
    const again = await api.call("ticket.triage", call);
    assert.equal(again.headers["idempotency-replayed"], "true");
    assert.deepEqual(JSON.parse(again.text), JSON.parse(first.text));
    assert.deepEqual(Object(JSON.parse(again.text))["warnings"], noGlazier);
  });

  test("is said of a kind of work that nobody does", async () => {
    const { id } = await ticketIn(api, "NEW");
    await api.owner.query(
      "UPDATE technicians SET service_types = '{DOOR_WONT_LATCH}', skills = '{glazing}', tools = '{glass_lifter}'",
    );
    const { said, nobodyHas } = await triaged(id);
    await api.owner.query("UPDATE technicians SET service_types = '{DEFAULT}'");
    assert.deepEqual(
      [said, nobodyHas],
      [
        unable("Nobody on the roster does FRAME_OR_GLASS_DAMAGE."),
        { services: ["FRAME_OR_GLASS_DAMAGE"], skills: [], tools: [] },
      ],
    );
  });

  test("is said at triage and with every recommendation, until somebody has it", async () => {
    await api.owner.query("UPDATE technicians SET skills = '{door_hardware}', tools = '{}'");
    const { id } = await ticketIn(api, "NEW");
    const { said, nobodyHas } = await triaged(id);
    assert.deepEqual(nobodyHas, { services: [], skills: ["glazing"], tools: ["glass_lifter"] });
    assert.deepEqual(said, noGlazier);
    assert.deepEqual(await warnings(id), said);

    const { technician } = await api.run("roster.upsert", {
      body: { name: "Glazier", skills: ["glazing"], tools: ["glass_lifter"], active: false },
    });
    assert.equal((await warnings(id))?.length, 2, "who no longer works here does not count");
    await api.run("roster.upsert", { body: { tech_id: technician.id, active: true } });
    assert.equal(await warnings(id), undefined);
    const next = await ticketIn(api, "NEW");
    assert.deepEqual(await triaged(next.id), { said: undefined, nobodyHas: undefined });
  });
});
