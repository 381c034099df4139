// plan.optimize and plan.nightly: a better day, as a proposal. The search runs before the transaction that keeps it.

import { deskCommand } from "../kernel/desk-chain.ts";
import { nightlyClaim } from "./nightly-days.ts";
import { propose, proposed, usualWish } from "./propose-plan.ts";

export const planOptimize = deskCommand({
  name: "plan.optimize",
  prepare: (call) => {
    const { day, time_zone, zone, tech_ids, seconds, iterations, seed, move_within_minutes } = call.input;
    return propose(call, {
      day,
      timeZone: time_zone ?? usualWish.timeZone,
      zone: zone ?? usualWish.zone,
      techIds: tech_ids?.toSorted() ?? usualWish.techIds,
      seconds: seconds ?? (iterations === undefined ? usualWish.seconds : null),
      iterations: iterations ?? usualWish.iterations,
      seed: seed ?? usualWish.seed,
      moveWithinMinutes: move_within_minutes ?? usualWish.moveWithinMinutes,
      nightly: false,
      claim: `${call.actor.id} ${call.requestId}`,
    });
  },
  decide: (call, _loaded, proposal) => proposed(call, proposal),
});

export const planNightly = deskCommand({
  name: "plan.nightly",
  prepare: (call) => {
    const { day, time_zone, zone } = call.input;
    const where = { timeZone: time_zone ?? usualWish.timeZone, zone: zone ?? usualWish.zone };
    return propose(call, { ...usualWish, ...where, day, nightly: true, claim: nightlyClaim(day, where.zone) });
  },
  decide: (call, _loaded, proposal) => proposed(call, proposal),
});
