// What may be done about a ticket next: each tool as an action with its address, open or closed, and why it is closed.

import type { TicketId } from "../contract/ids.ts";
import { errorRegistry } from "../contract/errors.ts";
import {
  chatName,
  commandEntries,
  commands,
  queries,
  type CommandEntry,
  type CommandName,
  type ToolName,
} from "../contract/index.ts";
import type { ActionBody } from "../contract/responses.ts";
import type { Role } from "../contract/roles.ts";
import type { TicketState } from "../contract/states.ts";

/** Names the cockpit's clients know actions by; other commands go by their chat name. */
const cockpitIds = new Map<ToolName, string>([
  ["schedule.propose", "schedule_propose"],
  ["schedule.confirm", "schedule_confirm"],
  ["assignment.dispatch", "dispatch_assignment"],
  ["assignment.recommend", "recommend_technicians"],
  ["schedule.hold", "hold_schedule"],
  ["schedule.release", "release_schedule"],
  ["schedule.rollback", "rollback_schedule"],
]);

export const placeholder = "{ticketId}";

const cockpitCommands = commandEntries.filter(
  ([, entry]) => entry.roles.includes("dispatcher") && entry.path.includes(placeholder),
);

const packetCommands = [
  ["check_in", "tech.check_in"],
  ["add_evidence", "closeout.add_evidence"],
  ["request_change", "tech.request_change"],
  ["candidate", "closeout.candidate"],
  ["complete_work", "tech.complete"],
] as const;

type PolicyError = ActionBody["policy_error"];

/** Actions of a cockpit row. */
export const cockpitActions = (role: Role, state: TicketState, ticketId: TicketId): ActionBody[] =>
  actionsOfState(role, state).map((action) => addressed(action, ticketId));

/** As cockpitActions, with the placeholder where an address has the ticket's id. They depend on role and state alone. */
export const actionsOfState = (role: Role, state: TicketState): ActionBody[] => [
  ...cockpitCommands.map(([tool, entry]) =>
    commandAction(cockpitIds.get(tool) ?? chatName(tool), tool, entry, role, state),
  ),
  queryAction("open_timeline", "ticket.timeline", role),
  queryAction("open_technician_packet", "tech.job_packet", role),
];

/** Actions of a job packet; completing stays closed for the reason the closeout gate gives. */
export function packetActions(
  role: Role,
  state: TicketState,
  ticketId: TicketId,
  gateError: PolicyError,
): ActionBody[] {
  const actions = packetCommands.map(([id, tool]) => {
    const action = commandAction(id, tool, commands[tool], role, state);
    const completing = tool === "tech.complete" || tool === "closeout.candidate";
    return completing && gateError && action.enabled ? { ...action, enabled: false, policy_error: gateError } : action;
  });
  const reading = [
    queryAction("open_timeline", "ticket.timeline", role),
    queryAction("open_evidence", "closeout.list_evidence", role),
  ];
  return [...actions, ...reading].map((action) => addressed(action, ticketId));
}

const addressed = (action: ActionBody, ticketId: TicketId): ActionBody => ({
  ...action,
  endpoint: action.endpoint.replace(placeholder, ticketId),
});

function commandAction(id: string, tool: CommandName, entry: CommandEntry, role: Role, state: TicketState): ActionBody {
  const error = roleError(entry.roles, role) ?? stateError(entry, state);
  return {
    action_id: id,
    tool_name: tool,
    endpoint: entry.path,
    method: "POST",
    mutating: true,
    enabled: error === null,
    policy_error: error,
  };
}

function queryAction(id: string, tool: keyof typeof queries, role: Role): ActionBody {
  const { path, roles } = queries[tool];
  const error = roleError(roles, role);
  return {
    action_id: id,
    tool_name: tool,
    endpoint: path,
    method: "GET",
    mutating: false,
    enabled: error === null,
    policy_error: error,
  };
}

function roleError(allowed: readonly Role[], role: Role): PolicyError {
  if (allowed.includes(role)) return null;
  const { message, dimension } = errorRegistry.FORBIDDEN;
  return { code: "FORBIDDEN", message, dimension, actor_role: role, allowed_roles: allowed };
}

function stateError(entry: CommandEntry, state: TicketState): PolicyError {
  if (entry.from.includes(state)) return null;
  const { wrongStateCode: code = "INVALID_STATE_TRANSITION" } = entry;
  const { message, dimension } = errorRegistry[code];
  return {
    code,
    message,
    dimension,
    from_state: state,
    allowed_from_states: entry.from,
    to_state: entry.to[0] ?? state,
  };
}
