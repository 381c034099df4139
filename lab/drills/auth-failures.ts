// Callers whose tokens nobody signed, and whose roles allow nothing.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { ageSignals } from "./age-signals.ts";
import type { Drill } from "./drill.ts";

const attempts = 6;

export const authFailures: Drill = {
  name: "auth-failures",
  about: `${attempts} calls come with a forged token or a role that is not allowed`,
  told: { by: /alert AUTH_POLICY_FAILURE_SPIKE/, withinMs: 30_000 },
  reads: { must: [/AUTH_POLICY_FAILURE_SPIKE/], mustNot: [/unavailable/, /none fires/] },
  seconds: 15,
  runbook: "ops/runbooks/auth_policy_failure.md",
  async provoke({ url }) {
    for (let n = 0; n < attempts; n++) {
      const headers: Record<string, string> =
        n % 2 === 0
          ? { authorization: "Bearer drill.forged.token" }
          : { "x-actor-id": "drill", "x-actor-role": "customer" };
      const { status } = await fetch(`${url}/ux/dispatcher/cockpit`, { headers });
      if (status !== 401 && status !== 403) throw new CommandFailure(`A call that must be refused answered ${status}.`);
    }
  },
  mend: { by: "cause", fix: ({ sql }) => ageSignals(sql) },
};
