// For the error codes' test: each code that a request earns before any rule of the field is asked.

import { randomUUID } from "node:crypto";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { commandHandlers } from "../../dispatch/handlers.ts";
import { queryHandlers } from "../../dispatch/handlers.ts";
import { deskQuery } from "../../dispatch/kernel/answer-query.ts";
import { proxyDatabase } from "../api/database-proxy.ts";
import { refusalOf, startTestApi, type CallOptions, type Refused, type TestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";
import { photoFile, store } from "../support/evidence.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { bearer, speaking, tokenSecret } from "../support/token.ts";

export type Produce = (t: TestContext) => Promise<Refused>;

const newTicket = { account_id: acme.id, site_id: acme.oakland, summary: "Door sticks" };

export function requestRefusals(pilot: TestApi) {
  const get = async (path: string, headers: CallOptions["headers"] = {}) =>
    refusalOf(await pilot.send("GET", path, { "x-actor-id": "d", "x-actor-role": "dispatcher", ...headers }));
  const create = (options: CallOptions) => pilot.refuse("ticket.create", { body: newTicket, ...options });
  const withSecret = (t: TestContext) => startTestApi({ t, env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } });

  return {
    INVALID_JSON: () => create({ body: "{" }),
    INVALID_REQUEST: () => create({ body: { ...newTicket, summary: "" } }),
    INVALID_QUERY: () => pilot.refuse("ticket.search", { query: "limit=none" }),
    INVALID_TICKET_ID: () => pilot.refuse("ticket.get", { ticket: "17" }),
    MISSING_IDEMPOTENCY_KEY: () => create({ key: null }),
    INVALID_IDEMPOTENCY_KEY: () => create({ key: "once" }),
    MISSING_ACTOR_CONTEXT: () => create({ headers: { "x-actor-id": undefined } }),
    INVALID_ACTOR_CONTEXT: () => create({ headers: { "x-account-scope": "acme" } }),
    AUTH_REQUIRED: async (t) => {
      const api = await startTestApi({ t, env: { DISPATCH_AUTH_ALLOW_DEV_HEADERS: "false" } });
      return api.refuse("ticket.search");
    },
    INVALID_AUTH_TOKEN: async (t) => (await withSecret(t)).refuse("ticket.search", { headers: bearer({}, "another") }),
    INVALID_AUTH_CLAIMS: async (t) =>
      (await withSecret(t)).refuse("ticket.search", { headers: bearer({ sub: "d", role: "dispatcher" }) }),
    HUMAN_APPROVAL_REQUIRED: async (t) => {
      const api = await startTestApi({ t, beside: pilot, env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } });
      const { id } = await ticketIn(api, "NEW");
      return api.refuse("ticket.cancel", {
        ticket: id,
        headers: speaking(api, { via: "chat" }),
        body: { reason: "called off" },
      });
    },
    AUTH_CONFIG_ERROR: () => pilot.refuse("ticket.search", { headers: bearer({}) }),
    HOST_NOT_ALLOWED: () => get("/tickets", { host: "desk.example" }),
    ORIGIN_NOT_ALLOWED: () => get("/tickets", { origin: "https://desk.example" }),
    FORBIDDEN: () => create({ as: "customer" }),
    TOOL_NOT_ALLOWED: () => create({ headers: { "x-tool-name": "ticket.cancel" } }),
    FORBIDDEN_SCOPE: () => create({ headers: { "x-account-scope": borealis.id } }),
    NOT_FOUND: () => get("/nowhere"),
    METHOD_NOT_ALLOWED: async () => refusalOf(await pilot.send("DELETE", "/tickets")),
    TICKET_NOT_FOUND: () => pilot.refuse("ticket.get", { ticket: randomUUID() }),
    ACCOUNT_NOT_FOUND: () => create({ body: { ...newTicket, account_id: randomUUID() } }),
    SITE_NOT_FOUND: () => create({ body: { ...newTicket, site_id: borealis.albany } }),
    ASSET_NOT_FOUND: () => create({ body: { ...newTicket, asset_id: borealis.oven } }),
    TECHNICIAN_NOT_FOUND: () =>
      pilot.refuse("roster.drain", { technician: randomUUID(), body: { reason: "van in the workshop" } }),
    RECEIPT_NOT_FOUND: () => pilot.refuse("receipt.get", { receipt: randomUUID() }),
    IDEMPOTENCY_PAYLOAD_MISMATCH: async () => {
      const key = randomUUID();
      await pilot.run("ticket.create", { key, body: newTicket });
      return create({ key, body: { ...newTicket, summary: "Another door sticks" } });
    },
    IDEMPOTENCY_IN_FLIGHT: async (t) => {
      const api = await startTestApi({ t, beside: pilot, env: { DISPATCH_DB_LOCK_TIMEOUT_MS: "30" } });
      const { id } = await ticketIn(api, "NEW");
      const other = await api.owner.connect();
      try {
        await other.query("BEGIN");
        await other.query("SELECT FROM tickets WHERE id = $1 FOR UPDATE", [id]);
        return await api.refuse("ticket.cancel", { ticket: id, body: { reason: "called off" } });
      } finally {
        await other.query("ROLLBACK");
        other.release();
      }
    },
    PAYLOAD_TOO_LARGE: () => create({ body: { ...newTicket, description: "x".repeat(256 * 1_024) } }),
    RATE_LIMITED: async (t) => {
      const api = await startTestApi({ t, beside: pilot, env: { DISPATCH_RATE_LIMIT_PER_MINUTE: "1" } });
      await api.run("ticket.create", { body: newTicket });
      return api.refuse("ticket.create", { body: newTicket });
    },
    INTERNAL_ERROR: async (t) => {
      const broken = deskQuery("directory.search", () => Promise.reject(new Error("a defect")));
      const handlers = { commands: commandHandlers, queries: { ...queryHandlers, "directory.search": broken } };
      return (await startTestApi({ t, beside: pilot, handlers })).refuse("directory.search");
    },
    DEPENDENCY_UNAVAILABLE: async (t) => {
      const proxy = await proxyDatabase(pilot.databaseUrl);
      t.after(() => proxy.close());
      const api = await startTestApi({ t, beside: pilot, databaseUrl: () => proxy.url });
      await proxy.cut();
      return api.refuse("ticket.create", { body: newTicket });
    },
  } satisfies Record<string, Produce>;
}

/** The other dependency: evidence is announced and sent, and then the folder it lies in is gone. */
export async function withoutObjectStore(t: TestContext): Promise<Refused> {
  const api = await startTestApi({ t });
  const { id } = await ticketIn(api, "IN_PROGRESS");
  const uri = await store(api, { ticket: id }, photoFile());
  const folder = join(api.dataDir, "objects");
  await rename(folder, `${folder}-away`);
  const key = randomUUID();
  const call = { ticket: id, key, body: { kind: "PHOTO", uri } };
  const refused = await api.refuse("closeout.add_evidence", call);
  await rename(`${folder}-away`, folder);
  await api.run("closeout.add_evidence", call);
  return refused;
}
