// A real gateway whose model obeys the test, with Telegram beside it where a test asks for it, and the database's owner to
// look at what was written.

import assert from "node:assert/strict";
import { after } from "node:test";
import pg from "pg";
import type { ChannelPerson, GrantedPerson } from "../../../scripts/gateway/configuration.ts";
import { GatewayClient } from "../../../scripts/gateway/gateway-client.ts";
import { startGateway } from "../../../scripts/gateway/gateway.ts";
import { makeStateFolder, writeConfiguration } from "../../../scripts/gateway/state-folder.ts";
import { startObedientModel, type ObedientModel } from "./obedient-model.ts";
import { startDesk, type RunningGateway } from "./running-gateway.ts";
import { startTelegram, type Telegram } from "./telegram.ts";

export type ChatDesk = RunningGateway & {
  readonly model: ObedientModel;
  readonly telegram: Telegram;
  /** As the schema's owner. */
  readonly sql: pg.Pool;
};

export type ChatDeskOptions = {
  readonly owner?: GrantedPerson;
  readonly people?: readonly ChannelPerson[];
  /** Whom the Telegram channel lets in; without any there is no such channel. */
  readonly admitted?: readonly number[];
  /** Further members of openclaw.json. */
  readonly configuration?: Readonly<Record<string, unknown>>;
};

/** Starts it; it ends with the test file, and nothing of it is left. */
export async function startChatDesk({ owner, people, admitted = [], configuration = {} }: ChatDeskOptions): Promise<ChatDesk> {
  // Hooks run in the order they are made: the gateway must be gone before its folder and its API are.
  const undo: (() => Promise<unknown>)[] = [];
  after(async () => {
    for (const work of undo.splice(0).reverse()) await work();
  });
  const desk = await startDesk({ ...(owner && { owner }), ...(people && { people }) });
  const model = await startObedientModel();
  undo.push(() => model.stop());
  const telegram = await startTelegram();
  undo.push(() => telegram.stop());
  const { databaseUrl } = desk.settings;
  assert.ok(databaseUrl !== null);
  const sql = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  sql.on("error", () => undefined);
  undo.push(() => sql.end());
  const channel = {
    enabled: true,
    botToken: telegram.token,
    apiRoot: telegram.url,
    dmPolicy: "allowlist",
    allowFrom: admitted.map(String),
    groupPolicy: "open",
    groups: { "*": { requireMention: false } },
    // Otherwise one answer is sent as many edits of one message.
    streaming: { mode: "off" },
  };
  await writeConfiguration(await makeStateFolder(desk.dataDir), {
    ...configuration,
    agents: { defaults: { model: { primary: "obedient/obedient" } } },
    models: { providers: { obedient: providerAt(model.url) } },
    ...(admitted.length > 0 && { channels: { telegram: channel }, plugins: { allow: ["telegram"] } }),
  });
  const gateway = await startGateway(desk.options);
  undo.push(() => gateway.stop());
  return { ...desk, gateway, client: new GatewayClient(gateway.url, gateway.token), model, telegram, sql };
}

function providerAt(url: string): object {
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  const model = { id: "obedient", name: "Obedient", reasoning: false, input: ["text"], cost, contextWindow: 2_000_000, maxTokens: 4_096 };
  return { baseUrl: url, apiKey: "none-needed", api: "openai-completions", models: [model] };
}

export type Audited = { readonly tool_name: string; readonly actor_id: string; readonly actor_role: string; readonly actor_type: string; readonly payload: Readonly<Record<string, unknown>> };

/** What the audit holds, oldest first; of one ticket, or of all there are. */
export async function auditOf(sql: pg.Pool, ticket: string | null = null): Promise<Audited[]> {
  const { rows } = await sql.query<Audited>(
    `SELECT tool_name, actor_id, actor_role, actor_type, payload FROM audit_events
     WHERE $1::uuid IS NULL OR ticket_id = $1 ORDER BY created_at, ticket_id, seq`,
    [ticket],
  );
  return rows;
}
