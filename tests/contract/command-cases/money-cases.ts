// The commands of dispatch/contract/money-commands.ts; see case.ts.

import type { moneyCommands } from "../../../dispatch/contract/money-commands.ts";
import type { CasesFor, Obeyed } from "./case.ts";
import { t, uuid } from "./samples.ts";

export const moneyCases = {
  "billing.credit": {
    path: `${t}/billing/credit`,
    roles: ["finance"],
    from: ["INVOICED", "CLOSED", "CANCELLED"],
    to: ["VERIFIED", "INVOICED", "CLOSED", "CANCELLED"],
    status: 200,
    obeyed: (from) => {
      const plan = { cancelledIn: "IN_PROGRESS" } as const;
      const arrange: Obeyed["arrange"] = async (api, ticket) =>
        from === "CANCELLED" && api.run("billing.generate_invoice", { as: "finance", ticket: ticket.id });
      return [
        {
          way: "some of it",
          plan,
          arrange,
          body: () => ({ lines: [{ line: 1, amount_cents: 100 }], reason: "goodwill" }),
          path: [],
        },
        {
          way: "all of it",
          plan,
          arrange,
          body: () => ({ all: true, reason: "the wrong door" }),
          path: from === "INVOICED" ? ["VERIFIED"] : [],
        },
      ];
    },
    fields: {
      good: [
        { lines: [{ line: 1 }], reason: "the wrong door" },
        { all: true, reason: "the wrong door" },
        { invoice_id: uuid, lines: [{ line: 1, amount_cents: 1 }], all: false, reason: "the wrong door" },
      ],
      bad: [
        [{ reason: undefined }, "reason"],
        [{ reason: "no" }, "reason"],
        [{ lines: [] }, "lines"],
        [{ lines: [{ line: 0 }] }, "lines"],
        [{ lines: [{ line: 1, amount_cents: 0 }] }, "lines"],
        [{ all: "yes" }, "all"],
        [{ invoice_id: "INV-000001" }, "invoice_id"],
      ],
    },
  },
} satisfies CasesFor<keyof typeof moneyCommands>;
