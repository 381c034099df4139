// The contract: every command and query of Dispatch by its canonical name. API, plugin, OpenAPI, docs and tests
// read this one registry; what it does not list cannot be called.

import type { Static } from "./fields.ts";
import type * as shapes from "./entry.ts";
import type { IdInPath } from "./ids.ts";
import {
  approvalRequestCommands,
  approvalRequestInternalCommands,
  approvalRequestQueries,
} from "./approval-request-commands.ts";
import { correctionCommands } from "./correction-commands.ts";
import { directoryCommands, directoryQueries } from "./directory-commands.ts";
import { importCommands } from "./import-commands.ts";
import { queries as fieldQueries } from "./queries.ts";
import { internalCommands } from "./internal-commands.ts";
import { moneyCommands, moneyQueries } from "./money-commands.ts";
import { planCommands, planQueries } from "./plan-commands.ts";
import { roomCommands, roomQueries } from "./room-commands.ts";
import { roomInternalCommands } from "./room-internal.ts";
import { rosterCommands, rosterQueries } from "./roster-commands.ts";
import { taskCommands, taskQueries } from "./task-commands.ts";
import { taskInternalCommands } from "./task-internal.ts";
import { workerCommands, workerQueries } from "./worker-commands.ts";
import { technicianCommands, technicianQueries } from "./technician-tools.ts";
import { ticketCommands } from "./ticket-commands.ts";
import { assignmentCommands } from "./assignment-commands.ts";
import { scheduleCommands } from "./schedule-commands.ts";
import { visitCommands } from "./visit-commands.ts";

export const commands = {
  ...ticketCommands,
  ...scheduleCommands,
  ...assignmentCommands,
  ...visitCommands,
  ...correctionCommands,
  ...moneyCommands,
  ...rosterCommands,
  ...technicianCommands,
  ...planCommands,
  ...directoryCommands,
  ...importCommands,
  ...taskCommands,
  ...workerCommands,
  ...roomCommands,
  ...approvalRequestCommands,
};
export const queries = {
  ...fieldQueries,
  ...technicianQueries,
  ...moneyQueries,
  ...rosterQueries,
  ...planQueries,
  ...directoryQueries,
  ...taskQueries,
  ...workerQueries,
  ...roomQueries,
  ...approvalRequestQueries,
};

/** What only the desk itself does. */
const insideCommands = {
  ...internalCommands,
  ...taskInternalCommands,
  ...roomInternalCommands,
  ...approvalRequestInternalCommands,
};

/** The tools, and what only the desk itself does: all that the pipeline can run. No client reaches what is not a tool. */
export const pipelineCommands = { ...commands, ...insideCommands };

export type CommandName = keyof typeof commands;
export type PipelineName = keyof typeof pipelineCommands;
export type QueryName = keyof typeof queries;
export type ToolName = CommandName | QueryName;
export type CommandEntry = shapes.CommandEntry<ToolName>;
export type QueryEntry = shapes.QueryEntry<ToolName>;
export type Entry = CommandEntry | QueryEntry;

// Looked up in a table and not computed anew for each N: comparing two such types is then comparing two names.
type Inputs = { readonly [N in PipelineName]: Static<(typeof pipelineCommands)[N]["input"]> };
type Bodies = { readonly [N in PipelineName]: Static<(typeof pipelineCommands)[N]["output"]> };
type QueryInputs = { readonly [N in QueryName]: Static<(typeof queries)[N]["input"]> };
type PathIds<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [N in Name]: IdInPath<N> } & PathIds<Rest>
  : unknown;
type CommandIds = { readonly [N in PipelineName]: PathIds<(typeof pipelineCommands)[N]["path"]> };
type QueryIds = { readonly [N in QueryName]: PathIds<(typeof queries)[N]["path"]> };
type QueryBodies = { readonly [N in QueryName]: Static<(typeof queries)[N]["output"]> };
export type InputOf<N extends PipelineName> = Inputs[N];
export type BodyOf<N extends PipelineName> = Bodies[N];
/** The ids in a command's path, by the names the path gives them. */
export type IdsOf<N extends PipelineName> = CommandIds[N];
export type QueryIdsOf<N extends QueryName> = QueryIds[N];
export type QueryInputOf<N extends QueryName> = QueryInputs[N];
export type QueryBodyOf<N extends QueryName> = QueryBodies[N];

/** A registry that the kernel and the API can run: this house's, or one that a test puts together. */
export type Contract = {
  readonly commands: Readonly<Record<string, shapes.CommandEntry>>;
  /** What no client reaches. */
  readonly internalCommands: Readonly<Record<string, shapes.CommandEntry>>;
  readonly queries: Readonly<Record<string, shapes.QueryEntry>>;
};
export const contract: Contract = { commands, internalCommands: insideCommands, queries };

/** Every command with its name, in the contract's order. */
export const commandEntries = entriesOf<CommandName, CommandEntry>(commands);
/** As commandEntries, with the worker's own behind them. */
export const pipelineEntries = entriesOf<PipelineName, CommandEntry>(pipelineCommands);
/** Every query with its name, in the contract's order. */
export const queryEntries = entriesOf<QueryName, QueryEntry>(queries);
/** Every tool with its name: commands first. */
export const toolEntries: readonly (readonly [ToolName, Entry])[] = [...commandEntries, ...queryEntries];

/** The tools of any registry with their names: commands first. */
export const toolsOf = ({ commands: all, queries: reads }: Contract): readonly (readonly [string, AnyEntry])[] => [
  ...Object.entries(all),
  ...Object.entries(reads),
];
export type AnyEntry = shapes.CommandEntry | shapes.QueryEntry;

/** The name a chat model calls a tool by: dots become underscores. */
export const chatName = (tool: string): string => tool.replaceAll(".", "_");

const idInPath = /\{(\w+)\}/g;

/** The names of the ids in a path, in their order. */
export const idsIn = (path: string): string[] => [...path.matchAll(idInPath)].map(([, name = ""]) => name);

/** A path with its ids put in. */
export const pathWith = (path: string, ids: Readonly<Record<string, string>>): string =>
  path.replace(idInPath, (_, name: string) => encodeURIComponent(ids[name] ?? ""));

function entriesOf<N extends string, E>(registry: { readonly [K in N]: E }): readonly (readonly [N, E])[] {
  return (Object.keys(registry) as N[]).map((name) => [name, registry[name]] as const);
}

export { idKindOf, type Effect, type IdKind } from "./entry.ts";
