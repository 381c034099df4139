// Webhooks of an admin: adds endpoints, lists and removes them, and has what was given up sent again. No tools: a model that adds an
// endpoint would send the whole desk to whom it likes, and a tool's body with its secret would be in the trail. Endpoints of the operator's
// command are neither shown nor touched.

import type { Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { parseBody, type JsonObject } from "../kernel/json.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { subjectExpressions } from "../kernel/subject-patterns.ts";
import { replayDeadLetters } from "../webhooks/dead-letters.ts";
import { urlFault } from "../webhooks/endpoint-url.ts";
import { addApiEndpoint, listEndpoints, removeEndpoint, type Endpoint } from "../webhooks/endpoints.ts";
import { privateAddress } from "../webhooks/post.ts";
import { namesPrivateAddress } from "../webhooks/private-address.ts";
import { newSecret } from "../webhooks/signature.ts";
import { agentSurface, type AgentCredentials } from "./agent-credentials.ts";
import type { BodyReader } from "./body-reader.ts";
import type { Exchange } from "./exchange.ts";
import { keyIfAny } from "./idempotency-key.ts";
import type { RouteEntry } from "./routes.ts";

type Parts = { readonly desk: Desk; readonly agents: AgentCredentials; readonly bodies: BodyReader };

const all = `${agentSurface}webhooks`;
const one = `${all}/{webhookId}`;
const longestUrl = 2_000;
const secretLength = { least: 16, most: 200 };

export function webhookRoutes({ desk, agents, bodies }: Parts): RouteEntry[] {
  const { db, clock } = desk;
  const admin = async (exchange: Exchange): Promise<Actor> => {
    const actor = (exchange.actor = await agents.callerOf(exchange, ["admin"]));
    if (actor.role !== "admin") throw new Refusal("FORBIDDEN", { actor_role: actor.role, allowed_roles: ["admin"] });
    return actor;
  };
  const listed = async (): Promise<Endpoint[]> => (await listEndpoints(db, clock.now())).filter(({ by_api }) => by_api);
  return [
    {
      method: "POST",
      path: all,
      handler: async (exchange) => {
        const actor = await admin(exchange);
        const { url, subjects, secret } = wantedOf(desk, parseBody(await bodies.read(exchange, actor.id)));
        const now = clock.now();
        // The key of the call is the endpoint's id, so that a repetition makes no second one.
        const id = keyIfAny(exchange);
        const made = { id, url, subjects, secret: secret ?? newSecret() };
        const added = await addApiEndpoint(db, made, now);
        const isRepeated = added !== null && added.secret !== made.secret;
        if (added === null || (isRepeated && secret !== null)) throw new Refusal("IDEMPOTENCY_PAYLOAD_MISMATCH");
        // Shown once, and only where the caller does not know it.
        const shown = secret === null && !isRepeated ? { secret: made.secret } : {};
        exchange.json(201, JSON.stringify({ id, url, subjects, created_at: added.created_at, ...shown }));
      },
    },
    {
      method: "GET",
      path: all,
      handler: async (exchange) => {
        await admin(exchange);
        exchange.json(200, JSON.stringify((await listed()).map(({ by_api: _, ...told }) => told)));
      },
    },
    {
      method: "DELETE",
      path: one,
      handler: async (exchange, { webhookId: id = "" }) => {
        await admin(exchange);
        const undelivered = await removeEndpoint(db, id, true);
        if (undelivered === null) throw noSuch();
        exchange.json(200, JSON.stringify({ id: id.toLowerCase(), undelivered }));
      },
    },
    {
      method: "POST",
      path: `${one}/replay`,
      handler: async (exchange, { webhookId: id = "" }) => {
        await admin(exchange);
        if (!(await listed()).some((endpoint) => endpoint.id === id.toLowerCase())) throw noSuch();
        const choice = { ids: null, endpointId: id, since: null, until: null };
        exchange.json(200, JSON.stringify({ replayed: await replayDeadLetters(db, choice, clock.now()) }));
      },
    },
  ];
}

const noSuch = (): Refusal => new Refusal("NOT_FOUND", {}, { message: "There is no such webhook; GET lists them." });

type Wanted = { readonly url: string; readonly subjects: string[] | null; readonly secret: string | null };

/** @throws Refusal INVALID_REQUEST */
function wantedOf({ settings }: Desk, { url, subjects = null, secret = null, ...others }: JsonObject): Wanted {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw invalidField(unknown.slice(0, 100), "additionalProperties", "is not a field: url, subjects and secret are");
  if (typeof url !== "string") throw invalidField("url", "required", "is required, a text");
  const fault =
    url.length > longestUrl
      ? `must have at most ${longestUrl} characters`
      : (urlFault(url, settings.production) ??
        (!settings.webhookPrivateAddresses && namesPrivateAddress(url) ? privateAddress : null));
  if (fault !== null) throw invalidField("url", "url", fault);
  if (secret !== null && !isSecret(secret))
    throw invalidField(
      "secret",
      "length",
      `must be a text of ${secretLength.least} to ${secretLength.most} characters`,
    );
  return { url, subjects: patternsIn(subjects), secret };
}

const isSecret = (secret: unknown): secret is string =>
  typeof secret === "string" &&
  secret.length >= secretLength.least &&
  secret.length <= secretLength.most &&
  /^[\x21-\x7e]+$/.test(secret);

/** @throws Refusal INVALID_REQUEST */
function patternsIn(subjects: unknown): string[] | null {
  if (subjects === null) return null;
  const isList =
    Array.isArray(subjects) && subjects.length > 0 && subjects.every((pattern) => typeof pattern === "string");
  if (!isList) throw invalidField("subjects", "type", "must be a list of patterns; absent: every subject");
  try {
    subjectExpressions(subjects);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw invalidField(
      "subjects",
      "pattern",
      "must be tokens between dots; * stands for one, > at the end for all that follow",
    );
  }
  return subjects;
}
