// What to do when the API gave no answer: a sentence for each way in which it did not.

import type { Unanswered } from "./ask.ts";
import { isSupervised, trouble, type StackPart } from "./stack-parts.ts";
import { supervisorName } from "../stack/folder.ts";

/** @param parts of the stack that the address is of; null where it is of none */
export function advice(
  url: string,
  { error: { kind, words } }: Unanswered,
  parts: readonly StackPart[] | null,
): string {
  const { host, hostname, port } = addressParts(url);
  const api = parts?.find((part) => part.name === "api" && part.url !== null && part.url === url) ?? null;
  if (kind === "refused") return `nothing listens at ${host} (${words}). ${howToStart(api, parts)}`;
  if (kind === "hangs") return `the API takes connections and gives ${words}: it hangs. ${howToEnd(api, parts, port)}`;
  if (kind === "unreachable")
    return `${words} to ${host}: that machine is down, or something between drops what is sent (a firewall, a network).`;
  if (kind === "name")
    return `the name ${hostname} is not found (${words}): look at the address and at the name service.`;
  if (kind === "tls")
    return `no TLS with ${host} (${words}): look at its certificate, and whether the address begins with http or https.`;
  if (kind === "other_program") {
    const other = `another program than Dispatch answers at ${host} (${words})`;
    return api === null || api.state === "runs"
      ? `${other}: pass the API's own address with --url.`
      : `${other}, and the stack's API is ${api.state}, since its port is taken: ss -ltnp 'sport = :${port}' names that program; end it, ` +
          "and the supervisor starts the API.";
  }
  if (kind === "closed")
    return `${host} closed the connection without an answer (${words}): it is just starting or ending, ask once more; else read its log.`;
  return `${host} could not be asked: ${words}`;
}

function addressParts(url: string): { host: string; hostname: string; port: string } {
  if (!URL.canParse(url)) return { host: url, hostname: url, port: "" };
  const { host, hostname, port, protocol } = new URL(url);
  return { host, hostname, port: port || (protocol === "https:" ? "443" : "80") };
}

function howToStart(api: StackPart | null, parts: readonly StackPart[] | null): string {
  const startOne =
    "Start it: pnpm dispatch:stack:up (a whole stack) or pnpm dispatch:api:start (the API alone). " +
    "If it runs elsewhere, name it with --url.";
  if (api === null || parts === null) return startOne;
  const supervisor = parts.find(({ name }) => name === supervisorName);
  if (supervisor?.state !== "runs") return `${supervisor ? trouble(supervisor, parts) : "No supervisor is there"}.`;
  if (api.state === "runs") return `Its process ${api.pid} lives and does not listen; read ${api.log}.`;
  return `The supervisor starts it again; why it ended is in ${api.log}.`;
}

function howToEnd(api: StackPart | null, parts: readonly StackPart[] | null, port: string): string {
  if (api === null || api.pid === null || parts === null)
    return `Find its process with ss -ltnp 'sport = :${port}', end it with kill -9 PID, and start it again.`;
  if (api.state === "stopped") return `${trouble(api, parts)}.`;
  return `kill -9 ${api.pid}; ${isSupervised(parts) ? "its supervisor starts it again" : "then pnpm dispatch:stack:up"}.`;
}
