// What is reserved to people is reserved as an effect, whatever the tool is called: a booked or sent visit taken from its
// technician, and the sum of the visits that a model moves for one actor within an hour.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { commands, type CommandName } from "../../dispatch/contract/index.ts";
import { canonicalSha256 } from "../../dispatch/policy/canonical-json.ts";
import { startTestApi, type CallOptions } from "../support/api.ts";
import { addTechnician, ana, ben } from "../support/directory.ts";
import { anyProposal } from "../support/plan-day.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";
import { speaking, tokenSecret } from "../support/token.ts";

type Call = Pick<CallOptions, "ticket" | "technician" | "plan" | "body">;

describe("a model alone", async () => {
  const api = await startTestApi({ env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } });
  const by = (sub: string, claims: object = {}) => speaking(api, { sub, via: "chat", ...claims });
  const unassign = { reason_code: "safety", note: "The van broke down on the way" };
  const reason = "the customer asks for another day";
  const refusedBy = async (rule: string, tool: CommandName, call: Call, sub = "dana") => {
    const { error } = await api.refuse(tool, { ...call, headers: by(sub) });
    assert.deepEqual([error.code, error["rule"]], ["HUMAN_APPROVAL_REQUIRED", rule], error.message);
  };
  const moved = (sub: string) => async () => {
    const { id } = await ticketIn(api, "SCHEDULED", { techId: ana });
    const body = { ...freeWindow(api), reason, tech_id: ana };
    return { ticket: id, body, headers: by(sub) };
  };

  /** A visit that somebody is booked for, and nobody sent to. */
  async function booked(techId = ana): Promise<string> {
    const { id } = await ticketIn(api, "SCHEDULED", { techId });
    await api.run("schedule.move", { ticket: id, body: { ...freeWindow(api), reason, tech_id: techId } });
    return id;
  }

  test("takes no visit from its technician, by whatever tool", async () => {
    const sent = async () => (await ticketIn(api, "DISPATCHED", { techId: ana })).id;
    const under = (await ticketIn(api, "IN_PROGRESS", { techId: ana })).id;
    const rule = "technician_changed";
    await refusedBy(rule, "assignment.unassign", { ticket: await booked(), body: unassign });
    await refusedBy(rule, "assignment.unassign", { ticket: await sent(), body: unassign });
    await refusedBy(rule, "assignment.dispatch", { ticket: await booked(), body: { tech_id: ben } });
    await refusedBy(rule, "schedule.move", {
      ticket: await sent(),
      body: { ...freeWindow(api), reason, tech_id: ben },
    });
    await refusedBy(rule, "schedule.reopen", { ticket: await booked(), body: { reason } });
    await refusedBy(rule, "assignment.transfer", {
      ticket: under,
      body: { tech_id: await addTechnician(api.owner), reason: "Ana has to leave" },
    });
    // What follows for the visits of somebody who leaves is the same effect.
    const leaving = await addTechnician(api.owner);
    await booked(leaving);
    await refusedBy(rule, "roster.sign_off", { technician: leaving, body: { reason: "ill" } });
  });

  test("sends whoever is booked, books for whom nobody is, moves a time, and ends the work under way", async () => {
    const headers = by("dora");
    const id = await booked();
    await api.run("schedule.move", { ticket: id, headers, body: { ...freeWindow(api), reason, tech_id: ana } });
    await api.run("assignment.dispatch", { ticket: id, headers, body: { tech_id: ana } });
    const free = await booked();
    await api.run("assignment.unassign", { ticket: free, body: unassign });
    await api.run("assignment.dispatch", { ticket: free, headers, body: { tech_id: ben } });
    const { id: held } = await ticketIn(api, "ON_HOLD", { techId: ana });
    await api.run("ticket.return_visit", { ticket: held, headers });
  });

  test("moves five visits within an hour and no sixth, also at the same moment; a person's word counts for none", async () => {
    const move = moved("mia");
    // Ten at once: five of them.
    const calls = [];
    for (let n = 0; n < 10; n++) calls.push(await move());
    const replies = await Promise.all(calls.map((call) => api.call("schedule.move", call)));
    const done = replies.filter(({ status }) => status === 200);
    assert.equal(done.length, 5, replies.map(({ status, text }) => `${status} ${text.slice(0, 200)}`).join("\n"));
    await refusedBy("moves_above_limit", "schedule.move", await move(), "mia");

    const call = { ...(await move()), key: randomUUID() };
    const human_approval = {
      tool: "schedule.move",
      target: { aggregate: commands["schedule.move"].aggregate, id: call.ticket },
      arguments_hash: canonicalSha256(call.body),
      request_id: call.key,
      approved_by: "Olga, owner",
      at: api.clock.iso,
    };
    await api.run("schedule.move", { ...call, headers: by("mia", { human_approval }) });

    // Others have an hour of their own, and so has she who moves by herself.
    await api.run("schedule.move", await moved("max")());
    await api.run("schedule.move", { ...(await move()), headers: speaking(api, { sub: "mia" }) });

    api.clock.advance(61);
    for (let n = 0; n < 5; n++) await api.run("schedule.move", await move());
    await refusedBy("moves_above_limit", "schedule.move", await move(), "mia");
  });

  test("cuts no large plan into small ones", async () => {
    const headers = by("pat");
    // A person clears what waits.
    await api.run("plan.apply", { plan: (await anyProposal(api)).id });
    for (let n = 0; n < 3; n++) await ticketIn(api, "READY_TO_SCHEDULE");
    const first = await anyProposal(api, { iterations: 20 });
    assert.ok(first.moves.length <= 5, `${first.moves.length} moves`);
    await api.run("plan.apply", { plan: first.id, headers });
    for (let n = first.moves.length; n < 6; n++) await ticketIn(api, "READY_TO_SCHEDULE");
    const second = await anyProposal(api, { iterations: 20 });
    assert.ok(second.moves.length <= 5, `${second.moves.length} moves`);
    await refusedBy("moves_above_limit", "plan.apply", { plan: second.id }, "pat");
  });
});
