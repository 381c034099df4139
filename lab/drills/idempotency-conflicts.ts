// A client that keeps one Idempotency-Key for different requests.

import { randomUUID } from "node:crypto";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { ageSignals } from "./age-signals.ts";
import type { Drill } from "./drill.ts";

const conflicts = 3;

export const idempotencyConflicts: Drill = {
  name: "idempotency-conflicts",
  about: `a client sends ${conflicts} further requests with a key it has used`,
  told: { by: /alert IDEMPOTENCY_CONFLICT_SPIKE/, withinMs: 30_000 },
  reads: { must: [/IDEMPOTENCY_CONFLICT_SPIKE/], mustNot: [/unavailable/, /none fires/] },
  seconds: 15,
  runbook: "ops/runbooks/idempotency_conflict.md",
  async provoke({ url, accountId, siteId }) {
    const headers = {
      "content-type": "application/json",
      "idempotency-key": randomUUID(),
      "x-actor-id": "drill-client",
      "x-actor-role": "dispatcher",
    };
    for (let n = 0; n <= conflicts; n++) {
      const body = JSON.stringify({ account_id: accountId, site_id: siteId, summary: `Drill: request ${n}` });
      const { status } = await fetch(`${url}/tickets`, { method: "POST", headers, body });
      if (status !== (n === 0 ? 201 : 409))
        throw new CommandFailure(`Request ${n} with the same key answered ${status}.`);
    }
  },
  mend: { by: "cause", fix: ({ sql }) => ageSignals(sql) },
};
