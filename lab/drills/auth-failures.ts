// Callers whose tokens nobody signed, and whose roles allow nothing.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { ageSignals } from "./age-signals.ts";
import type { Drill } from "./drill.ts";

const attempts = 6;

export const authFailures: Drill = {
  name: "auth-failures",
  about: `${attempts} calls come with a forged token or a role that is not allowed`,
  shownBy: { alert: "AUTH_POLICY_FAILURE_SPIKE" },
  runbook: "ops/runbooks/auth_policy_failure.md",
  async provoke({ stack }) {
    for (let n = 0; n < attempts; n++) {
      const headers: Record<string, string> =
        n % 2 === 0
          ? { authorization: "Bearer drill.forged.token" }
          : { "x-actor-id": "drill", "x-actor-role": "customer" };
      const { status } = await fetch(`${stack.url}/ux/dispatcher/cockpit`, { headers });
      if (status !== 401 && status !== 403) throw new CommandFailure(`A call that must be refused answered ${status}.`);
    }
  },
  fix: ({ sql }) => ageSignals(sql),
};
