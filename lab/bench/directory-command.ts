// `pnpm dispatch:bench:directory`: how long does a dispatcher wait who looks somebody up in a large directory? It says what it
// measured, not whether that is good.

import { CommandFailure, runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { startApiProcess } from "./api-process.ts";
import { seedDirectory } from "./directory-desk.ts";
import { HttpConnection } from "./http-connection.ts";
import { figuresOf, type Figures } from "./measure.ts";
import { readHeaders } from "./over-http.ts";
import { writeReport } from "./report.ts";
import { withClient } from "./seed.ts";
import { environmentOf, newDatabase, throwawayServer } from "./throwaway-database.ts";

const say = (line: string): void => console.error(line);

const firstNames = ["Ana", "Kim", "Tara"];
const lastNames = ["Becker", "Garcia", "Weber"];
const of = (words: readonly string[], n: number): string => words[n % words.length] ?? "";

/** What is typed, by the number of the call. */
const ways: Readonly<Record<string, (n: number) => string>> = {
  "phone number": (n) => `(${510 + (n % 400)}) 555-${String(n % 10_000).padStart(4, "0")}`,
  "end of a phone number": (n) => String(n % 10_000).padStart(4, "0"),
  name: (n) => `${of(firstNames, n)} ${of(lastNames, n)}`,
  "name of one in twenty": (n) => of(lastNames, n),
  "street and number": (n) => `${1 + (n % 9_973)} Elm`,
  "a street": () => "Elm Street",
  "e-mail": (n) => `person${n}@customer.example`,
  "serial number": (n) => `SN-${n * 7}`,
};

export const benchDirectoryCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:directory",
      about:
        "Measures directory.search over HTTP, one call at a time, on a throw-away desk with many contacts: by phone, name, " +
        "street, e-mail and serial number in turn. Prints a table, then JSON.",
      options: { contacts: { type: "string" }, calls: { type: "string" }, json: { type: "string" } },
      meanings: {
        contacts: "contacts; sites and assets are a fifth of them, accounts a twentieth (default 100000)",
        calls: "measured calls of each kind (default 300)",
        json: "also write the JSON to this file",
      },
    },
    async (values) => {
      const contacts = wholeNumber("contacts", values.contacts, 100_000);
      const calls = wholeNumber("calls", values.calls, 300);
      if (contacts < 20 || calls === 0)
        throw new CommandFailure("--contacts must be at least 20 and --calls at least 1");
      const size = {
        accounts: Math.ceil(contacts / 20),
        sites: Math.ceil(contacts / 5),
        contacts,
        assets: Math.ceil(contacts / 5),
      };
      await using ends = new AsyncDisposableStack();
      const { url, folder } = await throwawayServer(ends, say);
      const database = await newDatabase(url);
      say(`making ${contacts} contacts…`);
      await withClient(database, (client) => seedDirectory(client, size));
      const api = await startApiProcess(environmentOf(database, folder));
      ends.defer(() => api.stop());
      const connection = await HttpConnection.open(api.url);
      ends.defer(() => connection.close());
      say("searching…");
      await measure(connection, size.assets, Math.ceil(calls / 10));
      const rows = await measure(connection, size.assets, calls);
      print(rows);
      await writeReport({ ...size, rows }, values.json);
      return 0;
    },
  );

type Row = Figures & { readonly typed: string };

/** Calls take turns of each kind, so that a noisy machine affects all alike. */
async function measure(connection: HttpConnection, numbers: number, calls: number): Promise<Row[]> {
  const timed = Object.entries(ways).map(([typed, words]) => ({ typed, words, durations: new Array<number>(), ms: 0 }));
  for (let call = 0; call < calls; call++) {
    for (const one of timed) {
      const path = `/directory?q=${encodeURIComponent(one.words((call * 7_919) % numbers))}`;
      const sent = performance.now();
      const { status, body } = await connection.request("GET", path, readHeaders);
      const took = performance.now() - sent;
      if (status !== 200) throw new CommandFailure(`${path} answered ${status}: ${body.slice(0, 300)}`);
      one.durations.push(took);
      one.ms += took;
    }
  }
  return timed.map(({ typed, durations, ms }) => ({ typed, ...figuresOf(durations, ms / 1_000) }));
}

function print(rows: readonly Row[]): void {
  console.log(`\n${"".padEnd(26)}${"p50".padStart(12)}${"p95".padStart(12)}${"p99".padStart(12)}`);
  for (const { typed, p50_ms, p95_ms, p99_ms } of rows)
    console.log(
      `${typed.padEnd(26)}${[p50_ms, p95_ms, p99_ms].map((ms) => `${ms.toFixed(2)} ms`.padStart(12)).join("")}`,
    );
  console.log("");
}
