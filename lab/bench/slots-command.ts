// `pnpm dispatch:bench:slots`: how long does the question "when could somebody come?" take on a full calendar, beside the
// bare read of that calendar and the reading of one ticket? It says what it measured, not whether that is good.

import type { TicketId } from "../../dispatch/contract/ids.ts";
import { openDatabase, type Database } from "../../dispatch/db/pool.ts";
import { plusMinutes } from "../../dispatch/kernel/clock.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import { loadRoster, readingAt } from "../../dispatch/workforce/calendar.ts";
import { startApiProcess } from "./api-process.ts";
import { HttpConnection } from "./http-connection.ts";
import { figuresOf, type Figures } from "./measure.ts";
import { readHeaders } from "./over-http.ts";
import { writeReport } from "./report.ts";
import { seedSlotsDesk } from "./slots-desk.ts";
import { environmentOf, newDatabase, throwawayServer } from "./throwaway-database.ts";
import { CommandFailure, runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";

const say = (line: string): void => console.error(line);
const weekMinutes = 7 * 24 * 60;
/** Calls are made in small turns of each kind, so that a noisy machine affects all alike. */
const turn = 10;

type Target = { readonly url: string; readonly db: Database; readonly tickets: readonly TicketId[] };
type Row = Figures & { readonly measured: string; readonly clients: number };

/** One of the things that are timed; the ticket asked about changes from call to call. */
type Way = {
  readonly measured: string;
  readonly once: (connection: HttpConnection, db: Database, ticketId: TicketId) => Promise<unknown>;
};

const ways: readonly Way[] = [
  {
    measured: "schedule.slots over HTTP",
    once: (connection, _db, id) => get(connection, `/tickets/${id}/schedule/slots`),
  },
  { measured: "ticket.get over HTTP", once: (connection, _db, id) => get(connection, `/tickets/${id}`) },
  { measured: "the calendar through pg", once: (_connection, db, id) => readCalendar(db, id) },
];

export const benchSlotsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:slots",
      about:
        "Measures schedule.slots over HTTP for a week ahead on a throw-away desk full of appointments, " +
        "one call at a time and with several clients, in turn with the reading of a ticket and the bare " +
        "read of the calendar. Prints a table, then JSON.",
      options: {
        technicians: { type: "string" },
        bookings: { type: "string" },
        calls: { type: "string" },
        clients: { type: "string" },
        json: { type: "string" },
      },
      meanings: {
        technicians: "technicians on the roster (default 40)",
        bookings: "bookings of the coming days, over all technicians (default 240)",
        calls: "measured calls of each kind (default 1000)",
        clients: "clients at once in the second half (default 4)",
        json: "also write the JSON to this file",
      },
    },
    async (values) => {
      const desk = {
        technicians: wholeNumber("technicians", values.technicians, 40),
        bookings: wholeNumber("bookings", values.bookings, 240),
        tickets: 30,
      };
      const calls = wholeNumber("calls", values.calls, 1_000);
      const clients = wholeNumber("clients", values.clients, 4);
      if (desk.technicians === 0 || calls === 0 || clients === 0)
        throw new CommandFailure("--technicians, --calls and --clients must be at least 1");
      await using ends = new AsyncDisposableStack();
      const { url, folder } = await throwawayServer(ends, say);
      const database = await newDatabase(url);
      const tickets = await seedSlotsDesk(database, desk);
      const api = await startApiProcess(environmentOf(database, folder));
      ends.defer(() => api.stop());
      const db = openDatabase({
        url: database,
        poolMax: clients,
        applicationName: "bench",
        role: null,
        statementTimeoutMs: 10_000,
        lockTimeoutMs: 3_000,
        onError: (error) => say(error.message),
      });
      ends.defer(() => db.close());

      const target = { url: api.url, db, tickets };
      say("warming up…");
      await measure(target, 1, Math.ceil(calls / 5));
      say("one call at a time…");
      const alone = await measure(target, 1, calls);
      say(`${clients} clients…`);
      const rows = [...alone, ...(await measure(target, clients, calls))];
      print(rows);
      await writeReport({ technicians: desk.technicians, bookings: desk.bookings, rows }, values.json);
      return 0;
    },
  );

async function measure({ url, db, tickets }: Target, clients: number, calls: number): Promise<Row[]> {
  const connections = await Promise.all(Array.from({ length: clients }, () => HttpConnection.open(url)));
  const timed = ways.map(({ measured, once }) => ({ measured, once, durations: new Array<number>(), ms: 0 }));
  let asked = 0;
  for (let done = 0; done < calls; done += turn * clients) {
    for (const one of timed) {
      const begun = performance.now();
      const each = connections.map(async (connection) => {
        for (let n = 0; n < turn; n++) {
          const ticketId = tickets[asked++ % tickets.length];
          if (ticketId === undefined) throw new CommandFailure("no ticket looks for a time");
          const sent = performance.now();
          await one.once(connection, db, ticketId);
          one.durations.push(performance.now() - sent);
        }
      });
      await Promise.all(each);
      one.ms += performance.now() - begun;
    }
  }
  for (const connection of connections) connection.close();
  return timed.map(({ measured, durations, ms }) => ({ measured, clients, ...figuresOf(durations, ms / 1_000) }));
}

async function get(connection: HttpConnection, path: string): Promise<void> {
  const { status, body } = await connection.request("GET", path, readHeaders);
  if (status !== 200) throw new CommandFailure(`${path} answered ${status}: ${body.slice(0, 300)}`);
}

/** The very statement that schedule.slots reads the calendar with, for the same week. */
function readCalendar(db: Database, ticketId: TicketId): Promise<unknown> {
  const from = new Date().toISOString();
  return loadRoster(db, { ticketId, from, to: plusMinutes(from, weekMinutes) }, readingAt(loadPolicy("pilot"), from));
}

function print(rows: readonly Row[]): void {
  console.log(
    `\n${"".padEnd(30)}${"clients".padStart(8)}${"rate".padStart(10)}${"p50".padStart(12)}${"p95".padStart(12)}${"p99".padStart(12)}`,
  );
  for (const { measured, clients, per_second, p50_ms, p95_ms, p99_ms } of rows) {
    const times = [p50_ms, p95_ms, p99_ms].map((ms) => `${ms.toFixed(2)} ms`.padStart(12)).join("");
    console.log(`${measured.padEnd(30)}${String(clients).padStart(8)}${`${per_second}/s`.padStart(10)}${times}`);
  }
  console.log("");
}
