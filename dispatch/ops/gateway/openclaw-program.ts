// The pinned OpenClaw: where its program is, and the environment it gets. Nothing of the caller's environment reaches it
// but what is named here, so that neither another OpenClaw's settings nor a secret of the desk's does.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GatewayError } from "./error.ts";
import type { StateFolder } from "./state-folder.ts";

/**
 * Handed on when set: programs, locale, time zone, terminal, proxies and certificates, and the keys of real models.
 * NODE_COMPILE_CACHE must not be: with it OpenClaw starts itself a second time, and the process we hold is not the gateway.
 */
const handedOn = [
  "PATH",
  "TMPDIR",
  "LANG",
  "LC_ALL",
  "TZ",
  "TERM",
  "COLORTERM",
  "NO_COLOR",
  "FORCE_COLOR",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "ANTHROPIC_API_KEY",
  "OPENAI_API_KEY",
] as const;

/**
 * The path of openclaw.mjs, to be run by this very Node.
 * @throws {GatewayError} not_installed
 */
export function openclawProgram(): string {
  try {
    const program = join(dirname(fileURLToPath(import.meta.resolve("openclaw"))), "../openclaw.mjs");
    if (existsSync(program)) return program;
  } catch {
    // Said below.
  }
  throw new GatewayError(
    "not_installed",
    "OpenClaw is not installed. Run pnpm install, or leave the gateway out (pnpm dispatch:demo --no-gateway).",
  );
}

/** The environment that makes an OpenClaw program work on this state folder and on nothing else of the machine's. */
export function openclawEnvironment(folder: StateFolder, environment: NodeJS.ProcessEnv): Record<string, string> {
  const kept = handedOn.flatMap((name) => (environment[name] ? [[name, environment[name]] as const] : []));
  return {
    ...Object.fromEntries(kept),
    HOME: folder.home,
    OPENCLAW_STATE_DIR: folder.state,
    OPENCLAW_CONFIG_PATH: folder.configuration,
    OPENCLAW_OFFLINE: "1",
    // A restart stays in the process whose id we hold; nothing is announced to the network; no login shell is read.
    OPENCLAW_NO_RESPAWN: "1",
    OPENCLAW_DISABLE_BONJOUR: "1",
    OPENCLAW_EXEC_SHELL_SNAPSHOT: "0",
  };
}
