// A route for every tool of the contract. Each does its checks in the contract's order; the checks themselves, and
// everything behind them, are the kernel's.

import {
  commandEntries,
  queryEntries,
  type CommandEntry,
  type CommandName,
  type QueryEntry,
  type QueryName,
} from "../contract/index.ts";
import { answerQuery, type QueryHandlers } from "../kernel/answer-query.ts";
import { requireRole, requireTool } from "../kernel/authorize.ts";
import type { CommandHandlers } from "../kernel/command.ts";
import type { Desk } from "../kernel/desk.ts";
import type { Answer } from "../kernel/command-call.ts";
import { execute } from "../kernel/execute.ts";
import { JsonText, parseBody, type JsonObject } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Validators } from "../kernel/validate.ts";
import type { Credentials } from "./credentials.ts";
import { type Exchange, isUuid } from "./exchange.ts";
import { parameterReader } from "./query-string.ts";
import type { RateLimit } from "./rate-limit.ts";
import { readBody } from "./read-body.ts";
import type { Handler, RouteEntry } from "./routes.ts";

export type Handlers = { readonly commands: CommandHandlers; readonly queries: QueryHandlers };

export type ToolParts = {
  readonly desk: Desk;
  readonly handlers: Handlers;
  readonly validators: Validators;
  readonly credentials: Credentials;
  readonly rateLimit: RateLimit;
  /** Told about every command that was answered. */
  readonly onAnswer: (name: CommandName, answer: Answer, body: JsonObject) => void;
};

const replayed = ["idempotency-replayed", "true"];

/** The routes of all commands and queries. */
export function toolRoutes(parts: ToolParts): RouteEntry[] {
  return [
    ...commandEntries.map(([name, entry]) => ({
      method: entry.method,
      path: entry.path,
      handler: commandRoute(parts, name, entry),
    })),
    ...queryEntries.map(([name, entry]) => ({
      method: entry.method,
      path: entry.path,
      handler: queryRoute(parts, name, entry),
    })),
  ];
}

function commandRoute(parts: ToolParts, name: CommandName, entry: CommandEntry): Handler {
  const { desk, validators, credentials, rateLimit, onAnswer } = parts;
  const kernel = { desk, handlers: parts.handlers.commands, validators };
  const names = idNamedIn(entry.path);
  return async (exchange, id) => {
    exchange.tool = name;
    const named = id === "" ? null : id.toLowerCase();
    const ticketId = (exchange.ticketId = names === "ticketId" ? named : null);
    const technicianId = names === "technicianId" ? named : null;
    const planId = names === "planId" ? named : null;
    const body = parseBody(await readBody(exchange.request, desk.settings.requestTimeoutMs));
    const requestId = requireIdempotencyKey(exchange);
    const actor = (exchange.actor = await credentials.actorOf(exchange.request.headers, entry.roles));
    rateLimit.take(actor);
    requireRole(actor, entry);
    requireTool(toolHeader(exchange), name, entry.path);
    // With the id in lower case, so that a ticket has one path and a retry one fingerprint.
    const path = exchange.path.toLowerCase();
    const answer = await execute(kernel, {
      name,
      path,
      ticketId,
      technicianId,
      planId,
      body,
      requestId,
      actor,
      trace: exchange.trace,
    });
    exchange.ticketId = answer.ticketId;
    exchange.replayed = answer.replayed;
    onAnswer(name, answer, body);
    exchange.json(answer.status, answer.body, answer.replayed ? replayed : []);
  };
}

function queryRoute(parts: ToolParts, name: QueryName, entry: QueryEntry): Handler {
  const { desk, validators, credentials } = parts;
  const reader = { desk, handlers: parts.handlers.queries, validators };
  const parametersFrom = parameterReader(entry);
  const names = idNamedIn(entry.path);
  return async (exchange, id) => {
    exchange.tool = name;
    const actor = (exchange.actor = await credentials.actorOf(exchange.request.headers, entry.roles));
    requireRole(actor, entry);
    requireTool(toolHeader(exchange), name, entry.path);
    const known = id === "" ? null : requireUuid(id, names);
    const ticketId = (exchange.ticketId = names === "ticketId" ? known : null);
    const receiptId = names === "receiptId" ? known : null;
    const planId = names === "planId" ? known : null;
    const parameters = parametersFrom(exchange.query);
    const { body } = await answerQuery(reader, { name, ticketId, receiptId, planId, parameters, actor });
    if (body instanceof JsonText) exchange.jsonText(200, body);
    else exchange.json(200, JSON.stringify(body));
  };
}

/** @throws Refusal MISSING_IDEMPOTENCY_KEY, INVALID_IDEMPOTENCY_KEY */
function requireIdempotencyKey(exchange: Exchange): string {
  if (exchange.requestId !== null) return exchange.requestId;
  throw new Refusal(
    exchange.request.headers["idempotency-key"] ? "INVALID_IDEMPOTENCY_KEY" : "MISSING_IDEMPOTENCY_KEY",
  );
}

function toolHeader(exchange: Exchange): string | undefined {
  const sent = exchange.request.headers["x-tool-name"];
  return typeof sent === "string" && sent !== "" ? sent : undefined;
}

const ids = ["ticketId", "technicianId", "receiptId", "planId"] as const;
type IdName = (typeof ids)[number];

/** Which id a path holds; null where it holds none. */
const idNamedIn = (path: string): IdName | null => ids.find((name) => path.includes(`{${name}}`)) ?? null;

/** @throws Refusal INVALID_TICKET_ID; of a receipt or a plan that cannot exist nothing can be said but that it does not */
function requireUuid(id: string, names: IdName | null): string {
  if (isUuid(id)) return id.toLowerCase();
  const given = id.slice(0, 100);
  if (names === "receiptId") throw new Refusal("RECEIPT_NOT_FOUND", { receipt_id: given });
  if (names === "planId") throw new Refusal("PLAN_NOT_FOUND", { plan_id: given });
  throw new Refusal("INVALID_TICKET_ID");
}
