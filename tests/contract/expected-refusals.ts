// What the tables say a caller is told who has the wrong role, or whose ticket or task is in the wrong state.

import type { CommandRow } from "./command-table.ts";
import {
  allRoles,
  allStates,
  allTaskStates,
  leadsTo,
  type AnyStateName,
  type RoleName,
  type StateName,
  type TaskStateName,
} from "./roles-and-states.ts";

/** Role before state: whoever may not do it at all is told so in any state. Null where both are right. */
export function expectedRefusal(row: CommandRow, role: RoleName, state: AnyStateName | null, to?: AnyStateName) {
  if (!row.roles.includes(role)) return forbidden(row, role);
  return state === null || row.from.includes(state) ? null : wrongState(row, state, to);
}

const forbidden = ({ roles: may }: CommandRow, role: RoleName) => ({
  status: 403,
  code: "FORBIDDEN",
  actor_role: role,
  allowed_roles: may,
  policy_error: { dimension: "role" },
});

/** @param to where the command as it was sent would have led; otherwise the first of the states it leads to */
const wrongState = ({ from, to: [first], wrongState: code }: CommandRow, state: AnyStateName, to = first ?? state) => ({
  status: 409,
  code: code ?? "INVALID_STATE_TRANSITION",
  from_state: state,
  to_state: to,
  allowed_from_states: from,
  allowed_to_states: leadsTo(state),
  policy_error: { dimension: code ? "scheduling" : "state" },
});

export const refusedRoles = ({ roles: may }: CommandRow): RoleName[] => allRoles.filter((role) => !may.includes(role));
export const refusedStates = ({ from }: CommandRow): StateName[] => allStates.filter((state) => !from.includes(state));
export const refusedTaskStates = ({ from }: CommandRow): TaskStateName[] =>
  allTaskStates.filter((state) => !from.includes(state));
