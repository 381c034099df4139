// What is done and proved on site; see case.ts.

import { knownId, type TechnicianId } from "../../../dispatch/contract/ids.ts";
import type { visitCommands } from "../../../dispatch/contract/visit-commands.ts";
import { addTechnician } from "../../support/directory.ts";
import { addVerified } from "../../support/evidence.ts";
import { addAllEvidence, completion as fullCompletion } from "../../support/ticket-builder.ts";
import { notFinal, visiting } from "../roles-and-states.ts";
import { one, type CasesFor, type Obeyed, type Rules } from "./case.ts";
import { t, uuid, window } from "./samples.ts";

const complete = (): Obeyed[] => [
  {
    // Verified, since an agent may complete as well.
    arrange: (api, { id }) => addAllEvidence(api, id, "DOOR_WONT_LATCH", addVerified),
    body: () => fullCompletion,
    path: ["COMPLETED_PENDING_VERIFICATION"],
  },
];
const completion = { checklist_status: { work_performed: true, more: false } };
const completing: Rules = {
  good: [
    completion,
    { checklist_status: {}, no_signature_reason: "", evidence_refs: [] },
    { ...completion, work: {} },
    {
      ...completion,
      work: {
        labor_minutes: 0,
        travel_minutes: 1,
        parts: [{ sku: "A", description: "Strike", quantity: 0.5, unit_price_cents: 0 }],
      },
    },
    { ...completion, work: { parts: [{ sku: "A", quantity: 1 }] } },
    { ...completion, evidence_refs: [uuid, "s3://bucket/key"] },
  ],
  bad: [
    [{ checklist_status: undefined }, "checklist_status"],
    [{ checklist_status: [] }, "checklist_status"],
    [{ checklist_status: { work_performed: "true" } }, "checklist_status"],
    [{ no_signature_reason: true }, "no_signature_reason"],
    [{ evidence_refs: "s3://bucket/key" }, "evidence_refs"],
    [{ evidence_refs: [7] }, "evidence_refs"],
    [{ work: { labor_minutes: -1 } }, "work"],
    [{ work: { travel_minutes: 1.5 } }, "work"],
    [{ work: { parts: [{ sku: "A", description: "Strike", quantity: 0, unit_price_cents: 5 }] } }, "work"],
    [{ work: { parts: [{ description: "Strike", quantity: 1, unit_price_cents: 5 }] } }, "work"],
    [{ work: { parts: [{ sku: "A", description: "Strike", quantity: 1, unit_price_cents: 5.5 }] } }, "work"],
  ],
};

export const visitCases = {
  "tech.check_in": {
    path: `${t}/tech/check-in`,
    roles: ["tech", "dispatcher"],
    from: ["DISPATCHED", "IN_PROGRESS"],
    to: ["IN_PROGRESS"],
    status: 200,
    obeyed: (from) =>
      from === "DISPATCHED"
        ? [
            {
              body: (api) => ({ timestamp: api.clock.iso, location: { lat: 37.8, lon: -122.3 } }),
              path: ["ON_SITE", "IN_PROGRESS"],
            },
          ]
        : [
            {
              way: "whoever helps comes later",
              arrange: async (api, { id }) => {
                const helper = await addTechnician(api.owner, { id: knownId<TechnicianId>(String(id)) });
                await api.run("assignment.crew", { ticket: id, body: { add: [helper] } });
              },
              body: (api, { id }) => ({ timestamp: api.clock.iso, tech_id: id }),
              path: [],
            },
          ],
    fields: {
      good: [
        { timestamp: window.start },
        { timestamp: window.start, location: { lat: -90, lon: 180 } },
        { timestamp: window.start, tech_id: uuid, check_out: true, work: { labor_minutes: 30 } },
      ],
      bad: [
        [{ tech_id: "ben" }, "tech_id"],
        [{ check_out: "true" }, "check_out"],
        [{ work: { labor_minutes: 1.5 } }, "work"],
        [{ timestamp: undefined }, "timestamp"],
        [{ timestamp: "now" }, "timestamp"],
      ],
    },
  },
  "tech.hold": {
    path: `${t}/tech/hold`,
    roles: ["tech", "dispatcher"],
    from: ["IN_PROGRESS"],
    to: ["ON_HOLD"],
    status: 200,
    obeyed: one(() => ({ reason_code: "parts", note: "strike plate on order" }), "ON_HOLD"),
    fields: {
      good: [{ reason_code: "parts" }, { reason_code: "weather", note: "snow", work: { labor_minutes: 30 } }],
      bad: [
        [{ work: { labor_minutes: 1.5 } }, "work"],
        [{ reason_code: undefined }, "reason_code"],
        [{ reason_code: "capacity" }, "reason_code"],
      ],
    },
  },
  "tech.resume": {
    path: `${t}/tech/resume`,
    roles: ["tech", "dispatcher"],
    from: ["ON_HOLD"],
    to: ["IN_PROGRESS"],
    status: 200,
    obeyed: one(() => ({ note: "parts are here" }), "IN_PROGRESS"),
    fields: { good: [{}, { note: "go" }], bad: [[{ note: 1 }, "note"]] },
  },
  "tech.request_change": {
    path: `${t}/tech/request-change`,
    roles: ["tech"],
    from: ["IN_PROGRESS"],
    to: ["APPROVAL_REQUIRED"],
    status: 200,
    obeyed: one(() => ({ approval_type: "PROPOSAL", reason: "the closer leaks as well" }), "APPROVAL_REQUIRED"),
    fields: {
      good: [
        { approval_type: "PROPOSAL", reason: "x" },
        { approval_type: "NTE_INCREASE", reason: "x", amount_delta_cents: 0, evidence_refs: [] },
      ],
      bad: [
        [{ approval_type: "RAISE" }, "approval_type"],
        [{ reason: undefined }, "reason"],
        [{ amount_delta_cents: -5 }, "amount_delta_cents"],
        [{ evidence_refs: [""] }, "evidence_refs"],
      ],
    },
  },
  "closeout.request_upload": {
    path: `${t}/evidence/uploads`,
    roles: ["dispatcher", "agent", "tech"],
    from: visiting,
    to: [],
    status: 201,
    auditOnly: true,
    obeyed: one(() => ({ kind: "PHOTO", content_type: "image/png", size_bytes: 1_000, sha256: "ab".repeat(32) })),
    fields: {
      good: [
        { kind: "PHOTO", content_type: "image/jpeg", size_bytes: 1, sha256: "aB".repeat(32) },
        { kind: "x", content_type: "image/gif", size_bytes: 1e9, sha256: "0".repeat(64), evidence_key: "k" },
        { kind: "VIDEO", content_type: "video/mp4", size_bytes: 1e8, sha256: "0".repeat(64), in_parts: true },
      ],
      bad: [
        [{ kind: undefined }, "kind"],
        [{ content_type: undefined }, "content_type"],
        [{ size_bytes: undefined }, "size_bytes"],
        [{ size_bytes: 0 }, "size_bytes"],
        [{ size_bytes: "10" }, "size_bytes"],
        [{ sha256: undefined }, "sha256"],
        [{ sha256: "g".repeat(64) }, "sha256"],
        [{ in_parts: "yes" }, "in_parts"],
        [{ evidence_key: "" }, "evidence_key"],
      ],
    },
  },
  "closeout.add_evidence": {
    path: `${t}/evidence`,
    roles: ["dispatcher", "agent", "tech"],
    from: notFinal,
    to: [],
    status: 201,
    auditOnly: true,
    obeyed: one(() => ({ kind: "PHOTO", uri: "s3://camera-roll/door.png", evidence_key: "photo_of_the_street" })),
    fields: {
      good: [
        { kind: "PHOTO", uri: "s3://b/k" },
        {
          kind: "NOTE",
          uri: "anything",
          checksum: "c",
          evidence_key: "k",
          metadata: { any: [{ depth: null }], ключ: "✓" },
        },
      ],
      bad: [
        [{ kind: "" }, "kind"],
        [{ uri: undefined }, "uri"],
        [{ uri: "x".repeat(2_049) }, "uri"],
        [{ metadata: [] }, "metadata"],
        [{ metadata: { bad: "\u0000" } }, "metadata"],
        [{ metadata: { "\u0007": "bell" } }, "metadata"],
        [{ metadata: { half: "\ud83d" } }, "metadata"],
      ],
    },
  },
  "closeout.candidate": {
    path: `${t}/closeout/candidate`,
    roles: ["dispatcher", "agent", "tech"],
    from: ["IN_PROGRESS"],
    to: ["COMPLETED_PENDING_VERIFICATION"],
    status: 200,
    obeyed: complete,
    fields: completing,
  },
  "closeout.no_work": {
    path: `${t}/closeout/no-work`,
    roles: ["tech", "dispatcher"],
    from: ["DISPATCHED", "IN_PROGRESS"],
    to: ["COMPLETED_PENDING_VERIFICATION"],
    status: 200,
    obeyed: one(
      () => ({ reason_code: "cancelled_at_door", note: "they had fixed it themselves" }),
      "COMPLETED_PENDING_VERIFICATION",
    ),
    fields: {
      good: [
        { reason_code: "no_access", note: "gate locked" },
        { reason_code: "unsafe", note: "a dog", evidence_refs: [uuid] },
      ],
      bad: [
        [{ reason_code: "parts" }, "reason_code"],
        [{ reason_code: undefined }, "reason_code"],
        [{ note: "" }, "note"],
        [{ note: undefined }, "note"],
        [{ evidence_refs: [7] }, "evidence_refs"],
      ],
    },
  },
  "tech.complete": {
    path: `${t}/tech/complete`,
    roles: ["dispatcher", "tech"],
    from: ["IN_PROGRESS"],
    to: ["COMPLETED_PENDING_VERIFICATION"],
    status: 200,
    obeyed: complete,
    fields: completing,
  },
} satisfies CasesFor<keyof typeof visitCommands>;
