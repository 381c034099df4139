// What `pnpm dispatch:alerts` says without --explain: what /health and /ops/alerts answered, word for word where they were not
// answered well, and what can be seen of the stack from outside.

import { alertList, reportedCodes } from "../../api/alert-list.ts";
import { isObject, type JsonObject } from "../../kernel/json.ts";
import type { Settings } from "../../process/settings.ts";
import type { ApiAddress } from "./address.ts";
import { advice } from "./advice.ts";
import { ask, isAnswered, type Reply, type Unanswered } from "./ask.ts";
import { partLines, stackParts, type StackPart } from "./stack-parts.ts";
import { secretLines } from "./stack-secret.ts";

/**
 * Asks both questions at the same time and tells of each as soon as it is answered.
 * @returns 0 when the API is well and told its alerts, whatever fires; 1 otherwise
 */
export async function tellState(
  address: ApiAddress,
  settings: Settings,
  json: boolean,
  withinMs: number,
): Promise<number> {
  const { url, from } = address;
  const asked = { health: ask(`${url}/health`, withinMs), alerts: ask(`${url}/ops/alerts`, withinMs) };
  const parts = await stackParts(settings);
  if (json) {
    const [health, alerts] = [await asked.health, await asked.alerts];
    console.log(JSON.stringify({ api: { url, from }, health, alerts, stack: parts }));
    return health.ok && alerts.ok ? 0 : 1;
  }
  console.log(`api: ${url}, from ${from}`);
  const health = await asked.health;
  console.log(healthLines(health, url, parts).join("\n"));
  const alerts = await asked.alerts;
  console.log(alertLines(alerts, health, url, parts).join("\n"));
  const secret = (await secretLines(settings)).map((line) => `  ${line}`);
  if (parts !== null) console.log([...partLines(parts), ...secret].join("\n"));
  return health.ok && alerts.ok ? 0 : 1;
}

function healthLines(reply: Reply, url: string, parts: readonly StackPart[] | null): string[] {
  if (!isAnswered(reply)) return [`health: ${advice(url, reply, parts)}`];
  const checks = entriesOf(reply.body["checks"]).map(
    ([part, check]) => `  ${part}: ${[check["status"], check["reason"]].filter(Boolean).join(", ")}`,
  );
  return [`health: ${reply.ok ? "ok" : checks.length > 0 ? "unavailable" : refusalOf(reply)}`, ...checks];
}

function alertLines(reply: Reply, health: Reply, url: string, parts: readonly StackPart[] | null): string[] {
  if (!isAnswered(reply))
    return [`alerts: cannot be read: ${unread(reply, health, url, parts)}`, ...alertLine("ALERTS_BLIND")];
  if (!reply.ok) {
    const { error } = reply.body;
    const details = isObject(error) ? error : {};
    return [
      `alerts: cannot be read: ${refusalOf(reply)}`,
      ...lastKnown(details),
      ...(details["reason"] === "locked" ? alertLine("DATABASE_LOCKED") : []),
      ...unavailable(health).flatMap(alertLine),
      ...alertLine("ALERTS_BLIND"),
    ];
  }
  const fired = firedIn(reply.body);
  const away = unavailable(health).filter((code) => !fired.some((one) => one["code"] === code));
  return [
    fired.length + away.length > 0 ? `alerts: ${fired.length + away.length} fire` : noneFires(parts),
    ...away.flatMap(alertLine),
    ...fired.flatMap(({ code, severity, count, threshold, reason, runbook }) => {
      const known = reportedCodes.find((one) => one === code);
      const next = known ? `, then ${alertList[known].firstCommand}; owner: ${alertList[known].owner}` : "";
      return [
        `  ${String(code)} ${String(severity)}: ${String(count)}, fires at ${String(threshold)}`,
        ...(typeof reason === "string" ? [`    ${reason}`] : []),
        `    read ${String(runbook)}${next}`,
      ];
    }),
  ];
}

/** An alert needs its time; what the system says of a process is known at once. */
function noneFires(parts: readonly StackPart[] | null): string {
  const still = (parts ?? []).filter(({ state }) => state !== "runs").map(({ name }) => name);
  return still.length === 0 ? "alerts: none fires" : `alerts: none fires yet, but see ${still.join(", ")} below`;
}

/** What is wrong where /health was answered is not what it would be of the whole API. */
function unread(reply: Unanswered, health: Reply, url: string, parts: readonly StackPart[] | null): string {
  const { kind, words } = reply.error;
  if (!isAnswered(health)) return health.error.kind === kind ? "as above" : advice(url, reply, parts);
  if (kind === "other_program")
    return `a proxy stands before the API and does not serve /ops/alerts (${words}); ask the API itself, with --url`;
  return `/ops/alerts: ${words}, while /health answers: the API runs, and what it reads in Postgres waits`;
}

type NamedAlert = "ALERTS_BLIND" | "DATABASE_LOCKED" | "DATABASE_UNAVAILABLE" | "OBJECT_STORE_UNAVAILABLE";

/** The alerts of what /health says is away: /ops/alerts reads from Postgres, and of that itself it cannot tell. */
function unavailable(health: Reply): NamedAlert[] {
  if (!isAnswered(health)) return [];
  return entriesOf(health.body["checks"]).flatMap(([part, { status }]): NamedAlert[] => {
    if (status === "ok") return [];
    if (part === "postgres") return ["DATABASE_UNAVAILABLE"];
    return part === "object_store" ? ["OBJECT_STORE_UNAVAILABLE"] : [];
  });
}

const alertLine = (code: NamedAlert): string[] => {
  const { severity, summary, runbook, firstCommand, owner } = alertList[code];
  return [`  ${code} ${severity}: ${summary}`, `    read ${runbook}, then ${firstCommand}; owner: ${owner}`];
};

/** The server's own words. */
function refusalOf({ status, body: { error } }: { status: number; body: JsonObject }): string {
  return isObject(error) ? `${status} ${String(error["code"])}: ${String(error["message"])}` : `it answered ${status}`;
}

function lastKnown({ last_known: last }: JsonObject): string[] {
  if (!isObject(last)) return ["  nothing has been read since the API started"];
  const codes = firedIn(last).map(({ code }) => String(code));
  const fired = codes.length === 0 ? "none fired" : `${codes.join(", ")} fired`;
  return [`  last read ${String(last["age_seconds"])} s ago: ${fired}`];
}

const firedIn = ({ alerts }: JsonObject): JsonObject[] => (Array.isArray(alerts) ? alerts.filter(isObject) : []);

function entriesOf(value: unknown): [string, JsonObject][] {
  return isObject(value) ? Object.entries(value).flatMap(([name, one]) => (isObject(one) ? [[name, one]] : [])) : [];
}
