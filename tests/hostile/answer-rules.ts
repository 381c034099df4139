// What must be true of every answer, whatever was asked: never a 5xx, always JSON, a code of the registry with the
// registry's status or a success in the contract's shape, and nothing of the server's inside.

import assert from "node:assert/strict";
import { errorEntries, type Dimension } from "../../dispatch/contract/errors.ts";
import { commandEntries, queryEntries, type ToolName } from "../../dispatch/contract/index.ts";
import { parseBody, parseRefusal } from "../support/response-schemas.ts";
import { seed } from "./lanes.ts";
import { cut, describeRequest, type HttpRequest } from "./request-bytes.ts";
import type { Answer } from "./wire.ts";

const registry = new Map<string, { readonly status: number; readonly dimension?: Dimension }>(errorEntries);

/** Where HTTP itself, and no tool, refuses: statuses of RFC 9110 that no code of the registry stands for. */
const statusesOfHttp = new Set([408, 431]);

/** Words of Postgres, of node, of our own files. None of the attacks' own texts holds one, so an echo is no leak. */
const insides = [
  /\b(FROM|INTO|UPDATE|JOIN) (tickets|accounts|sites|contacts|assets|audit_events|idempotency_keys|technicians)\b/,
  /\b(FROM|INTO|UPDATE|JOIN) (approvals|bookings|tasks|agents|rooms|room_words|pushes|room_events)\b/,
  /::(uuid|text|timestamptz|int|bigint|jsonb)\b/,
  /syntax error at or near|invalid input syntax|violates|relation "|duplicate key|out of range for type|deadlock detected/,
  /\n\s+at |\bat \S+ \(|\.ts:\d+|node:internal|node_modules|file:\/\//,
  /(^|["\s(])\/(work|home|usr|var|tmp|etc|opt|root|Users)\//,
  /postgres(ql)?:\/\/|\bpg_\w+|dispatch_app|ECONN|ENOENT|EACCES/,
  /Unexpected token|Cannot read propert|is not a function|is not iterable|Invalid time value/,
];

const statusOfTool = new Map<ToolName, number>([
  ...commandEntries.map(([name, entry]) => [name, entry.status] as const),
  ...queryEntries.map(([name]) => [name, 200] as const),
]);

/** What makes something by name changes what is called so already. */
const changesWhatThereIs: ReadonlySet<ToolName> = new Set(["worker.register", "room.create", "control.open"]);

export type Verdict = { readonly status: number; readonly code: string | null; readonly body: unknown };

/**
 * Holds an answer to the rules.
 * @param tool the tool that answers at the request's path; null when that is not known
 */
export function judge(request: HttpRequest, tool: ToolName | null, answer: Answer): Verdict {
  try {
    return request.method === "HEAD" ? judgeHead(answer) : judged(request, tool, answer);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${why}\n--- asked\n${describeRequest(request)}\n--- answered ${answer.status}\n${cut(answer.text, 2_000)}`,
      { cause },
    );
  }
}

function judgeHead(answer: Answer): Verdict {
  assert.ok(answer.status < 500, `status ${answer.status}`);
  assert.equal(answer.text, "");
  return { status: answer.status, code: null, body: null };
}

function judged(request: HttpRequest, tool: ToolName | null, { status, headers, text }: Answer): Verdict {
  assert.ok(status >= 200 && status < 500 && (status < 300 || status >= 400), `status ${status}`);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(headers.get("x-powered-by"), undefined);
  for (const inside of insides) assert.doesNotMatch(status < 300 ? "" : text, inside);
  if (status < 300 && tool === null) return { status, code: null, body: null };
  assert.equal(headers.get("content-type"), "application/json; charset=utf-8");
  const body: unknown = JSON.parse(text);
  if (status < 300 && tool !== null) {
    const changed = changesWhatThereIs.has(tool) && status === 200;
    assert.ok(changed || status === statusOfTool.get(tool), `status ${status}`);
    return { status, code: null, body: parseBody(tool, body) };
  }
  const { code, message, field, policy_error, request_id } = parseRefusal(body);
  const entry = registry.get(code);
  assert.ok(entry, `${code} is not in the registry`);
  if (!statusesOfHttp.has(status)) assert.equal(status, entry.status);
  if (code === "METHOD_NOT_ALLOWED") assert.ok(headers.has("allow"));
  if (code === "INVALID_REQUEST") assert.ok(field, "no field is named");
  assert.equal(policy_error?.dimension, entry.dimension);
  assert.ok(message.length > 0 && message.length < 1_000, `the message has ${message.length} characters`);
  const key = request.headers.find(([name]) => name.toLowerCase() === "idempotency-key")?.[1];
  assert.ok(request_id === null || request_id === key?.trim().toLowerCase(), `request_id ${request_id}`);
  return { status, code, body };
}

/** Counts of what came back, to be printed. */
export class Tally {
  readonly #statuses = new Map<number | "no answer", number>();
  readonly #codes = new Map<string, number>();
  readonly #obeyed = new Map<ToolName, number>();
  readonly #refused = new Map<ToolName, Map<string, number>>();
  total = 0;

  add(verdict: Verdict | null, tool: ToolName | null = null): void {
    this.total++;
    if (tool && verdict?.code === null) this.#obeyed.set(tool, (this.#obeyed.get(tool) ?? 0) + 1);
    if (tool && verdict?.code) {
      const refusals = this.#refused.get(tool) ?? new Map<string, number>();
      this.#refused.set(tool, refusals.set(verdict.code, (refusals.get(verdict.code) ?? 0) + 1));
    }
    const status = verdict?.status ?? "no answer";
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (verdict?.code) this.#codes.set(verdict.code, (this.#codes.get(verdict.code) ?? 0) + 1);
  }

  /** Tools that never answered with a success: what is behind their checks was not reached. */
  neverObeyed(): ToolName[] {
    return [...statusOfTool.keys()].filter((tool) => !this.#obeyed.has(tool));
  }

  /** The tools that let the fewest through, with how many. */
  leastObeyed(): string {
    const counts = [...statusOfTool.keys()].map((tool) => [tool, this.#obeyed.get(tool) ?? 0] as const);
    return counts
      .sort(([, a], [, b]) => a - b)
      .slice(0, 5)
      .map(([tool, count]) => `${tool} ${count}`)
      .join(", ");
  }

  /** What to print of a run, once it has sent what it was to send. */
  report(requests: number): string {
    assert.ok(this.total >= requests, `${this.total} requests were sent, not ${requests}`);
    return `seed ${seed}; ${this}`;
  }

  /** The codes a tool was refused with, the most frequent first. */
  refusalsOf(tool: ToolName): string {
    return mostFirst(this.#refused.get(tool) ?? new Map());
  }

  toString(): string {
    const sorted = [...this.#statuses].sort(([a], [b]) => String(a).localeCompare(String(b)));
    const statuses = sorted.map(([status, count]) => `${status} × ${count}`).join(", ");
    return `${this.total} requests: ${statuses}\n${mostFirst(this.#codes)}`;
  }
}

const mostFirst = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => `${what} ${count}`)
    .join(", ");
