// Runs a tool of the contract for a request, with the checks in the contract's order. The checks themselves, and
// everything behind them, are the kernel's.

import type { CommandEntry, QueryEntry, CommandName, QueryName } from "../contract/index.ts";
import { queryEntries } from "../contract/index.ts";
import { answerQuery, type QueryHandlers } from "../kernel/answer-query.ts";
import { requireRole, requireTool } from "../kernel/authorize.ts";
import type { CommandHandlers } from "../kernel/command.ts";
import type { Desk } from "../kernel/desk.ts";
import { execute, type Answer } from "../kernel/execute.ts";
import { parseBody } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Validators } from "../kernel/validate.ts";
import type { Credentials } from "./credentials.ts";
import { type Exchange, isUuid } from "./exchange.ts";
import { parameterReader } from "./query-string.ts";
import type { RateLimit } from "./rate-limit.ts";
import { readBody } from "./read-body.ts";

export type Handlers = { readonly commands: CommandHandlers; readonly queries: QueryHandlers };

export type ToolRunner = {
  runCommand(exchange: Exchange, name: CommandName, entry: CommandEntry, id: string | null): Promise<void>;
  runQuery(exchange: Exchange, name: QueryName, entry: QueryEntry, id: string | null): Promise<void>;
};

export type ToolRunnerParts = {
  readonly desk: Desk;
  readonly handlers: Handlers;
  readonly validators: Validators;
  readonly credentials: Credentials;
  readonly rateLimit: RateLimit;
  /** Told about every command that took effect. */
  readonly onEffect: (name: CommandName, answer: Answer) => void;
};

const replayed = ["idempotency-replayed", "true"];
const parameterReaders = new Map(queryEntries.map(([name, entry]) => [name, parameterReader(entry)]));

export function toolRunner(parts: ToolRunnerParts): ToolRunner {
  const { desk, handlers, validators, credentials, rateLimit, onEffect } = parts;
  const kernel = { desk, handlers: handlers.commands, validators };
  const reader = { desk, handlers: handlers.queries, validators };

  const runCommand: ToolRunner["runCommand"] = async (exchange, name, entry, id) => {
    const { headers } = exchange.request;
    const ticketId = (exchange.ticketId = id === null ? null : id.toLowerCase());
    const body = parseBody(await readBody(exchange.request));
    const requestId = requireIdempotencyKey(exchange);
    const actor = (exchange.actor = await credentials.actorOf(headers, entry.roles));
    rateLimit.take(actor);
    requireRole(actor, entry);
    requireTool(toolHeader(exchange), name, entry.path);
    // With the id in lower case, so that one ticket has one path and a retry one fingerprint.
    const path = exchange.path.toLowerCase();
    const answer = await execute(kernel, { name, path, ticketId, body, requestId, actor, trace: exchange.trace });
    exchange.ticketId = answer.ticketId;
    exchange.replayed = answer.replayed;
    onEffect(name, answer);
    exchange.json(answer.status, answer.body, answer.replayed ? replayed : []);
  };

  const runQuery: ToolRunner["runQuery"] = async (exchange, name, entry, id) => {
    const actor = (exchange.actor = await credentials.actorOf(exchange.request.headers, entry.roles));
    requireRole(actor, entry);
    requireTool(toolHeader(exchange), name, entry.path);
    const ids = idsOf(entry, id);
    exchange.ticketId = ids.ticketId;
    const parameters = parameterReaders.get(name)?.(exchange.query) ?? {};
    const { body } = await answerQuery(reader, { name, ...ids, parameters, actor });
    exchange.json(200, JSON.stringify(body));
  };

  return { runCommand, runQuery };
}

/** @throws Refusal MISSING_IDEMPOTENCY_KEY, INVALID_IDEMPOTENCY_KEY */
function requireIdempotencyKey(exchange: Exchange): string {
  if (exchange.requestId !== null) return exchange.requestId;
  throw new Refusal(exchange.request.headers["idempotency-key"] ? "INVALID_IDEMPOTENCY_KEY" : "MISSING_IDEMPOTENCY_KEY");
}

function toolHeader(exchange: Exchange): string | undefined {
  const sent = exchange.request.headers["x-tool-name"];
  return typeof sent === "string" && sent !== "" ? sent : undefined;
}

/** @throws Refusal INVALID_TICKET_ID, RECEIPT_NOT_FOUND for what is no uuid */
function idsOf(entry: QueryEntry, id: string | null): { ticketId: string | null; receiptId: string | null } {
  if (id === null) return { ticketId: null, receiptId: null };
  const isReceipt = entry.path.includes("{receiptId}");
  if (!isUuid(id)) {
    throw isReceipt ? new Refusal("RECEIPT_NOT_FOUND", { receipt_id: id.slice(0, 100) }) : new Refusal("INVALID_TICKET_ID");
  }
  return isReceipt ? { ticketId: null, receiptId: id.toLowerCase() } : { ticketId: id.toLowerCase(), receiptId: null };
}
