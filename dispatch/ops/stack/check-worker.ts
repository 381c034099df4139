// `node dispatch/ops/stack/check-worker.ts PID`: whether the worker with this pid, on this host, still shows itself in the
// database. A container's health check asks for its own first process.

import { readSettings } from "../../process/settings.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { workerHealth } from "./health.ts";

await runCommand(
  {
    name: "node dispatch/ops/stack/check-worker.ts",
    about: "Exit code 0 when the worker's heartbeat in DISPATCH_DATABASE_URL is fresh.",
    options: {},
    meanings: {},
    operands: { PID: "the worker's process id on this host; 1 in a container" },
  },
  async (_, [pid = ""]) => {
    const { databaseUrl } = readSettings();
    if (!/^\d+$/.test(pid)) throw new CommandFailure(`PID must be a number, not ${pid}`);
    if (databaseUrl === null) throw new CommandFailure("DISPATCH_DATABASE_URL must be set");
    const health = await workerHealth(databaseUrl, Number(pid));
    console.log(health);
    return health === "ok" ? 0 : 1;
  },
);
