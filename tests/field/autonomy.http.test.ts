// Autonomy: pausing everything, an incident type or one ticket; the narrowest scope that says anything decides, and what was
// paused when can be read back.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { objectsIn, startTestApi } from "../support/api.ts";
import { borealis } from "../support/directory.ts";
import { addAllEvidence, completion, ticketIn } from "../support/ticket-builder.ts";

describe("ops.autonomy", async () => {
  const api = await startTestApi();
  const pause = (body: object) => api.run("ops.autonomy.pause", { body });
  const resume = (body: object) => api.run("ops.autonomy.rollback", { body });
  const incident = { scope_type: "INCIDENT", incident_type: "DOOR_WONT_LATCH" };

  test("stops completions in the narrowest scope that says anything", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    await addAllEvidence(api, id);
    const ofTicket = { scope_type: "TICKET", ticket_id: id };
    const stopped = async () => {
      const { error } = await api.refuse("tech.complete", { ticket: id, body: completion });
      const { code, scope_type, scope_id, reason, incident_type, ticket_id } = error;
      assert.deepEqual([code, incident_type, ticket_id], ["AUTONOMY_DISABLED", "DOOR_WONT_LATCH", id]);
      return { scope_type, scope_id, reason };
    };
    const decided = async () => (await api.read("ops.autonomy.state", { query: `ticket_id=${id}` })).decision;

    assert.equal(await decided(), null);
    await pause({ reason: "night" });
    assert.deepEqual(await stopped(), { scope_type: "GLOBAL", scope_id: "GLOBAL", reason: "night" });
    await pause({ ...incident, reason: "recall" });
    assert.deepEqual(await stopped(), { scope_type: "INCIDENT", scope_id: "DOOR_WONT_LATCH", reason: "recall" });
    await pause({ ...ofTicket, reason: "complaint" });
    assert.deepEqual(await stopped(), { scope_type: "TICKET", scope_id: id, reason: "complaint" });
    assert.deepEqual(await decided(), {
      scope_type: "TICKET",
      incident_type: null,
      ticket_id: id,
      is_paused: true,
      reason: "complaint",
    });

    // What is said of this ticket holds for it, although everything around it is paused.
    await resume({ ...ofTicket, reason: "looked at" });
    assert.deepEqual(await decided(), {
      scope_type: "TICKET",
      incident_type: null,
      ticket_id: id,
      is_paused: false,
      reason: "looked at",
    });
    await api.run("closeout.candidate", { ticket: id, body: completion });
    const other = await ticketIn(api, "IN_PROGRESS", { incidentType: "HARDWARE_REPLACEMENT" });
    assert.equal(
      (await api.refuse("tech.complete", { ticket: other.id, body: completion })).error["scope_type"],
      "GLOBAL",
    );
    await resume({});
    assert.equal(
      (await api.refuse("tech.complete", { ticket: other.id, body: completion })).error.code,
      "CLOSEOUT_REQUIREMENTS_INCOMPLETE",
    );
    await resume(incident);
  });

  test("keeps one row per scope and answers with it, whatever stood before", async () => {
    const scope = { scope_type: "INCIDENT", incident_type: "closer_LEAKING_or_slamming" };
    const first = await pause({ ...scope, reason: "first" });
    assert.deepEqual([first.action, first.previous_is_paused, first.current_is_paused], ["pause", false, true]);
    const again = await pause({ ...scope, reason: "second" });
    assert.deepEqual([again.previous_is_paused, again.current_is_paused, again.scope.id], [true, true, first.scope.id]);
    const { action, scope: row, previous_is_paused, current_is_paused, receipt } = await resume(scope);
    assert.deepEqual([action, previous_is_paused, current_is_paused], ["rollback", true, false]);
    const { scope_type, incident_type, ticket_id, is_paused, reason, actor_id, actor_role, actor_type, created_at } =
      row;
    assert.deepEqual(
      { scope_type, incident_type, ticket_id, is_paused, reason, actor_id, actor_role, actor_type, created_at },
      {
        scope_type: "INCIDENT",
        incident_type: "CLOSER_LEAKING_OR_SLAMMING",
        ticket_id: null,
        is_paused: false,
        reason: null,
        actor_id: "dispatcher-1",
        actor_role: "dispatcher",
        actor_type: "HUMAN",
        created_at: first.scope.created_at,
      },
    );
    const { controls } = await api.read("ops.autonomy.state");
    assert.deepEqual(
      controls.find(({ id }) => id === row.id),
      row,
    );
    assert.equal(receipt.ticket_id, null);
    assert.equal((await api.read("receipt.get", { receipt: receipt.receipt_id })).tool_name, "ops.autonomy.rollback");
  });

  test("asked about an incident type in any case, or about nothing, says what holds there", async () => {
    await pause({ scope_type: "INCIDENT", incident_type: "FRAME_OR_GLASS_DAMAGE" });
    const ask = async (query: string) => (await api.read("ops.autonomy.state", { query })).decision;
    assert.deepEqual((await ask("incident_type=frame_or_glass_damage"))?.is_paused, true);
    assert.equal((await ask("incident_type=HARDWARE_REPLACEMENT"))?.scope_type, "GLOBAL");
    assert.equal((await ask(""))?.scope_type, "GLOBAL");
    assert.equal(
      (await api.refuse("ops.autonomy.state", { query: `ticket_id=${randomUUID()}` })).error.code,
      "TICKET_NOT_FOUND",
    );
  });

  const refused: readonly (readonly [string, object])[] = [
    ["an incident type with everything", { incident_type: "FRAME_OR_GLASS_DAMAGE" }],
    [
      "an incident type with one ticket",
      { scope_type: "TICKET", ticket_id: randomUUID(), incident_type: "FRAME_OR_GLASS_DAMAGE" },
    ],
    ["one ticket with an incident type", { ...incident, ticket_id: randomUUID() }],
    ["an incident scope of no type", { scope_type: "INCIDENT" }],
    ["an incident scope of a blank type", { scope_type: "INCIDENT", incident_type: " " }],
    ["a ticket scope of no ticket", { scope_type: "TICKET" }],
    ["a ticket scope of no uuid", { scope_type: "TICKET", ticket_id: "17" }],
    ["a scope nobody knows", { scope_type: "SITE" }],
  ];
  for (const [what, body] of refused) {
    test(`does not take ${what}`, async () => {
      for (const tool of ["ops.autonomy.pause", "ops.autonomy.rollback"] as const) {
        assert.equal((await api.refuse(tool, { body })).error.code, "INVALID_REQUEST");
      }
    });
  }

  test("of a ticket is for those who may see it", async () => {
    const { id } = await ticketIn(api, "NEW");
    const headers = { "x-account-scope": borealis.id };
    const body = { scope_type: "TICKET", ticket_id: id };
    assert.equal((await api.refuse("ops.autonomy.pause", { headers, body })).error.code, "FORBIDDEN_SCOPE");
    assert.equal(
      (await api.refuse("ops.autonomy.pause", { body: { ...body, ticket_id: randomUUID() } })).error.code,
      "TICKET_NOT_FOUND",
    );
    await pause(body);
    assert.equal(
      (await api.refuse("ops.autonomy.state", { headers, query: `ticket_id=${id}` })).error.code,
      "FORBIDDEN_SCOPE",
    );
    assert.equal((await api.refuse("ops.autonomy.replay", { headers, ticket: id })).error.code, "FORBIDDEN_SCOPE");
    const { controls } = await api.read("ops.autonomy.state", { headers });
    assert.ok(controls.length > 0 && controls.every(({ ticket_id }) => ticket_id !== id));
  });

  test("is replayed for a ticket: all that bears on it, the newest first", async (t) => {
    const quiet = await startTestApi({ t });
    const { id } = await ticketIn(quiet, "TRIAGED");
    const other = await ticketIn(quiet, "TRIAGED", { incidentType: "FRAME_OR_GLASS_DAMAGE" });
    const steps = [
      ["ops.autonomy.pause", {}, "night"],
      ["ops.autonomy.pause", incident, "recall"],
      ["ops.autonomy.pause", { scope_type: "INCIDENT", incident_type: "FRAME_OR_GLASS_DAMAGE" }, "elsewhere"],
      ["ops.autonomy.pause", { scope_type: "TICKET", ticket_id: other.id }, "elsewhere"],
      ["ops.autonomy.pause", { scope_type: "TICKET", ticket_id: id }, "complaint"],
      ["ops.autonomy.rollback", { scope_type: "TICKET", ticket_id: id }, "solved"],
    ] as const;
    for (const [tool, scope, reason] of steps) await quiet.run(tool, { actor: "ruth", body: { ...scope, reason } });
    const replay = await quiet.read("ops.autonomy.replay", { ticket: id });
    const { history, chain, decision } = replay;
    assert.deepEqual([replay.ticket_id, replay.incident_type], [id, "DOOR_WONT_LATCH"]);
    const shown = objectsIn(history).map((one) => [
      one["scope_type"],
      one["action"],
      one["previous_is_paused"],
      one["next_is_paused"],
      one["reason"],
      one["actor_id"],
    ]);
    assert.deepEqual(shown, [
      ["TICKET", "rollback", true, false, "solved", "ruth"],
      ["TICKET", "pause", false, true, "complaint", "ruth"],
      ["INCIDENT", "pause", false, true, "recall", "ruth"],
      ["GLOBAL", "pause", false, true, "night", "ruth"],
    ]);
    assert.deepEqual(
      objectsIn(chain).map((one) => one["scope_type"]),
      ["TICKET", "INCIDENT", "GLOBAL"],
    );
    assert.equal(decision?.scope_type, "TICKET");
  });
});
