// The commands of dispatch/contract/correction-commands.ts; see case.ts.

import type { correctionCommands } from "../../../dispatch/contract/correction-commands.ts";
import { allStates } from "../roles-and-states.ts";
import { one, type CasesFor } from "./case.ts";
import { t } from "./samples.ts";

export const correctionCases = {
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
} satisfies CasesFor<keyof typeof correctionCommands>;
