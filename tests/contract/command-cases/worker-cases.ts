// The commands on the workers of desk tasks; see case.ts.

import { randomUUID } from "node:crypto";
import type { workerCommands } from "../../../dispatch/contract/worker-commands.ts";
import type { TestApi } from "../../support/api.ts";
import { sleepingWorker } from "../../support/task-builder.ts";
import type { CasesFor, DeskCase, Rules } from "./case.ts";

const agents = "/api/v1/agents";
const one = `${agents}/{slug}`;
const clerk = { slug: "clerk-of-cases" };
const keeping = "the roster is the desk's own; a worker's row holds counts and no ticket";

const reasons: Rules = {
  good: [{}, { reason: "a new version comes" }],
  bad: [
    [{ reason: 7 }, "reason"],
    [{ reason: "x".repeat(1_001) }, "reason"],
  ],
};
const nothing: Rules = { good: [{}], bad: [] };

const newSlug = (): string => `clerk-${randomUUID()}`;
/** Each time another, who sleeps. */
const sleeper = async (api: TestApi) => ({ worker: await sleepingWorker(api, newSlug()) });

const onWorker = (name: string, facts: Pick<DeskCase, "roles" | "status" | "fields">) => ({
  ...facts,
  path: `${one}/${name}`,
  from: [],
  to: [],
  body: () => ({}),
  arrange: sleeper,
  scope: {
    by: "desk" as const,
    reason: keeping,
    ask: ({ worker }: { worker: string }) => ({ as: facts.roles.at(-1) ?? "admin", worker, body: {} }),
  },
});

export const workerCases = {
  "worker.register": {
    path: agents,
    roles: ["admin"],
    from: [],
    to: [],
    status: 201,
    body: () => ({ slug: newSlug(), capabilities: "Warranty, quote ,,warranty" }),
    fields: {
      good: [
        clerk,
        {
          slug: "clerk-of-more",
          kind: "agent",
          agent_type: "clerk",
          display_name: "The clerk",
          capabilities: ["A", " b "],
          policy: "on_demand",
          max_concurrent: 50,
        },
        { slug: "0_clerk", capabilities: "A, b ,,C", max_concurrent: 1 },
      ],
      bad: [
        [{ slug: undefined }, "slug"],
        [{ slug: "-clerk" }, "slug"],
        [{ slug: "the clerk" }, "slug"],
        [{ slug: "c".repeat(64) }, "slug"],
        [{ kind: "technician" }, "kind"],
        [{ agent_type: "The Clerk" }, "agent_type"],
        [{ display_name: "x".repeat(101) }, "display_name"],
        [{ capabilities: [7] }, "capabilities"],
        [{ policy: "never" }, "policy"],
        [{ max_concurrent: 0 }, "max_concurrent"],
        [{ max_concurrent: 51 }, "max_concurrent"],
      ],
    },
    scope: { by: "desk", reason: keeping, ask: () => ({ as: "admin", body: { slug: newSlug() } }) },
  },
  "worker.token": { ...onWorker("token", { roles: ["admin"], status: 201, fields: nothing }), shownOnce: ["token"] },
  "worker.drain": onWorker("drain", { roles: ["dispatcher", "admin"], status: 200, fields: reasons }),
  "worker.undrain": onWorker("undrain", { roles: ["dispatcher", "admin"], status: 200, fields: reasons }),
  "worker.wake": onWorker("wake", { roles: ["control", "dispatcher", "admin"], status: 202, fields: nothing }),
} satisfies CasesFor<keyof typeof workerCommands>;
