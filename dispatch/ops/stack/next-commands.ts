// What to type next for a part of the stack that is not well: one line each, with its process id. Pure.

import type { ServiceStatus } from "./status.ts";

/** @param hangSeconds after how long the supervisor acts by itself; 0: never */
export function nextCommands(services: readonly ServiceStatus[], hangSeconds: number): string[] {
  return services.flatMap((service) => {
    const next = nextFor(service, hangSeconds);
    return next === null ? [] : [`${service.name}: ${next}`];
  });
}

function nextFor(
  { name, state, pid, health, stopped_pids: stopped }: ServiceStatus,
  hangSeconds: number,
): string | null {
  const byItself = (what: string): string =>
    hangSeconds === 0 ? "" : `; the supervisor ${what} after ${hangSeconds} s`;
  if (state === "lost") return null;
  if (state === "crash-loop") return `pnpm dispatch:stack:logs ${name}`;
  if (stopped.length > 0) {
    const isPostgres = name === "postgres";
    return `kill -CONT ${stopped.join(" ")}${byItself(isPostgres ? "does so" : "kills it and starts it again")}`;
  }
  if (state !== "running" || pid === null || health === "ok" || health === null) return null;
  if (name !== "postgres" && health.startsWith("no answer"))
    return `kill -9 ${pid}, and the supervisor starts it again${byItself("does so")}`;
  if (name === "api") return "pnpm dispatch:alerts";
  if (name === "postgres" || health === "cannot ask Postgres") return "pnpm dispatch:stack:logs postgres";
  return `pnpm dispatch:stack:logs ${name}`;
}
