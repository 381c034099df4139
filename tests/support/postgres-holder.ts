// A program for the tests of the embedded PostgreSQL: starts it on the folder given, says so
// in lines of JSON, and holds it until killed. "stop" on its input ends it in good order,
// "leave" makes it exit without stopping anything.
import { createInterface } from "node:readline";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";

const say = (line: unknown): void => console.log(JSON.stringify(line));

process.on("SIGINT", () => say({ signal: "SIGINT" }));
const [dataDir = ""] = process.argv.slice(2);
try {
  const postgres = await startEmbeddedPostgres({ dataDir, log: (message) => say({ log: message }) });
  say({ ready: { url: postgres.url, started: postgres.started, pid: postgres.pid } });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "stop") await postgres.stop();
    if (line === "stop" || line === "leave") process.exit(0);
  }
} catch (cause) {
  say({ error: cause instanceof Error ? { ...cause, message: cause.message } : String(cause) });
  process.exitCode = 1;
}
