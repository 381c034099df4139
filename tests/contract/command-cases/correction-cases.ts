// The commands of dispatch/contract/correction-commands.ts; see case.ts.

import type { correctionCommands } from "../../../dispatch/contract/correction-commands.ts";
import { allStates, notFinal } from "../roles-and-states.ts";
import { one, type CasesFor } from "./case.ts";
import { t, uuid } from "./samples.ts";

export const correctionCases = {
  "ticket.update": {
    path: `${t}/update`,
    roles: ["dispatcher", "agent"],
    from: notFinal,
    to: [],
    status: 200,
    obeyed: one(() => ({ summary: "The other door", priority: "URGENT", customer_name: null })),
    fields: {
      good: [
        {
          summary: "x",
          description: null,
          customer_name: "Kim",
          customer_phone: "+1 510 555 0100",
          customer_email: null,
        },
        {
          priority: "urgent",
          incident_type: "door_wont_latch",
          nte_cents: 0,
          replan: false,
          contact_id: null,
          asset_id: null,
        },
        { site_id: uuid, replan: true, expected_version: 0 },
      ],
      bad: [
        [{ summary: "" }, "summary"],
        [{ summary: null }, "summary"],
        [{ customer_name: " " }, "customer_name"],
        [{ priority: null }, "priority"],
        [{ nte_cents: -1 }, "nte_cents"],
        [{ site_id: "17" }, "site_id"],
        [{ contact_id: "17" }, "contact_id"],
        [{ replan: "yes" }, "replan"],
        [{ expected_version: -1 }, "expected_version"],
        [{ expected_version: "2" }, "expected_version"],
      ],
    },
  },
  "ticket.add_note": {
    path: `${t}/notes`,
    roles: ["dispatcher", "agent", "tech", "qa", "finance"],
    from: allStates,
    to: [],
    status: 200,
    auditOnly: true,
    obeyed: one(() => ({ text: "Gate code is 4711" })),
    fields: {
      good: [{ text: "x" }, { text: "two\nlines", visibility: "customer" }, { text: "y".repeat(4_000) }],
      bad: [
        [{ text: undefined }, "text"],
        [{ text: " \n" }, "text"],
        [{ text: "y".repeat(4_001) }, "text"],
        [{ visibility: "everybody" }, "visibility"],
        [{ visibility: null }, "visibility"],
      ],
    },
  },
  "ticket.follow_up": {
    path: `${t}/follow-up`,
    roles: ["dispatcher", "agent"],
    from: ["INVOICED", "CLOSED"],
    to: [],
    status: 201,
    obeyed: one(() => ({ kind: "warranty", summary: "Leaks again" })),
    fields: {
      good: [
        { kind: "warranty" },
        { kind: "callback", summary: "x", description: "two\nlines", reason: "They called", priority: "emergency" },
        { kind: "further_work", incident_type: "door_wont_latch", nte_cents: 0, contact_id: null, asset_id: null },
        { kind: "further_work", account_id: uuid, site_id: uuid, contact_id: uuid, asset_id: uuid },
      ],
      bad: [
        [{ kind: undefined }, "kind"],
        [{ kind: "complaint" }, "kind"],
        [{ reason: "two\nlines" }, "reason"],
        [{ summary: "" }, "summary"],
        [{ priority: "SOON" }, "priority"],
        [{ nte_cents: -1 }, "nte_cents"],
        [{ site_id: "17" }, "site_id"],
        [{ contact_id: "17" }, "contact_id"],
      ],
    },
  },
} satisfies CasesFor<keyof typeof correctionCommands>;
