// The commands on approval requests; see case.ts.

import type { approvalRequestCommands } from "../../../dispatch/contract/approval-request-commands.ts";
import type { TestApi } from "../../support/api.ts";
import { requestOf } from "../../support/request-builder.ts";
import type { CasesFor } from "./case.ts";

const one = "/approval-requests/{approvalRequestId}";
const roles = ["dispatcher", "approver", "admin"] as const;

const tooLong = (n: number) => "x".repeat(n + 1);
const waiting = async (api: TestApi) => ({ approvalRequest: await requestOf(api) });

export const approvalRequestCases = {
  "approval_request.decide": {
    path: `${one}/decide`,
    roles,
    from: ["pending"],
    to: ["approved", "denied"],
    leadsTo: "denied",
    status: 200,
    body: () => ({ outcome: "denied" }),
    arrange: waiting,
    fields: {
      good: [{ outcome: "approved" }, { outcome: "denied", reason: "r".repeat(2_000) }],
      bad: [
        [{ outcome: undefined }, "outcome"],
        [{ outcome: "maybe" }, "outcome"],
        [{ reason: tooLong(2_000) }, "reason"],
      ],
    },
    scope: { by: "named", send: ({ approvalRequest }) => ({ approvalRequest, body: { outcome: "denied" } }) },
  },
  "approval_request.withdraw": {
    path: `${one}/withdraw`,
    roles,
    from: ["pending"],
    to: ["withdrawn"],
    leadsTo: "withdrawn",
    status: 200,
    body: () => ({}),
    arrange: waiting,
    fields: { good: [{}, { reason: "r".repeat(2_000) }], bad: [[{ reason: tooLong(2_000) }, "reason"]] },
    scope: { by: "named", send: ({ approvalRequest }) => ({ approvalRequest, body: {} }) },
  },
} satisfies CasesFor<keyof typeof approvalRequestCommands>;
