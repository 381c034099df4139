// Who is calling under /api/v1: the header X-Agent-ID names them, and a worker's token, the admin token or a JWT proves it, of a
// technician the JWT with their tech_id. How often each may ask is counted here too, since whoever proves nothing is counted by address.

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Role } from "../contract/roles.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import { tokenHash, workerTokenPrefix } from "../tasks/agent-commands.ts";
import { AgentLimits } from "./agent-limits.ts";
import type { Credentials } from "./credentials.ts";
import type { Exchange } from "./exchange.ts";
import { actorIdProblem } from "./speaker.ts";

/** Requests in any 60 seconds of one agent; and of one address that proves nothing. */
export const requestsPerMinute = 120;

/** Where agents call: a credential of theirs opens nothing else. */
export const agentSurface = "/api/v1/";
export const isAgentSurface = (path: string): boolean => path.startsWith(agentSurface);

export type AgentCredentials = {
  /**
   * The caller, counted.
   * @param allowed who may call
   * @param mayBeNew whether a run that another has replaced may say so too: only where it starts anew
   * @throws Refusal AGENT_ID_REQUIRED, AUTH_REQUIRED, INVALID_AUTH_TOKEN, AGENT_ID_MISMATCH, RATE_LIMITED, AGENT_REPLACED, and what
   *   a JWT is refused for
   */
  callerOf(exchange: Exchange, allowed: readonly Role[], mayBeNew?: boolean): Promise<Actor>;
  /** As callerOf, of somebody who was let in before, and uncounted. */
  recheck(headers: IncomingHttpHeaders, allowed: readonly Role[]): Promise<Actor>;
};

type Parts = { readonly desk: Desk; readonly credentials: Credentials; readonly devHeaders: () => boolean };

const selectByToken = statement<{ slug: string }>("agent_by_token", `SELECT slug FROM agents WHERE token_hash = $1`);
const selectSlugOf = statement<{ slug: string }>(
  "technician_slug",
  `SELECT slug FROM worker_slugs WHERE technician_id = $1`,
);
const selectRun = statement<{ run_id: string | null }>("agent_run", `SELECT run_id FROM agents WHERE slug = $1`);

export function agentCredentials({ desk, credentials, devHeaders }: Parts): AgentCredentials {
  const { adminToken, rateLimitPerMinute } = desk.settings;
  // Whoever turns the limit off for commands means these too.
  const limits = new AgentLimits(rateLimitPerMinute === 0 ? 0 : requestsPerMinute, desk.clock);

  const prove = async (headers: IncomingHttpHeaders, allowed: readonly Role[]): Promise<Actor> => {
    const id = agentIdIn(headers);
    const token = bearerIn(headers);
    if (token === null) {
      if (!devHeaders()) throw new Refusal("AUTH_REQUIRED");
      return headers["x-actor-role"] === undefined
        ? bareAgent(id, adminToken === null, allowed)
        : matching(desk, id, await credentials.actorOf({ "x-actor-id": id, ...headers }, allowed));
    }
    if (token.startsWith(workerTokenPrefix)) {
      const found = await desk.db.row(selectByToken, [tokenHash(token)]);
      if (!found) throw new Refusal("INVALID_AUTH_TOKEN");
      if (found.slug !== id) throw mismatch(id);
      return agentActor(id);
    }
    if (adminToken !== null && isSame(token, adminToken)) return adminActor(id);
    return matching(desk, id, await credentials.actorOf(headers, allowed));
  };

  /** @throws Refusal AGENT_REPLACED for a run that says which it is, after another has started */
  const ofThisRun = async (headers: IncomingHttpHeaders, actor: Actor): Promise<Actor> => {
    const run = headers["x-agent-run"];
    if (typeof run !== "string" || actor.role !== "agent") return actor;
    const current = (await desk.db.row(selectRun, [actor.id]))?.run_id ?? null;
    if (current !== null && run.toLowerCase() !== current)
      throw new Refusal("AGENT_REPLACED", { current_run: current });
    return actor;
  };

  return {
    recheck: async (headers, allowed) => ofThisRun(headers, await prove(headers, allowed)),
    callerOf: async ({ request: { headers, socket } }, allowed, mayBeNew = false) => {
      const actor = await limits.admit(socket.remoteAddress, () => prove(headers, allowed));
      return mayBeNew ? actor : ofThisRun(headers, actor);
    },
  };
}

/** @throws Refusal AGENT_ID_REQUIRED */
function agentIdIn(headers: IncomingHttpHeaders): string {
  const sent = headers["x-agent-id"];
  // A name may hold any letter, and comes as its UTF-8.
  const id = typeof sent === "string" ? Buffer.from(sent, "latin1").toString("utf8").trim() : "";
  if (actorIdProblem(id) !== null) throw new Refusal("AGENT_ID_REQUIRED");
  return id;
}

/** @throws Refusal INVALID_AUTH_TOKEN */
function bearerIn({ authorization }: IncomingHttpHeaders): string | null {
  if (authorization === undefined) return null;
  const [, token] = /^bearer +(\S+)$/i.exec(authorization.trim()) ?? [];
  if (token === undefined)
    throw new Refusal(
      "INVALID_AUTH_TOKEN",
      {},
      { message: "The Authorization header is not of the form Bearer <token>." },
    );
  return token;
}

const agentActor = (id: string): Actor => ({
  id,
  role: "agent",
  type: "AGENT",
  techId: null,
  accounts: "*",
  sites: "*",
});
const adminActor = (id: string): Actor => ({ ...agentActor(id), role: "admin", type: "SERVICE" });

/** While development headers are on, a name is believed; without an admin token it opens what is an admin's. */
const bareAgent = (id: string, opensAdmin: boolean, allowed: readonly Role[]): Actor =>
  opensAdmin && !allowed.includes("agent") && allowed.includes("admin") ? adminActor(id) : agentActor(id);

/**
 * The caller as named by the header: by the token's sub, or a technician whose tech_id it has by their slug. Under either name that
 * technician speaks by their slug from here on, since that is what tasks and events know them by.
 * @throws Refusal AGENT_ID_MISMATCH
 */
async function matching({ db }: Desk, id: string, actor: Actor): Promise<Actor> {
  const isTechnician = actor.role === "tech" && actor.techId !== null;
  const slug = isTechnician ? ((await db.row(selectSlugOf, [actor.techId]))?.slug ?? null) : null;
  if (id !== actor.id && id !== slug) throw mismatch(id);
  return slug === null ? actor : { ...actor, id: slug };
}

const mismatch = (id: string): Refusal => new Refusal("AGENT_ID_MISMATCH", { agent_id: id });

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
const isSame = (sent: string, secret: string): boolean => timingSafeEqual(sha256(sent), sha256(secret));
