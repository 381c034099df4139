// Hands out a task: it waits for the broker, is held back, or goes to somebody whom a person chose.

import type { AccountId, SiteId, TaskId, TicketId } from "../contract/ids.ts";
import { urgencyOf } from "../contract/task-states.ts";
import { statement } from "../db/statement.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { requireScope } from "../kernel/authorize.ts";
import { parseCapabilities } from "../workforce/capabilities.ts";
import { awaitTaker, placeWith, takerNamed } from "./places.ts";
import { taskCreation } from "./task-command.ts";

/** Tasks above a task, its own parent included. */
export const deepestTask = 10;
type Place = { readonly account_id: AccountId | null; readonly site_id: SiteId | null };
/** A change takes longer than work at a desk. */
const changeTimeoutMs = 3_600_000;

const selectParent = statement<Place & { depth: number }>(
  "task_parent_depth",
  `WITH RECURSIVE above AS (
     SELECT id, parent_id, 1 AS depth FROM tasks WHERE id = $1
     UNION ALL
     SELECT t.id, t.parent_id, above.depth + 1 FROM tasks t JOIN above ON t.id = above.parent_id WHERE above.depth <= ${deepestTask}
   )
   SELECT account_id, site_id, (SELECT max(depth) FROM above)::integer AS depth FROM tasks WHERE id = $1`,
);
const selectTicketPlace = statement<{ id: TicketId; account_id: AccountId; site_id: SiteId }>(
  "task_ticket_place",
  `SELECT id, account_id, site_id FROM tickets WHERE id = $1`,
);

export const taskCreate = taskCreation({
  name: "task.create",
  claims: takerNamed,
  async load(tx, { input, clockTime, desk }) {
    const [parent, ticket, taker] = await Promise.all([
      input.parent_id === undefined ? null : tx.row(selectParent, [input.parent_id]),
      input.ticket_id === undefined ? null : tx.row(selectTicketPlace, [input.ticket_id]),
      input.assignee === undefined ? null : awaitTaker(tx, input.assignee, { now: clockTime, rules: desk.policy }),
    ]);
    return { parent, ticket, taker };
  },
  decide({ input, actor, clockTime, desk }, { parent, ticket, taker }) {
    requireParent(input.parent_id, parent?.depth);
    if (parent && parent.account_id !== null)
      requireScope(actor, { account_id: parent.account_id, site_id: parent.site_id });
    if (input.ticket_id !== undefined && !ticket) throw new Refusal("TICKET_NOT_FOUND", { ticket_id: input.ticket_id });
    if (ticket) requireScope(actor, ticket);
    const { kind = "desk", assignee, hold = false } = input;
    if (assignee !== undefined && actor.role !== "dispatcher" && actor.role !== "admin")
      throw new Refusal(
        "FORBIDDEN",
        { actor_role: actor.role, allowed_roles: ["dispatcher", "admin"], field: "assignee" },
        {
          message:
            "Only a dispatcher or an admin chooses who does it: leave assignee out, and the broker finds somebody.",
        },
      );
    if (assignee !== undefined && hold)
      throw invalidField(
        "hold",
        "excludes",
        "must be absent or false with assignee: whoever is to do it now is not kept waiting",
      );
    const capabilities = parseCapabilities(input.required_capabilities ?? []);
    const wanted = {
      priority: input.priority === undefined ? 3 : urgencyOf(input.priority),
      required_capabilities: capabilities.length > 0 ? capabilities : [input.scope],
    };
    const held =
      assignee !== undefined
        ? placeWith(assignee, taker, wanted, Date.parse(clockTime), input.override_reason !== undefined)
        : null;
    const state = held ? "assigned" : hold ? "unassigned" : "pending";
    const usual = kind === "change" ? changeTimeoutMs : desk.settings.defaultTimeoutMs;
    const { title, scope } = input;
    const said = { title, scope, kind, ...wanted, requester: actor.id, ticket_id: ticket?.id ?? null };
    return {
      state,
      create: {
        kind,
        title,
        scope,
        description: input.description ?? null,
        context: input.context ?? null,
        ...wanted,
        requester: actor.id,
        timeout_ms: input.timeout_ms || usual,
        max_retries: input.max_retries ?? 1,
        parent_id: input.parent_id ?? null,
        ticket_id: ticket?.id ?? null,
        account_id: ticket?.account_id ?? null,
        site_id: ticket?.site_id ?? null,
        review_required: kind === "change" || (input.review_required ?? false),
        held,
      },
      payload: { ...said, ...(held && { assignee: held.assignee }), ...overriding(input.override_reason) },
      told: [
        { event: "created", data: { ...said, status: state } },
        ...(held
          ? [
              {
                event: "assigned",
                data: { assignee: held.assignee, chosen_by: actor.id, ...overriding(input.override_reason) },
              },
            ]
          : []),
      ],
      body: (body) => body,
    };
  },
});

/** Why somebody gets more than they can do at once: a decision of who chose them, for the audit trail and whoever hears of it. */
export const overriding = (reason: string | undefined) => (reason === undefined ? {} : { override_reason: reason });

/** @throws Refusal TASK_NOT_FOUND; INVALID_REQUEST where there are too many above it */
function requireParent(parentId: TaskId | undefined, depth: number | undefined): void {
  if (parentId === undefined) return;
  if (depth === undefined) throw new Refusal("TASK_NOT_FOUND", { task_id: parentId, field: "parent_id" });
  if (depth > deepestTask)
    throw invalidField(
      "parent_id",
      "depth",
      `has ${deepestTask} tasks above it already, the most there may be; name one nearer the top`,
    );
}
