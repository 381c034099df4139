// `pnpm dispatch:bench:flood`: what an API process holds while many connections begin what they never end, and whether others
// are served meanwhile. It says what it measured; tests/api/floods.test.ts holds the bounds.

import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { startApiProcess, type ApiProcess } from "./api-process.ts";
import { openHandles, residentMiB } from "./process-figures.ts";
import { environmentOf, newDatabase, throwawayServer } from "./throwaway-database.ts";

const say = (line: string): void => console.error(line);
/** One byte short of the largest body. */
const almostWhole = 256 * 1024 - 1;
const nothing = Buffer.alloc(0);
const unfinished = Buffer.alloc(almostWhole, "x");
const lookEveryMs = 250;
const looks = 20;
const settleMs = 3_000;

type Flood = { readonly name: string; readonly head: (n: number) => string; readonly body: Buffer };

const floods: readonly Flood[] = [
  { name: "say nothing", head: () => "", body: nothing },
  { name: "begin a head", head: () => "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", body: nothing },
  { name: "bodies of strangers", head: () => post(null), body: unfinished },
  { name: "bodies of one caller", head: () => post("flood"), body: unfinished },
  { name: "bodies of many callers", head: (n) => post(`flood-${n}`), body: unfinished },
];

const post = (actor: string | null): string =>
  `POST /tickets HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: ${randomUUID()}\r\nContent-Length: ${almostWhole + 1}\r\n` +
  `${actor === null ? "" : `X-Actor-Id: ${actor}\r\nX-Actor-Role: dispatcher\r\n`}\r\n`;

export const benchFloodCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:flood",
      about:
        "Opens many connections to a throw-away API that begin what they never end, of five kinds in turn, and tells its " +
        "memory and open files before, at most, and after, what the connections were answered, and how others fared.",
      options: { connections: { type: "string" } },
      meanings: { connections: "connections of each kind (default 1500)" },
    },
    async ({ connections: asked = "1500" }) => {
      const connections = wholeNumber("connections", asked, 1);
      await using ends = new AsyncDisposableStack();
      const server = await throwawayServer(ends, say);
      const api = await startApiProcess(environmentOf(await newDatabase(server.url), server.folder));
      ends.defer(() => api.stop());
      const rows: object[] = [];
      for (const flood of floods) {
        say(`${connections} connections: ${flood.name}`);
        rows.push(await suffer(api, flood, connections));
      }
      console.table(rows);
      return 0;
    },
  );

async function suffer(api: ApiProcess, { name, head, body }: Flood, connections: number): Promise<object> {
  await serveOthers(api);
  await pause(settleMs);
  const before = await figuresOf(api);
  const answers = new Map<string, number>();
  const sockets = Array.from({ length: connections }, (_, n) => begin(new URL(api.url), [head(n), body], answers));
  let most = before;
  const waits: number[] = [];
  for (let look = 0; look < looks; look++) {
    await pause(lookEveryMs);
    waits.push(await serveOthers(api));
    const now = await figuresOf(api);
    most = { mib: Math.max(most.mib, now.mib), files: Math.max(most.files, now.files) };
  }
  for (const socket of sockets) socket.destroy();
  await pause(settleMs);
  const after = await figuresOf(api);
  return {
    "1 kind": name,
    "MiB before": before.mib,
    "at most": most.mib,
    after: after.mib,
    "files before": before.files,
    "files at most": most.files,
    answered: [...answers].map(([status, count]) => `${count} × ${status}`).join(", "),
    "another's slowest call, ms": Math.round(Math.max(...waits)),
  };
}

const figuresOf = async ({ pid }: ApiProcess): Promise<{ mib: number; files: number }> => ({
  mib: (await residentMiB(pid)) ?? NaN,
  files: (await openHandles(pid)) ?? NaN,
});

function begin({ hostname, port }: URL, [head, body]: readonly [string, Buffer], answers: Map<string, number>): Socket {
  const socket = connect(Number(port), hostname, () => {
    socket.write(head);
    socket.write(body);
  });
  let answered = false;
  socket.on("data", (data: Buffer) => {
    if (answered) return;
    answered = true;
    const status = /^HTTP\/1\.1 (\d{3})/.exec(data.toString("latin1"))?.[1] ?? "?";
    answers.set(status, (answers.get(status) ?? 0) + 1);
  });
  return socket.on("error", () => undefined);
}

/** Somebody else reads the queue. @returns how long that took, in ms; Infinity when it was not served */
async function serveOthers({ url }: ApiProcess): Promise<number> {
  const begun = performance.now();
  const headers = { "x-actor-id": "somebody-else", "x-actor-role": "dispatcher", connection: "close" };
  const status = await fetch(`${url}/ux/dispatcher/cockpit`, { headers, signal: AbortSignal.timeout(30_000) }).then(
    async (response) => response.text().then(() => response.status),
    () => null,
  );
  return status === 200 ? performance.now() - begun : Infinity;
}
