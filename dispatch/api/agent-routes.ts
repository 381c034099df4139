// What agents say of themselves and is no tool: that they are alive, that they start or stop, and that they ask for a task by an event.

import { activities, type Activity } from "../contract/task-responses.ts";
import { executeForCaller } from "../approval-requests/ask.ts";
import { commands, pathWith, pipelineCommands } from "../contract/index.ts";
import { roles as everyRole } from "../contract/roles.ts";
import type { Actor } from "../kernel/actor.ts";
import { requireRole } from "../kernel/authorize.ts";
import type { Desk } from "../kernel/desk.ts";
import { execute } from "../kernel/execute.ts";
import { isObject, parseBody, type JsonObject } from "../kernel/json.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { noteAlive } from "../rooms/heartbeat.ts";
import { heartbeatEveryMs } from "../workforce/presence.ts";
import { agentSurface, type AgentCredentials } from "./agent-credentials.ts";
import type { BodyReader } from "./body-reader.ts";
import type { Exchange } from "./exchange.ts";
import { keyIfAny } from "./idempotency-key.ts";
import type { PathIds, RouteEntry } from "./routes.ts";

type Parts = {
  readonly desk: Desk;
  readonly kernel: Kernel;
  readonly agents: AgentCredentials;
  readonly bodies: BodyReader;
};

export const heartbeatPath = `${agentSurface}agents/{slug}/heartbeat`;
export const eventsPath = `${agentSurface}events`;

export function agentRoutes(parts: Parts): RouteEntry[] {
  return [
    {
      method: "POST",
      path: heartbeatPath,
      ids: { slug: "slug" },
      handler: (exchange, ids) => heartbeat(parts, exchange, ids),
    },
    { method: "POST", path: eventsPath, handler: (exchange) => takeEvent(parts, exchange) },
  ];
}

async function heartbeat({ desk, kernel, agents, bodies }: Parts, exchange: Exchange, ids: PathIds): Promise<void> {
  const slug = (ids["slug"] ?? "").toLowerCase();
  const actor = (exchange.actor = await agents.callerOf(exchange, ["agent", "admin"]));
  const body = parseBody(await bodies.read(exchange, actor.id));
  const requestId = keyIfAny(exchange);
  requireSelf(actor, slug);
  requireKnown(desk, body, ["activity", "tokens_used"]);
  const activity = activityIn(body);
  const tokens = body["tokens_used"] ?? 0;
  if (typeof tokens !== "number" || !Number.isInteger(tokens) || tokens < 0 || tokens > 2_147_483_647)
    throw invalidField(
      "tokens_used",
      "type",
      "must be a whole number from 0 to 2147483647, of tokens since the heartbeat before",
    );
  const at = desk.clock.now().toISOString();
  const alive = await noteAlive(desk.db, { slug, activity, tokens, at, key: requestId });
  if (!alive)
    await run(kernel, exchange, {
      actor,
      requestId,
      name: "worker.report",
      slug,
      body: { activity: activity ?? "idle", tokens_used: tokens },
    });
  exchange.json(200, JSON.stringify({ next_ms: heartbeatEveryMs }));
}

/** @throws Refusal INVALID_REQUEST */
function activityIn({ activity }: JsonObject): Activity | null {
  if (activity === undefined || activity === null) return null;
  const known = activities.find((one) => one === activity);
  if (known === undefined) throw invalidField("activity", "enum", `must be one of ${activities.join(", ")}`);
  return known;
}

/** As the body of any tool. @throws Refusal INVALID_REQUEST under a profile that refuses what is no field */
function requireKnown({ policy }: Desk, body: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined && policy.unknownFields === "refuse")
    throw invalidField(unknown.slice(0, 100), "additionalProperties", "is not a field of this");
}

/** @throws Refusal FORBIDDEN for whoever speaks of another */
function requireSelf(actor: Actor, slug: string): void {
  if (actor.role === "admin" || actor.id === slug) return;
  throw new Refusal(
    "FORBIDDEN",
    { actor_role: actor.role, allowed_roles: ["the agent itself", "admin"] },
    { message: `Only ${slug} itself, or an admin, may say this.` },
  );
}

const agentSubject = /^swarm\.agent\.([a-z0-9][a-z0-9_-]{0,62})\.(started|stopped)$/;
const taskSubject = "swarm.task.request";

async function takeEvent({ desk, kernel, agents, bodies }: Parts, exchange: Exchange): Promise<void> {
  const actor = (exchange.actor = await agents.callerOf(exchange, everyRole, true));
  const body = parseBody(await bodies.read(exchange, actor.id));
  const requestId = keyIfAny(exchange);
  requireKnown(desk, body, ["subject", "data"]);
  const { subject, data = {} } = body;
  if (typeof subject !== "string")
    throw invalidField("subject", "required", "must be a subject, e.g. swarm.task.request");
  if (!isObject(data)) throw invalidField("data", "type", "must be an object");
  if (subject === taskSubject) {
    requireRole(actor, commands["task.create"]);
    const path = commands["task.create"].path;
    const call = { name: "task.create", path, ids: {}, body: data, requestId, actor, trace: exchange.trace };
    const { status, body: answer } = await executeForCaller(kernel, call, () => undefined);
    return exchange.json(status, answer);
  }
  const [, slug, what] = agentSubject.exec(subject) ?? [];
  if (slug === undefined || (actor.id !== slug && actor.role !== "admin"))
    throw new Refusal("INVALID_SUBJECT", {
      subject: subject.slice(0, 200),
      allowed_subjects: [taskSubject, `swarm.agent.${actor.id}.started`, `swarm.agent.${actor.id}.stopped`],
    });
  const name = what === "started" ? "worker.started" : "worker.stopped";
  const answer = await run(kernel, exchange, { actor, requestId, name, slug, body: data });
  exchange.json(202, JSON.stringify({ event_id: JSON.parse(answer.body).receipt.receipt_id }));
}

type OwnWord = {
  readonly actor: Actor;
  readonly requestId: string;
  readonly name: "worker.report" | "worker.started" | "worker.stopped";
  readonly slug: string;
  readonly body: JsonObject;
};

const run = (kernel: Kernel, { trace }: Exchange, { name, slug, ...word }: OwnWord) =>
  execute(kernel, { name, path: pathWith(pipelineCommands[name].path, { slug }), ids: { slug }, trace, ...word });
