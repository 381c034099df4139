// The commands that open a ticket; see case.ts.

import { commands } from "../../../dispatch/contract/index.ts";
import { acme, borealis } from "../../support/directory.ts";
import type { CasesFor } from "./case.ts";
import { uuid } from "./samples.ts";

/** For the fields alone: an account and a site that are not there. */
const nowhere = { account_id: uuid, site_id: uuid };
const atAcme = { account_id: acme.id, site_id: acme.oakland };
const atBorealis = { account_id: borealis.id, site_id: borealis.albany };
const certainCall = {
  incident_type: "FRAME_OR_GLASS_DAMAGE",
  customer_name: "Kim",
  contact_phone: "510 555 0100",
  priority: "URGENT",
  identity_confidence: 99,
  classification_confidence: 99,
  sop_handoff_acknowledged: true,
};

export const intakeCases = {
  "ticket.create": {
    path: "/tickets",
    roles: ["dispatcher", "agent"],
    from: [],
    to: ["NEW"],
    status: 201,
    body: (role) => ({ ...atAcme, summary: `Glass door cracked, says ${role}`, description: "It sticks." }),
    fields: {
      good: [
        { ...nowhere, summary: "x" },
        { ...nowhere, summary: ` ${"x".repeat(500)} `, description: "y".repeat(10_000), nte_cents: 0, asset_id: uuid },
        { ...nowhere, summary: "Tür klemmt 🚪", description: "line\none\ttab", nte_cents: 1_000_000_000_000 },
      ],
      bad: [
        [{ account_id: undefined }, "account_id"],
        [{ account_id: "acme" }, "account_id"],
        [{ site_id: `{${uuid}}` }, "site_id"],
        [{ site_id: uuid.replaceAll("-", "") }, "site_id"],
        [{ asset_id: "" }, "asset_id"],
        [{ summary: undefined }, "summary"],
        [{ summary: "  " }, "summary"],
        [{ summary: "x".repeat(501) }, "summary"],
        [{ summary: 7 }, "summary"],
        [{ summary: "two\nlines" }, "summary"],
        [{ description: "y".repeat(10_001) }, "description"],
        [{ nte_cents: -1 }, "nte_cents"],
        [{ nte_cents: 0.5 }, "nte_cents"],
        [{ nte_cents: "100" }, "nte_cents"],
        [{ nte_cents: 1e300 }, "nte_cents"],
      ],
    },
    scope: {
      by: "named",
      send: () => ({ body: { ...commands["ticket.create"].example, ...atBorealis, asset_id: borealis.oven } }),
    },
  },
  "ticket.blind_intake": {
    path: "/tickets/intake",
    roles: ["dispatcher", "agent"],
    from: [],
    to: ["READY_TO_SCHEDULE", "TRIAGED"],
    status: 201,
    // In other words by each role: the same call made again is refused.
    body: (role) => ({ ...atAcme, ...certainCall, summary: `Glass door cracked, says ${role}` }),
    inChat: { ...commands["ticket.blind_intake"].example, ...atAcme },
    fields: {
      good: [
        {
          ...nowhere,
          summary: "x",
          incident_type: "FRAME_OR_GLASS_DAMAGE",
          customer_name: "Kim",
          contact_email: "k@x.org",
          priority: "routine",
          identity_confidence: 0,
          classification_confidence: 100,
        },
        {
          ...nowhere,
          summary: "x",
          incident_type: "frame_or_glass_damage",
          customer_name: "Kim",
          contact_phone: "555-0100",
          priority: "Urgent",
          identity_confidence: 50.5,
          classification_confidence: 0.1,
          sop_handoff_acknowledged: false,
          sop_handoff_prompt: "ask\ntwice",
        },
      ],
      bad: [
        [{ incident_type: undefined }, "incident_type"],
        [{ customer_name: undefined }, "customer_name"],
        [{ customer_name: "" }, "customer_name"],
        [{ priority: undefined }, "priority"],
        [{ priority: "SOON" }, "priority"],
        [{ identity_confidence: undefined }, "identity_confidence"],
        [{ identity_confidence: 101 }, "identity_confidence"],
        [{ classification_confidence: "99" }, "classification_confidence"],
        [{ sop_handoff_acknowledged: "yes" }, "sop_handoff_acknowledged"],
        [{ contact_phone: "123456" }, "contact_phone"],
        [{ contact_email: "@x.org" }, "contact_email"],
      ],
    },
    scope: { by: "named", send: () => ({ body: { ...commands["ticket.blind_intake"].example, ...atBorealis } }) },
  },
} satisfies CasesFor<"ticket.create" | "ticket.blind_intake">;
