// What the gateway's owner configures: where dispatch-api is, the key that signs for people, and who those people are.

import { Type, type Static } from "../../dispatch/schema/type.ts";
import { Check, Errors } from "typebox/value";
import { uuidPattern } from "../../dispatch/contract/fields.ts";
import { roles } from "../../dispatch/contract/roles.ts";

const closed = { additionalProperties: false };
const name = (description: string) => Type.String({ minLength: 1, maxLength: 200, description });
const reach = (what: string) =>
  Type.Optional(
    Type.Array(Type.String({ pattern: `${uuidPattern}|^\\*$` }), {
      maxItems: 1_000,
      description: `Ids of the ${what} this person may reach, or * for all; none when absent`,
    }),
  );

const grant = {
  actor: name("Who this is in Dispatch: the actor id every audit event will carry"),
  roles: Type.Array(Type.Enum([...roles], { type: "string" }), {
    minItems: 1,
    uniqueItems: true,
    description:
      "Roles this person may act in; the first that a tool allows is taken unless the chat asks for another of them",
  }),
  accounts: reach("accounts"),
  sites: reach("sites"),
  techId: Type.Optional(
    Type.String({ pattern: uuidPattern, description: "The technician this person is; the role tech needs it" }),
  ),
};

export const configurationSchema = Type.Object(
  {
    apiUrl: Type.Optional(
      Type.String({ pattern: "^https?://", maxLength: 500, description: "Address of dispatch-api" }),
    ),
    signing: Type.Optional(
      Type.Object(
        {
          secret: Type.Optional(
            Type.String({
              minLength: 32,
              maxLength: 1_000,
              description: "Shared secret (HS256), the API's DISPATCH_AUTH_JWT_SECRET",
            }),
          ),
          keyFile: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 1_000,
              description:
                "File with a private JWK (with kid and alg), its public half in the API's DISPATCH_AUTH_JWKS",
            }),
          ),
          issuer: Type.Optional(name("Claim iss, when the API asks for one")),
          audience: Type.Optional(name("Claim aud, when the API asks for one")),
        },
        { ...closed, description: "How calls are signed: a secret or a keyFile" },
      ),
    ),
    agentId: Type.Optional(name("The agent that is the desk; it alone gets the live brief. Default main")),
    owner: Type.Optional(
      Type.Object(grant, { ...closed, description: "Who speaks from the gateway's own dashboard and command line" }),
    ),
    people: Type.Optional(
      Type.Array(
        Type.Object(
          {
            channel: name("Chat channel, for example telegram"),
            accountId: Type.Optional(name("The channel's account; any when absent")),
            senderId: name("The sender's id on that channel"),
            ...grant,
          },
          closed,
        ),
        { maxItems: 1_000, description: "Who speaks from chat channels; anybody else gets nothing" },
      ),
    ),
    agents: Type.Optional(
      Type.Array(Type.Object({ agentId: name("The agent's id in this gateway (agents.entries)"), ...grant }, closed), {
        maxItems: 100,
        description: "Agents of this gateway that do desk tasks under a name of their own, in place of the owner's",
      }),
    ),
    timeoutMs: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 120_000,
        description: "Longest a tool call waits for dispatch-api, retries included, in ms. Default 20000",
      }),
    ),
  },
  { ...closed, description: "Settings of the Dispatch plugin" },
);

export type Grant = {
  readonly actor: string;
  readonly roles: readonly (typeof roles)[number][];
  readonly accounts: readonly string[];
  readonly sites: readonly string[];
  readonly techId: string | null;
};
export type Person = Grant & { readonly channel: string; readonly accountId: string | null; readonly senderId: string };
/** An agent of the gateway that is somebody itself: a worker of desk tasks. */
export type Agent = Grant & { readonly agentId: string };
export type Signing = {
  readonly key: { readonly secret: string } | { readonly file: string };
  readonly issuer: string | null;
  readonly audience: string | null;
};

export type Configuration = {
  readonly apiUrl: string;
  readonly signing: Signing;
  readonly agentId: string;
  readonly owner: Grant | null;
  readonly people: readonly Person[];
  readonly agents: readonly Agent[];
  readonly timeoutMs: number;
};

/** The configuration, or what is missing or wrong in it, each with the key to set. */
export type Reading =
  | { readonly configuration: Configuration; readonly problems: readonly [] }
  | { readonly configuration: null; readonly problems: readonly string[] };

type Written = Static<typeof configurationSchema>;

/** Reads plugins.entries.dispatch.config. The host has checked it against the schema; this trusts nobody. */
export function readConfiguration(raw: unknown): Reading {
  const written = raw ?? {};
  if (Check(configurationSchema, written)) return fromWritten(written);
  const errors = Errors(configurationSchema, written).slice(0, 10);
  return { configuration: null, problems: errors.map((error) => `${error.instancePath || "config"} ${error.message}`) };
}

function fromWritten({ apiUrl, signing, agentId, owner, people = [], agents = [], timeoutMs }: Written): Reading {
  const key = keyOf(signing);
  const url = apiUrl !== undefined && URL.canParse(apiUrl) ? new URL(apiUrl) : null;
  // Addresses are shown in results; a password in one would be, too.
  const isBare = url !== null && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  const problems = [
    ...(url ? [] : ["apiUrl is not set, or no address: give the address of dispatch-api"]),
    ...(url === null || isBare
      ? []
      : ["apiUrl holds a user, a query or a fragment: give the bare address of dispatch-api"]),
    ...(key ? [] : ["signing needs either a secret or a keyFile, the same key that dispatch-api verifies with"]),
    ...(owner ? technicianProblems("owner", owner) : []),
    ...people.flatMap((one, index) => technicianProblems(`people/${index}`, one)),
    ...agents.flatMap((one, index) => technicianProblems(`agents/${index}`, one)),
  ];
  if (apiUrl === undefined || key === null || problems.length > 0) return { configuration: null, problems };
  const configuration: Configuration = {
    apiUrl: apiUrl.replace(/\/+$/, ""),
    signing: { key, issuer: signing?.issuer ?? null, audience: signing?.audience ?? null },
    agentId: agentId ?? "main",
    owner: owner ? grantOf(owner) : null,
    people: people.map((one) => ({
      ...grantOf(one),
      channel: one.channel,
      accountId: one.accountId ?? null,
      senderId: one.senderId,
    })),
    agents: agents.map((one) => ({ ...grantOf(one), agentId: one.agentId })),
    timeoutMs: timeoutMs ?? 20_000,
  };
  return { configuration, problems: [] };
}

/** The API holds a technician to their own work by techId: without it the role would be every technician at once. */
const technicianProblems = (key: string, { actor, roles: granted, techId }: NonNullable<Written["owner"]>): string[] =>
  granted.includes("tech") && techId === undefined
    ? [
        `${key}/techId is missing: ${actor} has the role tech, so give the uuid of the technician this is (roster_list names ` +
          "them), or take the role tech away",
      ]
    : [];

function keyOf(signing: Written["signing"]): Signing["key"] | null {
  if (signing?.secret !== undefined && signing.keyFile === undefined) return { secret: signing.secret };
  if (signing?.keyFile !== undefined && signing.secret === undefined) return { file: signing.keyFile };
  return null;
}

const grantOf = (one: NonNullable<Written["owner"]>): Grant => ({
  actor: one.actor,
  roles: one.roles,
  accounts: one.accounts ?? [],
  sites: one.sites ?? [],
  techId: one.techId ?? null,
});
