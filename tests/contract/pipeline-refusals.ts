// The two refusals that hang on nothing but the caller's role and the ticket's state, asked of the functions the pipeline
// asks and in its order. This is the one file of these tests that knows the kernel's functions by name.

import assert from "node:assert/strict";
import { aggregates } from "../../dispatch/aggregates.ts";
import { commands, type CommandEntry, type CommandName } from "../../dispatch/contract/index.ts";
import type { Actor } from "../../dispatch/kernel/actor.ts";
import { requireRole } from "../../dispatch/kernel/authorize.ts";
import { requireState } from "../../dispatch/kernel/machine.ts";
import { Refusal, refusalBody } from "../../dispatch/kernel/refusal.ts";
import type { AnyStateName, RoleName } from "./roles-and-states.ts";

/**
 * Status and what the error body says of the case; null where neither role nor state stands in the way. `state` is null where
 * there is no ticket and no task.
 */
export function pipelineRefusal(tool: CommandName, role: RoleName, state: AnyStateName | null): object | null {
  const entry: CommandEntry = commands[tool];
  try {
    requireRole(speaker(role), entry);
    // Where a command's own words say where it is heading (`target`), the requests of the matrix show it.
    if (state !== null) requireState(state, entry.from, entry.to[0], entry.wrongStateCode, edgesOf(entry));
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { message, request_id, correlation_id, ...told } = refusalBody(error, null, null).error;
    assert.ok(message.length > 0 && request_id === null && correlation_id === null);
    return { status: error.status, ...told };
  }
}

const edgesOf = ({ aggregate }: CommandEntry) => aggregates.find(({ name }) => name === aggregate)?.edges;

const speaker = (role: RoleName): Actor => ({
  id: `${role}-1`,
  role,
  type: "HUMAN",
  techId: null,
  accounts: "*",
  sites: "*",
});
