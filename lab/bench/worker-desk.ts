// The desk over which workers and clients fight: technicians with shifts, tickets that any of them can do, hours in which
// there are more tickets than technicians, and, when wanted, a backlog that nobody can do, in the same hours.

import { randomUUID } from "node:crypto";
import pg from "pg";
import { knownId, type AccountId, type SiteId, type TechnicianId } from "../../dispatch/contract/ids.ts";
import { commands, type CommandName, type InputOf } from "../../dispatch/contract/index.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { HttpConnection } from "./http-connection.ts";

export type Window = { readonly start: string; readonly end: string };

export type FightDesk = {
  readonly databaseUrl: string;
  readonly windows: readonly Window[];
  readonly techIds: readonly TechnicianId[];
};

const accountId = knownId<AccountId>("f1640000-0000-4000-8000-000000000001");
/** Whose tickets nobody can do. */
const stuckAccountId = "f1640000-0000-4000-8000-000000000002";
const siteId = knownId<SiteId>("f1640000-0000-4000-8000-000000000011");
const stuckSiteId = "f1640000-0000-4000-8000-000000000012";
const dispatcher = "X-Actor-Id: bench-dispatcher\r\nX-Actor-Role: dispatcher\r\n";

export const hourMs = 3_600_000;

/** Makes a database of its own on the server, with `technicians` and enough hours that four tickets in five find a place. */
export async function makeFightDesk(
  serverUrl: string,
  { technicians, tickets }: { technicians: number; tickets: number },
): Promise<FightDesk> {
  const databaseUrl = await makeDatabase(serverUrl);
  const techIds = Array.from({ length: technicians }, () => knownId<TechnicianId>(randomUUID()));
  // Tomorrow, on the hour.
  const first = Math.ceil(Date.now() / hourMs) * hourMs + 24 * hourMs;
  const hours = Math.max(1, Math.floor((0.8 * tickets) / technicians));
  const windows = Array.from({ length: hours }, (_, n) => ({
    start: new Date(first + n * hourMs).toISOString(),
    end: new Date(first + (n + 1) * hourMs).toISOString(),
  }));
  await withClient(databaseUrl, async (client) => {
    await client.query("INSERT INTO accounts (id, name) VALUES ($1, 'Bench account'), ($2, 'Stuck account')", [
      accountId,
      stuckAccountId,
    ]);
    await client.query(
      `INSERT INTO sites (id, account_id, name, city, region, lat, lon)
       VALUES ($1, $2, 'Bench site', 'Oakland', 'CA', 37.8, -122.3), ($3, $4, 'Stuck site', 'Reno', 'NV', 39.5, -119.8)`,
      [siteId, accountId, stuckSiteId, stuckAccountId],
    );
    await client.query(
      `INSERT INTO technicians (id, name, zone, skills)
       SELECT id, 'Technician ' || n, 'CA', '{door_hardware}' FROM unnest($1::uuid[]) WITH ORDINALITY AS t (id, n)`,
      [techIds],
    );
    await client.query(
      `INSERT INTO technician_shifts (id, technician_id, weekday, starts, ends, timezone)
       SELECT gen_random_uuid(), id, weekday, '00:00', '00:00', 'UTC' FROM unnest($1::uuid[]) AS id, generate_series(1, 7) AS weekday`,
      [techIds],
    );
  });
  return { databaseUrl, windows, techIds };
}

async function makeDatabase(serverUrl: string): Promise<string> {
  const name = `bench_${randomUUID().slice(0, 8)}`;
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate({ databaseUrl: url.href, log: () => undefined });
  return url.href;
}

// Never tried, of every priority, in the hours the fight is about: half in a zone where nobody works, half in need of a
// skill nobody has. Their ids sort behind all others, so that a report which names the first so many names the fight's own.
const insertBacklog = `
  INSERT INTO tickets (id, account_id, site_id, state, priority, incident_type, summary, scheduled_start, scheduled_end,
                       sla_target_minutes, sla_deadline_at, created_at, updated_at, last_transition_at, audit_seq, audit_hash)
  SELECT ('ffffffff' || substr(gen_random_uuid()::text, 9))::uuid,
         CASE WHEN n % 2 = 0 THEN $2::uuid ELSE $4::uuid END, CASE WHEN n % 2 = 0 THEN $3::uuid ELSE $5::uuid END,
         'SCHEDULED', priority, CASE WHEN n % 2 = 0 THEN 'DOOR_WONT_LATCH' ELSE 'FRAME_OR_GLASS_DAMAGE' END, 'Stuck ticket ' || n,
         starts, starts + interval '1 hour', target, starts + target * interval '1 minute', now(), now(), now(), 0, ''
  FROM (SELECT n, ($6::timestamptz[])[1 + n % cardinality($6::timestamptz[])] AS starts,
               (ARRAY['EMERGENCY', 'URGENT', 'ROUTINE'])[1 + n % 3] AS priority, (ARRAY[60, 240, 1440])[1 + n % 3] AS target
        FROM generate_series(1, $1::int) AS n) AS stuck`;

/** Makes `count` scheduled tickets that were never tried and that nobody can do. */
export async function addStuckBacklog({ databaseUrl, windows }: FightDesk, count: number): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    await client.query(insertBacklog, [
      count,
      stuckAccountId,
      stuckSiteId,
      accountId,
      siteId,
      windows.map(({ start }) => start),
    ]);
    await client.query("VACUUM ANALYZE tickets");
  });
}

/** The backlog's tickets that were never tried. */
export const countUntried = async (databaseUrl: string): Promise<number> =>
  withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM tickets WHERE id >= 'ffffffff-0000-0000-0000-000000000000' AND assign_attempts = 0",
    );
    return rows[0]?.n ?? 0;
  });

export type Answer = { readonly status: number; readonly body: string };

/** A client of one API. A request whose connection the API closed, as it does with idle ones, is sent once more with its key. */
export class DeskClient {
  readonly #url: string;
  #connection: HttpConnection | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  /** Gives a command; any answer is an answer. */
  command<N extends CommandName>(name: N, ticketId: string, input: InputOf<N>): Promise<Answer> {
    const path = commands[name].path.replace("{ticketId}", ticketId);
    return this.#request(
      "POST",
      path,
      `Content-Type: application/json\r\n${dispatcher}Idempotency-Key: ${randomUUID()}\r\n`,
      JSON.stringify(input),
    );
  }

  receipt(receiptId: string): Promise<Answer> {
    return this.#request("GET", `/receipts/${receiptId}`, dispatcher);
  }

  close(): void {
    this.#connection?.close();
  }

  async #request(method: "GET" | "POST", path: string, headers: string, body?: string): Promise<Answer> {
    const send = async () => {
      this.#connection ??= await HttpConnection.open(this.#url);
      return this.#connection.request(method, path, headers, body);
    };
    try {
      return await send();
    } catch {
      this.#connection?.close();
      this.#connection = null;
      return await send();
    }
  }
}

/** Makes a ticket that can be scheduled. @throws CommandFailure */
export async function makeTicket(client: DeskClient, priority: InputOf<"ticket.triage">["priority"]): Promise<string> {
  const created = await client.command("ticket.create", "", {
    account_id: accountId,
    site_id: siteId,
    summary: "Door does not latch",
  });
  const ticketId = idIn(succeeded(created));
  succeeded(
    await client.command("ticket.triage", ticketId, {
      priority,
      incident_type: "DOOR_WONT_LATCH",
      ready_to_schedule: true,
    }),
  );
  return ticketId;
}

export function succeeded({ status, body }: Answer): string {
  if (status < 300) return body;
  throw new CommandFailure(`a command answered ${status}: ${body.slice(0, 300)}`);
}

/** The id at the beginning of a ticket's body. */
const idIn = (body: string): string => body.slice(7, 43);

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
