// The commands that send a technician; see case.ts.

import { knownId, type TechnicianId } from "../../../dispatch/contract/ids.ts";
import type { assignmentCommands } from "../../../dispatch/contract/assignment-commands.ts";
import { addTechnician, ben } from "../../support/directory.ts";
import { schedulable } from "../roles-and-states.ts";
import { one, type CasesFor } from "./case.ts";
import { backwards, t, uuid, window } from "./samples.ts";

const override = {
  override_type: "reassign_tech",
  reason_code: "capacity",
  note: "Ana is stuck in traffic",
  tech_id: ben,
};
const bypass = (techId: string) => ({
  tech_id: techId,
  dispatch_mode: "EMERGENCY_BYPASS",
  dispatch_rationale: "shop front open at night",
  dispatch_confirmation: true,
});

export const assignmentCases = {
  "assignment.recommend": {
    path: `${t}/assignment/recommend`,
    roles: ["dispatcher", "agent"],
    from: schedulable,
    to: [],
    status: 201,
    auditOnly: true,
    obeyed: one(() => ({ service_type: "DEFAULT" })),
    fields: {
      good: [
        { service_type: "DEFAULT" },
        { service_type: "glass_v2", recommendation_limit: 20, preferred_window: window },
      ],
      bad: [
        [{ service_type: undefined }, "service_type"],
        [{ service_type: "" }, "service_type"],
        [{ recommendation_limit: 0 }, "recommendation_limit"],
        [{ recommendation_limit: 21 }, "recommendation_limit"],
        [{ preferred_window: backwards }, "preferred_window"],
      ],
    },
  },
  "assignment.dispatch": {
    path: `${t}/assignment/dispatch`,
    roles: ["dispatcher"],
    from: ["SCHEDULED", "TRIAGED", "READY_TO_SCHEDULE", "SCHEDULE_PROPOSED"],
    to: ["DISPATCHED"],
    status: 200,
    obeyed: (from) =>
      from === "SCHEDULED"
        ? [{ body: (_api, { techId }) => ({ tech_id: techId, dispatch_mode: "STANDARD" }), path: ["DISPATCHED"] }]
        : [{ plan: { priority: "EMERGENCY" }, body: (_api, { techId }) => bypass(techId), path: ["DISPATCHED"] }],
    fields: {
      good: [
        { tech_id: uuid },
        { tech_id: uuid, provider_id: uuid, recommendation_snapshot_id: null, dispatch_mode: "STANDARD" },
        {
          tech_id: uuid,
          recommendation_snapshot_id: "",
          dispatch_mode: "EMERGENCY_BYPASS",
          dispatch_rationale: "",
          dispatch_confirmation: false,
        },
        { tech_id: uuid, recommendation_snapshot_id: uuid, dispatch_mode: "WORKER_AUTO" },
      ],
      bad: [
        [{ tech_id: undefined }, "tech_id"],
        [{ tech_id: null }, "tech_id"],
        [{ provider_id: "p" }, "provider_id"],
        [{ recommendation_snapshot_id: "newest" }, "recommendation_snapshot_id"],
        [{ dispatch_mode: "FAST" }, "dispatch_mode"],
        [{ dispatch_rationale: 7 }, "dispatch_rationale"],
        [{ dispatch_confirmation: "true" }, "dispatch_confirmation"],
      ],
    },
  },
  "assignment.override": {
    path: `${t}/assignment/override`,
    roles: ["dispatcher"],
    from: ["SCHEDULED", "DISPATCHED"],
    to: ["DISPATCHED"],
    status: 200,
    obeyed: (from) => [{ body: () => override, path: from === "SCHEDULED" ? ["DISPATCHED"] : [] }],
    fields: {
      good: [
        {
          override_type: "reassign_tech",
          reason_code: "capacity",
          note: "ten chars.",
          tech_id: uuid,
          expected_version: 7,
        },
        { override_type: "reassign_provider", reason_code: "other", note: "ten chars.", provider_id: uuid },
        { override_type: "direct_dispatch_bypass", reason_code: "skill_mismatch", note: "ten chars.", tech_id: uuid },
      ],
      bad: [
        [{ override_type: undefined }, "override_type"],
        [{ override_type: "REASSIGN_TECH" }, "override_type"],
        [{ reason_code: "mood" }, "reason_code"],
        [{ note: "too short" }, "note"],
        [{ tech_id: undefined }, "tech_id"],
        [{ override_type: "reassign_provider" }, "provider_id"],
      ],
    },
  },
  "assignment.transfer": {
    path: `${t}/assignment/transfer`,
    roles: ["dispatcher"],
    from: ["ON_SITE", "IN_PROGRESS", "ON_HOLD"],
    to: [],
    status: 200,
    // Each to a colleague of its own, since nobody takes two over at once.
    obeyed: () => [
      {
        arrange: (api, { id }) => addTechnician(api.owner, { id: knownId<TechnicianId>(String(id)) }),
        body: (_api, { id }) => ({ tech_id: id, reason: "Ana has to leave" }),
        path: [],
      },
    ],
    fields: {
      good: [
        { tech_id: uuid, reason: "ill", expected_version: 7 },
        { tech_id: uuid, reason: "her shift is over", work: { labor_minutes: 45 } },
      ],
      bad: [
        [{ tech_id: undefined }, "tech_id"],
        [{ tech_id: "ben" }, "tech_id"],
        [{ reason: undefined }, "reason"],
        [{ reason: "no" }, "reason"],
        [{ work: { labor_minutes: 1.5 } }, "work"],
      ],
    },
  },
  "assignment.crew": {
    path: `${t}/assignment/crew`,
    roles: ["dispatcher"],
    from: ["SCHEDULED", "DISPATCHED", "ON_SITE", "IN_PROGRESS"],
    to: [],
    status: 200,
    // Each a helper of its own, since nobody helps with two visits at once.
    obeyed: () => [
      {
        arrange: (api, { id }) => addTechnician(api.owner, { id: knownId<TechnicianId>(String(id)) }),
        body: (_api, { id }) => ({ add: [id], reason: "The door is heavy" }),
        path: [],
      },
    ],
    fields: {
      good: [
        { add: [uuid] },
        { remove: [uuid], reason: "needed elsewhere" },
        { add: [uuid], remove: [uuid], people: 4 },
      ],
      bad: [
        [{ add: uuid }, "add"],
        [{ add: ["ben"] }, "add"],
        [{ add: [uuid, uuid, uuid, uuid, uuid] }, "add"],
        [{ remove: [7] }, "remove"],
        [{ people: 0 }, "people"],
        [{ people: 5 }, "people"],
      ],
    },
  },
  "assignment.unassign": {
    path: `${t}/assignment/unassign`,
    roles: ["dispatcher"],
    from: ["SCHEDULED", "DISPATCHED"],
    to: ["SCHEDULED"],
    status: 200,
    obeyed: (from) => [
      {
        ...(from === "SCHEDULED" && { plan: { booked: true } }),
        body: () => ({ reason_code: "safety", note: "the van broke down" }),
        path: from === "SCHEDULED" ? [] : ["SCHEDULED"],
      },
    ],
    fields: {
      good: [{ reason_code: "customer_request", note: "ten chars.", expected_version: 7 }],
      bad: [
        [{ reason_code: undefined }, "reason_code"],
        [{ reason_code: "parts" }, "reason_code"],
        [{ note: " too short " }, "note"],
      ],
    },
  },
} satisfies CasesFor<keyof typeof assignmentCommands>;
