// A route for every tool of the contract. Each does its checks in the contract's order; the checks themselves, and
// everything behind them, are the kernel's.

import type { CommandEntry, QueryEntry } from "../contract/entry.ts";
import type { ErrorCode } from "../contract/errors.ts";
import { idKindOf, pathWith, type Contract } from "../contract/index.ts";
import { executeForCaller } from "../approval-requests/ask.ts";
import { answerQuery, type QueryHandlers } from "../kernel/answer-query.ts";
import { requireRole, requireTool } from "../kernel/authorize.ts";
import type { CommandHandlers } from "../kernel/command.ts";
import type { Desk } from "../kernel/desk.ts";
import type { Answer } from "../kernel/command-call.ts";
import { FileAnswer, StreamedAnswer } from "../kernel/file-answer.ts";
import { readingRefusal } from "../kernel/failure.ts";
import { ListAnswer } from "../kernel/list-answer.ts";
import { JsonText, parseBody, type JsonObject } from "../kernel/json.ts";
import { openKernel, type Kernel } from "../kernel/kernel.ts";
import { Refusal } from "../kernel/refusal.ts";
import { Shares } from "../kernel/shares.ts";
import { compileValidators } from "../kernel/validate.ts";
import { asksForJson } from "./accept.ts";
import { isAgentSurface, type AgentCredentials } from "./agent-credentials.ts";
import { agentRoutes } from "./agent-routes.ts";
import { claimsRoute } from "./claims-route.ts";
import { webhookRoutes } from "./webhook-routes.ts";
import { BodyReader } from "./body-reader.ts";
import type { Credentials } from "./credentials.ts";
import type { Exchange } from "./exchange.ts";
import type { Metrics } from "./metrics.ts";
import type { News } from "./news.ts";
import { keyIfAny, requireIdempotencyKey } from "./idempotency-key.ts";
import { parameterReader } from "./query-string.ts";
import type { RateLimit } from "./rate-limit.ts";
import { sendFile, sendStreamed } from "./send-file.ts";
import { isIdOf, type Handler, type PathIds, type RouteEntry } from "./routes.ts";
import { roomRoutes } from "./room-routes.ts";
import { withRoomId } from "./room-names.ts";
import { withTicketIds } from "./ticket-numbers.ts";

export type Handlers = { readonly commands: CommandHandlers; readonly queries: QueryHandlers };

export type ToolParts = {
  readonly desk: Desk;
  readonly contract: Contract;
  readonly handlers: Handlers;
  readonly credentials: Credentials;
  /** Whose credentials count under /api/v1. */
  readonly agents: AgentCredentials;
  readonly rateLimit: RateLimit;
  /** Tells whoever waits that something was committed. */
  readonly news: News;
  /** Told about every command that was answered. */
  readonly onAnswer: (name: string, answer: Answer, body: JsonObject) => void;
  readonly onClaims: Metrics["claims"];
};

/** Files that are being sent, each with a megabyte in memory, to whoever takes their time. A browser asks for six at once. */
const fileLimits = { most: 48, each: 8 };

const replayed = ["idempotency-replayed", "true"];

/** The routes of all commands and queries. */
export function toolRoutes(parts: ToolParts): RouteEntry[] {
  const { desk, contract, handlers } = parts;
  const kernel = openKernel(desk, handlers.commands, contract);
  const bodies = new BodyReader(desk.settings.requestTimeoutMs);
  const commandParts = { ...parts, bodies };
  const route = (entry: CommandEntry | QueryEntry, handler: Handler): RouteEntry => {
    const { method, path, ids } = entry;
    return { method, path, handler, ...(ids && { ids }) };
  };
  return [
    ...Object.entries(contract.commands).map(([name, entry]) =>
      route(entry, commandRoute(commandParts, kernel, name, entry)),
    ),
    ...Object.entries(contract.queries).map(([name, entry]) => route(entry, queryRoute(parts, name, entry))),
    ...(contract.internalCommands["worker.report"] ? agentRoutes({ desk, kernel, agents: parts.agents, bodies }) : []),
    ...(contract.internalCommands["push.ack"]
      ? roomRoutes({ desk, kernel, agents: parts.agents, bodies, news: parts.news })
      : []),
    ...webhookRoutes({ desk, agents: parts.agents, bodies }),
    claimsRoute({ desk, credentials: parts.credentials, bodies, onClaims: parts.onClaims }),
  ];
}

function commandRoute(
  parts: ToolParts & { readonly bodies: BodyReader },
  kernel: Kernel,
  name: string,
  entry: CommandEntry,
): Handler {
  const { desk, bodies, rateLimit, onAnswer } = parts;
  const ofAgents = isAgentSurface(entry.path);
  const idIn = kernel.commands.get(name)?.handler.aggregate.idIn ?? null;
  return async (exchange, sent) => {
    exchange.tool = name;
    exchange.about = aboutIn(entry.aggregate, idIn, inLowerCase(sent));
    // Before the body, since a stranger's is not read; told of in the contract's order, behind the body and the key.
    const caller = await settled(callerOf(parts, exchange, entry));
    const bytes = caller.failed
      ? await bodies.readFromStranger(exchange, caller.error)
      : await bodies.read(exchange, caller.value.id);
    const raw = parseBody(bytes);
    const requestId = ofAgents ? keyIfAny(exchange) : requireIdempotencyKey(exchange);
    if (caller.failed) throw caller.error;
    const actor = (exchange.actor = caller.value);
    if (!ofAgents && actor.type !== "SERVICE") rateLimit.take(actor.id);
    requireRole(actor, entry);
    requireTool(toolHeader(exchange), name, entry.path);
    // With the ids in lower case and for numbers, so that one thing has one path and a retry one fingerprint.
    const given = await withRoomId(desk.db, entry, inLowerCase(sent));
    const { ids, fields: body } = await withTicketIds(desk.db, actor, entry, { ids: given, fields: raw });
    exchange.about = aboutIn(entry.aggregate, idIn, ids);
    const path = pathWith(entry.path, ids);
    const askOnly = asksOnly(exchange);
    const call = { name, path, ids, body, requestId, actor, trace: exchange.trace, ...(askOnly && { askOnly }) };
    const answer = await executeForCaller(kernel, call, (done) => onAnswer(done.name, done.answer, done.body));
    exchange.about = { aggregate: answer.aggregate, id: answer.aggregateId };
    exchange.replayed = answer.replayed;
    onAnswer(name, answer, body);
    exchange.json(answer.status, answer.status === 204 ? "" : answer.body, answer.replayed ? replayed : []);
  };
}

/** The caller by the credentials that count at a path. */
const callerOf = (
  { credentials, agents }: Pick<ToolParts, "credentials" | "agents">,
  exchange: Exchange,
  { path, roles }: Pick<CommandEntry, "path" | "roles">,
) => (isAgentSurface(path) ? agents.callerOf(exchange, roles) : credentials.actorOf(exchange.request.headers, roles));

function queryRoute(parts: ToolParts, name: string, entry: QueryEntry): Handler {
  const { desk, contract, handlers } = parts;
  const query = handlers.queries[name];
  const validate = compileValidators(desk.policy.unknownFields, contract).queries[name];
  if (!query || !validate) throw new Error(`${name} is in the contract and has no handler`);
  const parametersFrom = parameterReader(entry);
  const files = new Shares(fileLimits);
  const { idIn, aggregate } =
    query.on === "row"
      ? { idIn: query.aggregate.idIn, aggregate: query.aggregate.name }
      : { idIn: null, aggregate: "" };
  return async (exchange, sent) => {
    exchange.tool = name;
    const actor = (exchange.actor = await callerOf(parts, exchange, entry));
    requireRole(actor, entry);
    requireTool(toolHeader(exchange), name, entry.path);
    requireIds(entry, sent);
    exchange.about = aboutIn(aggregate, idIn, inLowerCase(sent));
    const { ids, fields: parameters } = await withTicketIds(desk.db, actor, entry, {
      ids: await withRoomId(desk.db, entry, inLowerCase(sent)),
      fields: parametersFrom(exchange.query),
    });
    exchange.about = aboutIn(aggregate, idIn, ids);
    const body = await answerQuery(desk, { query, validate, ids, parameters, actor });
    if (body instanceof FileAnswer || body instanceof StreamedAnswer) {
      if (asksForJson(exchange.request.headers.accept))
        return exchange.json(200, JSON.stringify(await factsOf(body)), ["vary", "accept"]);
      return files.during(actor.id, "files", 1, () =>
        body instanceof FileAnswer ? sendFile(exchange, body.file()) : sendStreamed(exchange, body.file()),
      );
    }
    if (body instanceof JsonText) exchange.jsonText(200, body);
    else if (body instanceof ListAnswer)
      exchange.json(200, JSON.stringify(body.items), body.next === null ? [] : ["x-next-cursor", body.next]);
    else exchange.json(200, JSON.stringify(body));
  };
}

const factsOf = (answer: FileAnswer | StreamedAnswer): Promise<object> =>
  answer instanceof FileAnswer
    ? Promise.resolve(answer.facts)
    : answer.facts().catch((error: unknown) => {
        throw readingRefusal(error);
      });

type Settled<T> = { readonly failed: false; readonly value: T } | { readonly failed: true; readonly error: unknown };

const settled = <T>(work: Promise<T>): Promise<Settled<T>> =>
  work.then(
    (value) => ({ failed: false, value }),
    (error: unknown) => ({ failed: true, error }),
  );

const inLowerCase = (ids: PathIds): PathIds =>
  Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, id.toLowerCase()]));

function aboutIn(aggregate: string, idIn: string | null, ids: PathIds): Exchange["about"] {
  const id = idIn === null ? undefined : ids[idIn];
  return id === undefined ? null : { aggregate, id };
}

function toolHeader(exchange: Exchange): string | undefined {
  const sent = exchange.request.headers["x-tool-name"];
  return typeof sent === "string" && sent !== "" ? sent : undefined;
}

/** Whether it is only asked if a person must allow the call: then it is kept for an answer, and never done. */
const asksOnly = (exchange: Exchange): boolean => exchange.request.headers["dispatch-ask"] === "approval";

/** @throws Refusal the entry's own for an id that cannot be one; where that says "not found" it repeats the id */
function requireIds({ ids: kinds, wrongIdCode: codes = "NOT_FOUND" }: QueryEntry, ids: PathIds): void {
  for (const [name, id] of Object.entries(ids)) {
    if (isIdOf(idKindOf(kinds, name), id)) continue;
    const wrongIdCode = typeof codes === "string" ? codes : (codes[name] ?? "NOT_FOUND");
    throw new Refusal(wrongIdCode, isNotFound(wrongIdCode) ? { [fieldOf(name)]: id.slice(0, 100) } : {});
  }
}

const isNotFound = (code: ErrorCode): boolean => code.endsWith("_NOT_FOUND");
/** receiptId to receipt_id */
const fieldOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
