// Two accounts on one desk, A's to attack from and B's to be kept: B's rows are marked all over, so that any of them
// shows in an answer, and fingerprinted, so that any change of them shows afterwards.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { ToolName } from "../../dispatch/contract/index.ts";
import { commands } from "../../dispatch/contract/index.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { pathOf } from "../support/api.ts";
import type { TechnicianId } from "../../dispatch/contract/ids.ts";
import { acme, addTechnician, borealis } from "../support/directory.ts";
import type { AttackedApi } from "./attacked-api.ts";
import type { HttpRequest } from "./request-bytes.ts";
import { TicketPool } from "./ticket-pool.ts";

/** In every name and text of B; never in one of A. */
export const mark = "canaryb";
const phone = "5550990";

/** A command of B's that took effect, to be sent again by others. */
export type Done = { readonly tool: ToolName; readonly request: HttpRequest; readonly text: string };

export type Worlds = {
  readonly a: TicketPool;
  readonly b: TicketPool;
  /** Ids of B's: accounts, sites, contacts, assets, tickets, and all that hangs on tickets. */
  readonly idsOfB: ReadonlySet<string>;
  readonly receiptsOfB: readonly string[];
  readonly approvalsOfB: readonly string[];
  readonly evidenceOfB: readonly string[];
  readonly snapshotsOfB: readonly string[];
  readonly done: readonly Done[];
  /** Changes with any change of B's rows. */
  fingerprintOfB(): Promise<string>;
};

const annexOfB = "b0000000-0000-4000-8000-000000000012";

export async function buildWorlds(api: AttackedApi): Promise<Worlds> {
  const { owner } = api.aside;
  await markDirectory(owner);
  const [a, b] = [new TicketPool(api.aside), new TicketPool(api.aside)];
  await a.stock({ accountId: acme.id, siteId: acme.oakland });
  const techId = await addTechnician(owner, { zone: "NY", maxConcurrent: 50 });
  await b.stock({ accountId: borealis.id, siteId: borealis.albany, summary: `${mark} oven door`, techId });
  const done = await liveInB(api, b, techId);

  const idsOfB = new Set<string>();
  const { rows } = await owner.query<{ ids: string[] }>(idsStatement, [borealis.id]);
  for (const id of rows.flatMap(({ ids }) => ids)) idsOfB.add(id);
  const list = async (sql: string): Promise<string[]> =>
    (await owner.query<{ id: string }>(sql, [borealis.id])).rows.map(({ id }) => id);
  const ofB = "WHERE ticket_id IN (SELECT id FROM tickets WHERE account_id = $1)";
  return {
    a,
    b,
    idsOfB,
    done,
    receiptsOfB: await list(`SELECT id::text FROM audit_events ${ofB}`),
    approvalsOfB: await list(`SELECT id::text FROM approvals ${ofB}`),
    evidenceOfB: await list(
      `SELECT id::text FROM evidence_items ${ofB} UNION ALL SELECT uri FROM evidence_items ${ofB}`,
    ),
    snapshotsOfB: await list(`SELECT id::text FROM recommendation_snapshots ${ofB}`),
    fingerprintOfB: async () => {
      const { rows: found } = await owner.query<{ fingerprint: string }>(fingerprintStatement, [borealis.id]);
      assert.ok(found[0]?.fingerprint);
      return found[0].fingerprint;
    },
  };
}

type Owner = AttackedApi["aside"]["owner"];

/** The directory's second account becomes one that is recognised wherever it shows. */
async function markDirectory(owner: Owner): Promise<void> {
  await owner.query(`UPDATE accounts SET name = '${mark} Cafes' WHERE id = $1`, [borealis.id]);
  await owner.query(
    `UPDATE sites SET name = '${mark} Albany', address1 = '3 ${mark} St', access_instructions = '${mark} key' WHERE account_id = $1`,
    [borealis.id],
  );
  await owner.query(`UPDATE assets SET name = '${mark} oven', serial_number = '${mark}-1' WHERE account_id = $1`, [
    borealis.id,
  ]);
  await owner.query(
    `INSERT INTO sites (id, account_id, name, city, region) VALUES ($1, $2, '${mark} annex', 'Albany', 'NY')`,
    [annexOfB, borealis.id],
  );
  await owner.query(
    `INSERT INTO contacts (id, account_id, site_id, name, phone, email, role)
     VALUES (gen_random_uuid(), $1, $2, '${mark} of the site', '${phone}001', '${mark}@example.invalid', '${mark} chef'),
            (gen_random_uuid(), $1, NULL, '${mark} of the account', '${phone}002', '${mark}2@example.invalid', '${mark} owner')`,
    [borealis.id, borealis.albany],
  );
}

/** What people of B do through the attacked API, so that there are answers of theirs to be replayed. */
async function liveInB(api: AttackedApi, b: TicketPool, techId: TechnicianId): Promise<Done[]> {
  const scope = [
    ["X-Account-Scope", borealis.id],
    ["X-Site-Scope", `${borealis.albany},${annexOfB}`],
  ] as const;
  const place = { account_id: borealis.id, site_id: borealis.albany };
  const give = async (tool: keyof typeof commands, body: object, ticket?: string): Promise<Done> => {
    const key = randomUUID();
    const target = pathOf(tool, ticket === undefined ? {} : { ticket });
    const headers = [
      ["X-Actor-Id", "boris"],
      ["X-Actor-Role", "dispatcher"],
      ["Idempotency-Key", key],
      ...scope,
    ] as const;
    const reply = await api.front.send("POST", target, Object.fromEntries(headers), JSON.stringify(body));
    assert.equal(reply.status, commands[tool].status, reply.text);
    return {
      tool,
      request: { method: "POST", target, headers, body: Buffer.from(JSON.stringify(body)) },
      text: reply.text,
    };
  };
  const created = await give("ticket.create", {
    ...place,
    asset_id: borealis.oven,
    summary: `${mark} created`,
    description: `${mark} words`,
  });
  const intake = {
    ...place,
    summary: `${mark} call`,
    incident_type: "DOOR_WONT_LATCH",
    customer_name: `${mark} caller`,
    contact_phone: `${phone}003`,
    contact_email: `${mark}3@example.invalid`,
    priority: "URGENT",
  };
  const certain = { identity_confidence: 99, classification_confidence: 99, sop_handoff_acknowledged: true };
  const called = await give("ticket.blind_intake", { ...intake, ...certain });
  const [first, second] = [idOf(created), idOf(called)];
  return [
    created,
    called,
    await give(
      "ticket.triage",
      {
        priority: "URGENT",
        incident_type: "DOOR_WONT_LATCH",
        requires_approval: true,
        approval_reason: `${mark} wants to know`,
      },
      first,
    ),
    await give("assignment.recommend", { service_type: "DEFAULT" }, second),
    await give(
      "closeout.add_evidence",
      { kind: "NOTE", uri: `s3://${mark}/note.txt`, metadata: { who: mark } },
      second,
    ),
    await give("ops.autonomy.pause", { scope_type: "TICKET", ticket_id: second, reason: `${mark} said so` }),
    await give("assignment.dispatch", { tech_id: techId }, b.for({ from: ["SCHEDULED"] }, 1).id),
    await give("ticket.cancel", { reason: `${mark} changed their mind` }, b.for({ from: ["NEW"] }, 1).id),
  ];
}

function idOf({ text }: Done): string {
  const body: unknown = JSON.parse(text);
  assert.ok(isObject(body) && typeof body["id"] === "string");
  return body["id"];
}

const hanging = [
  "audit_events",
  "approvals",
  "schedule_holds",
  "bookings",
  "recommendation_snapshots",
  "uploads",
  "evidence_items",
  "invoices",
  "autonomy_control_state",
];

const idsStatement = `
  WITH own AS (SELECT id FROM tickets WHERE account_id = $1)
  SELECT array(
    SELECT $1::uuid UNION SELECT id FROM sites WHERE account_id = $1 UNION SELECT id FROM contacts WHERE account_id = $1
    UNION SELECT id FROM assets WHERE account_id = $1 UNION SELECT id FROM own UNION SELECT id FROM tasks WHERE account_id = $1
    ${hanging.map((table) => `UNION SELECT id FROM ${table} WHERE ticket_id IN (SELECT id FROM own)`).join("\n")}
    UNION SELECT snapshot_id FROM schedule_holds WHERE ticket_id IN (SELECT id FROM own)
  )::text[] AS ids`;

const ofAccount = ["sites", "contacts", "assets", "tickets", "tasks", "outbox"];
const ofTickets = [...hanging, "ticket_words", "completions", "ticket_state_transitions", "autonomy_control_history"];

function ticketRows(table: string): string {
  const row = table === "bookings" ? "to_jsonb(t) - '{exclusive,updated_at}'::text[]" : "to_jsonb(t)";
  return `UNION ALL SELECT (${row})::text FROM ${table} t WHERE ticket_id IN (SELECT id FROM own)`;
}

/**
 * By the columns that tie a row to B. Rejections are left out: that A was refused something of B's is written down there.
 * Whether a booking excludes others follows from its technician's hours, and those are the roster's.
 */
const fingerprintStatement = `
  WITH own AS (SELECT id FROM tickets WHERE account_id = $1), rows AS (
    SELECT t::text AS row FROM accounts t WHERE id = $1
    ${ofAccount.map((table) => `UNION ALL SELECT t::text FROM ${table} t WHERE account_id = $1`).join("\n")}
    ${ofTickets.map(ticketRows).join("\n")}
    UNION ALL SELECT t::text FROM idempotency_keys t WHERE $1 = ANY (account_ids)
  )
  SELECT md5(string_agg(row, E'\\n' ORDER BY row COLLATE "C")) AS fingerprint FROM rows`;
