// A command's case: what the tests that go through all commands must know of it, said once. What the contract says is written
// down a second time here, from the document and not from dispatch/contract, so that an entry copied wrongly there does not
// prove itself right; the rest is what only a test can know.

import type { commands, CommandName } from "../../../dispatch/contract/index.ts";
import type { JsonObject } from "../../../dispatch/kernel/json.ts";
import type { CallOptions, TestApi } from "../../support/api.ts";
import type { TaskPlan } from "../../support/task-builder.ts";
import type { BuiltTicket, Plan } from "../../support/ticket-builder.ts";
import type { AnyStateName, RequestStateName, RoleName, StateName, TaskStateName } from "../roles-and-states.ts";

/** What the document says. */
export type CommandFacts = {
  readonly path: string;
  readonly roles: readonly RoleName[];
  /** POST where nothing else is said. */
  readonly method?: "PATCH";
  /** Empty where there is no ticket or task yet, or none at all. */
  readonly from: readonly AnyStateName[];
  /** Empty where the state stays as it is, or the body says where it goes. */
  readonly to: readonly AnyStateName[];
  readonly status: 200 | 201 | 202;
  /** The code of a wrong state, where it is not INVALID_STATE_TRANSITION. */
  readonly wrongState?: "SCHEDULE_HOLD_STATE_CONFLICT";
  /** The ticket itself stays as it is: only an audit row is written. */
  readonly auditOnly?: true;
};

/** For the request fields' test: bodies that are good, and single changes that make one bad. */
export type Rules = {
  /** The first is changed by `bad`; all must be accepted. */
  readonly good: readonly [object, ...object[]];
  /** With the field that is then at fault. */
  readonly bad: readonly (readonly [change: object, field: string])[];
  /** How far good ones get where nothing is arranged, if that is not what the path names. */
  readonly until?: "ROOM_NOT_FOUND" | "EVENT_NOT_FOUND";
};

/** For the matrix: what a command looks like when it is to be obeyed from a state, and where it then leads. */
export type Obeyed = {
  /** Tells the ways a command can be obeyed from one state apart. */
  readonly way?: string;
  /** For whom this is the way, where not for every role of the command. */
  readonly roles?: readonly RoleName[];
  /** How the ticket it is given on was built. */
  readonly plan?: Plan;
  readonly arrange?: (api: TestApi, ticket: BuiltTicket) => Promise<unknown>;
  readonly body: (api: TestApi, ticket: BuiltTicket) => object;
  /** The states passed through, the last one included; empty when the state stays. */
  readonly path: readonly StateName[];
};

/** The ids in a path of the directory's, a worker's or a room's. */
export type DirectoryIds = Pick<
  CallOptions,
  "account" | "site" | "contact" | "asset" | "worker" | "room" | "approvalRequest"
>;
type Question = (
  b: WorldOfB,
) => Pick<CallOptions, "as" | "actor" | "body" | "query" | "technician" | "task"> & DirectoryIds;

/** For the tenancy's test: how a tool of which no ticket is named in the path keeps one customer's things from another. */
export type Scoping =
  /** About the plan, receipt or invoice in the path, or ids in the body: refused, FORBIDDEN_SCOPE. */
  | { readonly by: "plan" | "receipt" | "invoice" }
  | { readonly by: "named"; readonly send: Question }
  /** Lists: what is not the caller's is left out, and the same question of B's people shows it. */
  | { readonly by: "rows"; readonly ask: Question }
  /** Belongs to the desk as a whole, and why that tells nobody of a customer. */
  | { readonly by: "desk"; readonly reason: string; readonly ask: Question };

/** What is B's, asked for by somebody of A's. */
export type WorldOfB = {
  readonly tickets: readonly string[];
  readonly planId: string;
  readonly receiptId: string;
  readonly invoiceId: string;
  readonly approvalId: string;
  readonly snapshotId: string;
  readonly contactId: string;
  /** About one of the tickets. */
  readonly taskId: string;
  /** A worker of the desk's, who sleeps. */
  readonly worker: string;
  /** A room of the desk's by name, in which somebody works for B, and who. */
  readonly room: string;
  readonly roomWorker: string;
  /** A request that a person allows a model to cancel one of the tickets. */
  readonly approvalRequest: string;
  /** What was said there of no customer's. */
  readonly spareEventId: string;
  /** Every id of B's that an answer could hold. */
  readonly ids: ReadonlySet<string>;
  readonly clock: TestApi["clock"];
};

/** On a ticket that is there: whoever may not see it is refused (FORBIDDEN_SCOPE). */
export type TicketCase = CommandFacts & {
  readonly fields: Rules;
  /** Every way in which it can be obeyed from a state it allows. */
  readonly obeyed: (from: StateName) => readonly Obeyed[];
  readonly scope?: never;
};

/** For the tasks' matrix: as Obeyed is for a ticket's. */
export type ObeyedTask = {
  readonly way: string;
  readonly roles?: readonly RoleName[];
  readonly plan?: TaskPlan;
  readonly arrange?: (api: TestApi) => Promise<unknown>;
  readonly body: object;
  /** Empty when the state stays. */
  readonly path: readonly TaskStateName[];
};

/** On a task that is there: whoever may not see the ticket it is about is refused (FORBIDDEN_SCOPE). */
export type TaskCase = CommandFacts & {
  readonly fields: Rules;
  /** Every way in which it can be obeyed from a state it allows. */
  readonly onTask: (from: TaskStateName) => readonly ObeyedTask[];
  readonly scope: Scoping;
};

/** On the desk, a technician, a plan or a worker, or on a ticket or task it opens. */
export type DeskCase = CommandFacts & {
  readonly fields: Rules;
  /** With which it is obeyed, again and again. */
  readonly body: (role: RoleName) => object;
  /** For the matrix: what it is given on, and what its body says beside `body`, made for each time. `by` is who gives it. */
  readonly arrange?: (api: TestApi, by: string) => Promise<DirectoryIds & { readonly body?: object }>;
  /** Where it leads from the one state that it starts from, where it is on something that is no ticket and no task. */
  readonly leadsTo?: RequestStateName;
  /** The audit rows it writes beside its own on what has changed in step. */
  readonly eventsBeside?: number;
  /** Members of the answer that a repetition has as null. */
  readonly shownOnce?: readonly string[];
  /** What a chat says instead, where the plugin has names to look up or the contract's example is to be tried. */
  readonly inChat?: JsonObject;
  readonly scope: Scoping;
};

type With<Id extends string> = `${string}{${Id}}${string}`;
type CaseOf<N extends CommandName> =
  (typeof commands)[N]["path"] extends With<"ticketId">
    ? TicketCase
    : (typeof commands)[N]["path"] extends With<"taskId">
      ? TaskCase
      : DeskCase;

/** A command of the contract without its case, or with one of the other kind, does not compile. */
export type CasesFor<N extends CommandName> = { readonly [K in N]: CaseOf<K> };

/** The one way there is, from whichever state. */
export const one =
  (body: Obeyed["body"], ...path: StateName[]) =>
  (): Obeyed[] => [{ body, path }];
