// The cockpit's answer, as the object the contract types and as the JSON text that is sent. Actions are nine tenths of a
// full answer and the same for all tickets of a state, so the text takes them from prepared pieces; a test holds it to the
// object, byte for byte.

import type { QueryBodyOf, QueryInputOf } from "../contract/index.ts";
import type { Role } from "../contract/roles.ts";
import type { TicketState } from "../contract/states.ts";
import { JsonText } from "../kernel/json.ts";
import { actionsText } from "./actions-text.ts";
import { actionsOfState, cockpitActions } from "./ticket-actions.ts";

type Body = QueryBodyOf<"dispatcher.cockpit">;
export type CockpitRow = Omit<Body["queue"][number], "actions">;
/** Where the actions stand: with each row, once for each state, or nowhere. */
export type ActionsShown = NonNullable<QueryInputOf<"dispatcher.cockpit">["actions"]>;
/** What stands before and behind the queue. */
export type CockpitFrame = {
  readonly before: Omit<Body, "queue" | "actions_by_state" | keyof CockpitFrame["after"]>;
  readonly after: Pick<Body, "next_cursor" | "selected_ticket" | "desk_work">;
};

const statesOf = (rows: readonly CockpitRow[]): TicketState[] => [...new Set(rows.map(({ state }) => state))];

/** The answer as an object. */
export function cockpitBody(
  { before, after }: CockpitFrame,
  rows: readonly CockpitRow[],
  shown: ActionsShown,
  role: Role,
): Body {
  const queue =
    shown === "full" ? rows.map((row) => ({ ...row, actions: cockpitActions(role, row.state, row.ticket_id) })) : rows;
  const byState = shown === "state" && {
    actions_by_state: Object.fromEntries(statesOf(rows).map((state) => [state, actionsOfState(role, state)])),
  };
  return { ...before, queue: [...queue], ...byState, ...after };
}

/** The members of the answer that hold rows, as text: what readers of the same question share. */
export function queueText(rows: readonly CockpitRow[], shown: ActionsShown, role: Role): Buffer[] {
  if (shown === "full") return [fullQueue(rows, role)];
  const queue = `"queue":${JSON.stringify(rows)}`;
  if (shown === "none") return [Buffer.from(queue)];
  const byState = statesOf(rows).flatMap((state, at) => [
    Buffer.from(`${at === 0 ? "" : ","}"${state}":`),
    actionsText(role, state).template,
  ]);
  return [Buffer.from(`${queue},"actions_by_state":{`), ...byState, Buffer.from("}")];
}

/** Written straight into bytes: as one string a page of 200 rows was copied four times. */
function fullQueue(rows: readonly CockpitRow[], role: Role): Buffer {
  const opening = '"queue":[';
  const parts = rows.map((row) => ({
    id: row.ticket_id,
    text: `${withoutEnd(JSON.stringify(row))},"actions":`,
    actions: actionsText(role, row.state),
  }));
  // Each row has a brace behind it, and a comma or the list's bracket.
  const size = parts.reduce(
    (sum, { text, actions }) => sum + Buffer.byteLength(text) + actions.length + 2,
    opening.length,
  );
  const target = Buffer.allocUnsafe(size + (rows.length === 0 ? 1 : 0));
  let at = target.write(opening);
  for (const { id, text, actions } of parts) {
    at += target.write(text, at);
    at = actions.write(target, at, id);
    at += target.write("},", at);
  }
  target.write("]", target.length - 1);
  return target;
}

/** The answer as text. */
export const cockpitText = ({ before, after }: CockpitFrame, queue: readonly Buffer[]): JsonText =>
  new JsonText([
    Buffer.from(`${withoutEnd(JSON.stringify(before))},`),
    ...queue,
    Buffer.from(`,${JSON.stringify(after).slice(1)}`),
  ]);

const withoutEnd = (object: string): string => object.slice(0, -1);
