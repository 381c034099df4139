// Puts a folder in force, by the same pipeline as everything else: a row, an event of the desk's chain, both or none.

import { resolve } from "node:path";
import { commandHandlers } from "../../handlers.ts";
import { newId } from "../../kernel/clock.ts";
import { execute } from "../../kernel/execute.ts";
import { openKernel } from "../../kernel/kernel.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { loadPolicySet } from "../../policy/load.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { openDesk } from "../../process/open-desk.ts";
import type { Settings } from "../../process/settings.ts";
import type { Said } from "./said.ts";

type About = { readonly settings: Settings; readonly by: string; readonly say: (message: string) => void };

/**
 * @param dir the folder; read and checked before anything else
 * @throws PolicyError, and whatever opening a desk does
 */
export async function activatePolicy(dir: string, { settings, by, say }: About): Promise<Said> {
  const folder = resolve(dir);
  const { set, policy } = loadPolicySet(null, folder);
  const log = { info: say, warn: say };
  const open = await openDesk({ settings, log, applicationName: "dispatch-policy", apiUrl: () => "" });
  try {
    const { desk } = open;
    const { live } = desk.policies;
    // What this shell's settings name says nothing of what the desk runs with.
    if (live.version === null) await desk.policies.hold([0]);
    const was = live.version === null ? desk.policies.ofOneOfMany(0) : live;
    // A newest version that this release cannot read may be in force elsewhere.
    const isNewest = !(await desk.policies.unreadable()).some(({ newest }) => newest);
    if (live.version !== null && live.policyHash === policy.policyHash && isNewest)
      return {
        result: { version: live.version, hash: live.policyHash, changed: false },
        lines: [`${folder} is in force already, as version ${live.version}`],
      };
    const { body } = await execute(openKernel(desk, commandHandlers), {
      name: "policy.activate",
      path: "/policy/activate",
      ids: {},
      body: { content: JSON.stringify(set) },
      requestId: newId(),
      actor: { id: by, role: "dispatcher", type: "HUMAN", techId: null, accounts: "*", sites: "*" },
      trace: { correlationId: newId(), traceId: null, traceParent: null, traceState: null },
    }).catch((error: unknown) => {
      throw error instanceof Refusal ? new CommandFailure(error.message, { cause: error }) : error;
    });
    const { version, hash, activated_by, activated_at } = JSON.parse(body);
    const before = was.profile === policy.profile ? "as before" : `before it was ${was.profile}`;
    return {
      result: { version, hash, activated_by, activated_at, changed: true },
      lines: [
        `version ${version} is in force for tickets that open from now on; those that are open keep theirs`,
        `profile ${policy.profile}; ${before}`,
        `hash ${hash}, by ${activated_by} at ${activated_at}`,
      ],
    };
  } finally {
    await open.close();
  }
}
