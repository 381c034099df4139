// The state of a stack as a terminal shows it: a row for each process, how it ended last, and what to type next.

import { endInALine } from "./end-in-a-line.ts";
import { nextCommands } from "./next-commands.ts";
import { jwtSecretFile } from "./secret-file.ts";
import type { StackStatus } from "./status.ts";

/** @param hangSeconds after how long the supervisor acts by itself; 0: never */
export function statusTable(
  { state, supervisor_pid, supervisor_stopped, secret_unusable, services }: StackStatus,
  dataDir: string,
  hangSeconds: number,
): string {
  if (state === "down") return `No stack runs from ${dataDir}. pnpm dispatch:stack:up starts one.`;
  const head =
    state === "lost"
      ? "The supervisor was killed; pnpm dispatch:stack:up starts a new one, pnpm dispatch:stack:down cleans up."
      : `Stack ${state}, supervisor ${supervisor_pid ?? "unknown"}, data in ${dataDir}`;
  const rows = services.map((one) => [
    one.name,
    one.state,
    String(one.pid ?? "-"),
    uptime(one.uptime_seconds),
    String(one.restarts),
    one.health ?? "-",
    one.url ?? "-",
  ]);
  const table = [["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "HEALTH", "URL"], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const ends = services.flatMap(({ name, last_end: end }) => (end === null ? [] : [`${name} last ${endInALine(end)}`]));
  const next = nextCommands(services, hangSeconds).map((line) => `next, ${line}`);
  if (supervisor_stopped)
    next.unshift(
      `next, supervisor: kill -CONT ${supervisor_pid}; a signal stopped it, and meanwhile no part that ends or hangs is started again`,
    );
  if (secret_unusable !== null) {
    next.push(
      `The token secret on disk is not the one the parts use: ${secret_unusable}. Put one back into ${jwtSecretFile(dataDir)}, or the ` +
        "file that DISPATCH_AUTH_JWT_SECRET_FILE names, and they take it up; an API that is started meanwhile fails.",
    );
  }
  const below = [ends, next].flatMap((these) => (these.length === 0 ? [] : ["", ...these]));
  return [head, "", ...lines, ...below].join("\n");
}

function uptime(seconds: number | null): string {
  if (seconds === null) return "-";
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
