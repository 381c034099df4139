// POST /claims: whoever speaks to people for the desk says how many claims of a turn were held to its receipts, and which were not
// shown by them. Counted, and told as the event claim.unproven. It holds no word of the chat: which effect, which tickets, what lacked.

import { statement } from "../db/statement.ts";
import { claimLacks, type ClaimLack } from "../contract/claim-lacks.ts";
import { roles } from "../contract/roles.ts";
import { ticketNumberFrom } from "../contract/ids.ts";
import type { Desk } from "../kernel/desk.ts";
import { isObject, parseBody, type JsonObject } from "../kernel/json.ts";
import { invalidField } from "../kernel/refusal.ts";
import type { BodyReader } from "./body-reader.ts";
import type { Credentials } from "./credentials.ts";
import type { Metrics } from "./metrics.ts";
import { RateLimit } from "./rate-limit.ts";
import type { RouteEntry } from "./routes.ts";

type Parts = {
  readonly desk: Desk;
  readonly credentials: Credentials;
  readonly bodies: BodyReader;
  readonly onClaims: Metrics["claims"];
};

export const claimsPath = "/claims";

const insertUnproven = statement(
  "claims_unproven_insert",
  `INSERT INTO outbox (subject, event, payload, created_at)
   SELECT 'desk.claim.unproven', 'claim.unproven', jsonb_build_object('data', one), $2
   FROM jsonb_array_elements($1::jsonb) AS one`,
);

/** Of one reply. */
const most = { findings: 50, tickets: 50, tools: 30, claims: 10_000 } as const;
const word = /^[A-Za-z][A-Za-z_. ]{0,59}$/;

type Unproven = {
  readonly lack: ClaimLack;
  readonly effect: string;
  readonly tickets: readonly string[];
  readonly tools: readonly string[];
};

/**
 * The route; it takes callers of any role, each as often in a minute as commands, which are counted apart: replies to many people are
 * told in one name, whose commands must not wait for it.
 */
export function claimsRoute({ desk, credentials, bodies, onClaims }: Parts): RouteEntry {
  const rateLimit = new RateLimit(desk.settings.rateLimitPerMinute, desk.clock);
  return {
    method: "POST",
    path: claimsPath,
    handler: async (exchange) => {
      const actor = (exchange.actor = await credentials.actorOf(exchange.request.headers, roles));
      const body = parseBody(await bodies.read(exchange, actor.id));
      if (actor.type !== "SERVICE") rateLimit.take(actor.id);
      const { checked, unproven } = body;
      if (typeof checked !== "number" || !Number.isInteger(checked) || checked < 0 || checked > most.claims)
        throw invalidField("checked", "integer", `Give a number of claims, 0 to ${most.claims}`);
      if (!Array.isArray(unproven) || unproven.length > most.findings)
        throw invalidField("unproven", "array", `Give a list of at most ${most.findings}`);
      const told = unproven.map(unprovenFrom);
      if (told.length > 0) {
        const rows = told.map((one) => ({ ...one, actor_id: actor.id }));
        await desk.db.row(insertUnproven, [JSON.stringify(rows), desk.clock.now().toISOString()]);
        desk.announce();
      }
      onClaims(checked, told);
      exchange.json(200, JSON.stringify({ kept: told.length }));
    },
  };
}

function unprovenFrom(one: unknown, at: number): Unproven {
  const where = `unproven/${at}`;
  if (!isObject(one)) throw invalidField(where, "object", "Give an object");
  return {
    lack: lackAt(one, where),
    effect: wordAt(one, "effect", where),
    tickets: textsAt(one, "tickets", where, most.tickets, (text) => ticketNumberFrom(text) !== null),
    tools: textsAt(one, "tools", where, most.tools, (text) => word.test(text)),
  };
}

/** One of a closed list: each is a label of a metric. */
function lackAt(one: JsonObject, where: string): ClaimLack {
  const lack = claimLacks.find((known) => known === one["lack"]);
  if (lack === undefined) throw invalidField(`${where}/lack`, "enum", `Give one of ${claimLacks.join(", ")}`);
  return lack;
}

function wordAt(one: JsonObject, key: string, where: string): string {
  const text = one[key];
  if (typeof text !== "string" || !word.test(text))
    throw invalidField(`${where}/${key}`, "pattern", "Give a word of letters, 60 at most");
  return text;
}

function textsAt(
  one: JsonObject,
  key: string,
  where: string,
  atMost: number,
  fits: (text: string) => boolean,
): string[] {
  const texts: unknown = one[key];
  if (!Array.isArray(texts) || texts.length > atMost || !texts.every((text) => typeof text === "string" && fits(text)))
    throw invalidField(`${where}/${key}`, "array", `Give a list of at most ${atMost} ${key}`);
  return texts.map(String);
}
