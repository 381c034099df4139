// A profile that has the first drive of a day lie before the shift: slots, booking, recommendation, dispatch and the plan of a
// day let the first job begin with the shift, and tell of the drive as ever.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Policy } from "../../dispatch/policy/policy.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { at, day, east, emptyRoster, siteAt, vanAt, west } from "../support/plan-day.ts";
import { ticketIn } from "../support/ticket-builder.ts";

async function town(firstDrive: Policy["firstDrive"]) {
  const api = await startTestApi();
  api.desk.policies.take({ ...api.desk.policies.live, firstDrive });
  await emptyRoster(api);
  const van = await vanAt(api, "West Van", west);
  const site = await siteAt(api, east);
  return { api, van, waiting: () => ticketIn(api, "READY_TO_SCHEDULE", { siteId: site }) };
}

const early = { earliest: at("06:00"), latest: at("17:00") };
const asked = new URLSearchParams(early).toString();
const firstSlot = async (api: TestApi, ticket: string) =>
  (await api.read("schedule.slots", { ticket, query: asked })).slots[0];

/** When the first job can begin, and how long the drive there is said to be, by each way to ask. */
async function answers({ api, van, waiting }: Awaited<ReturnType<typeof town>>) {
  const { id } = await waiting();
  const slot = await firstSlot(api, id);
  const { plan } = await api.run("plan.optimize", { body: { day, iterations: 200 } });
  const { booking } = await api.run("schedule.book", { ticket: id, body: { ...early, strategy: "earliest" } });
  const start = { start: at("08:00"), end: at("09:30") };
  const other = (await waiting()).id;
  await api.run("schedule.reopen", { ticket: id, body: { reason: "makes room" } });
  const proposed = { options: [start] };
  await api.run("schedule.propose", { ticket: other, body: proposed });
  await api.run("schedule.confirm", { ticket: other, body: start });
  const { recommendations, rejected } = await api.run("assignment.recommend", {
    ticket: other,
    body: { service_type: "DOOR_WONT_LATCH" },
  });
  return {
    slot: [slot?.start, slot?.travel_before_minutes],
    booking: [booking.start, booking.travel_before_minutes],
    plan: plan.moves.map(({ to }) => [to.start, to.travel_before_minutes]),
    atEight: [...recommendations, ...rejected].flatMap((one) =>
      one.tech_id === van ? ["reason" in one ? one.reason : "recommended"] : [],
    ),
  };
}

describe("the first drive of a day", async () => {
  const [inShift, before] = [await town("in_shift"), await town("before_shift")];

  test("takes its time from the shift", async () => {
    assert.deepEqual(await answers(inShift), {
      slot: [at("09:00"), 47],
      booking: [at("09:00"), 47],
      plan: [[at("08:47"), 47]],
      atEight: ["TOO_FAR"],
    });
  });

  test("lies before the shift where the profile says so", async () => {
    assert.deepEqual(await answers(before), {
      slot: [at("08:00"), 47],
      booking: [at("08:00"), 47],
      plan: [[at("08:00"), 47]],
      atEight: ["recommended"],
    });
  });
});
