// Brings a stack up for a person: apart from the terminal or in it, with progress, and says where everything is.

import { configurationFrom, type Configuration, type Settings } from "../../process/settings.ts";
import { settingsList } from "../../process/settings/settings-list.ts";
import { abortOnSignal } from "../../process/abort-on-signal.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { addressIn, readConfiguration, stateFolderOf } from "../gateway/state-folder.ts";
import { detachSupervisor } from "./detach.ts";
import { stackFolderOf } from "./folder.ts";
import { startStack } from "./stack.ts";
import { readStackRecord, type ServiceRecord } from "./state.ts";

const mostWorkers = 16;

export type UpOptions = {
  readonly settings: Settings;
  readonly workers: number;
  readonly withGateway: boolean;
  readonly standInModel: string | null;
  readonly say: (line: string) => void;
};

/** The options of every command that brings a stack up, and what they mean. */
export const upOptions = {
  workers: { type: "string" },
  "no-gateway": { type: "boolean" },
  dev: { type: "boolean" },
} as const;
export const upMeanings = {
  dev: "believe X-Actor-… headers too, which let every program of this machine be anybody; without it callers need tokens",
  workers: `how many workers, 1 to ${mostWorkers}; 1`,
  "no-gateway": "the quick way: without OpenClaw",
};

/**
 * The settings of a stack that is to be started: it has a secret, so callers need tokens unless `dev` or the setting itself
 * says otherwise.
 */
export const stackConfiguration = (dev: boolean): Configuration =>
  configurationFrom(process.env, dev ? {} : { allowDevHeaders: false });

/** The same for a start: what this process starts inherits it, and warnings are said. */
export function stackSettings(dev: boolean, say: (line: string) => void): Settings {
  const { settings, origins, warnings } = stackConfiguration(dev);
  if (!dev && origins.allowDevHeaders === null) process.env[settingsList.allowDevHeaders.variable] = "false";
  for (const warning of warnings) say(warning);
  return settings;
}

export function checkWorkers(workers: number): number {
  if (workers >= 1 && workers <= mostWorkers) return workers;
  throw new CommandFailure(`--workers must be from 1 to ${mostWorkers}, not ${workers}`);
}

export type DetachedStack = {
  /** Of the API. */
  readonly url: string;
  /** False where the gateway did not start, and is tried again. */
  readonly isWhole: boolean;
};

/** Returns once all is ready, or only the gateway is not; Ctrl-C before that stops what was started. */
export async function upDetached({
  settings,
  workers,
  withGateway,
  standInModel,
  say,
}: UpOptions): Promise<DetachedStack> {
  const stopping = abortOnSignal(() => say("\nStopping…"));
  const args = [
    "--workers",
    String(workers),
    ...(withGateway ? [] : ["--no-gateway"]),
    ...(standInModel === null ? [] : ["--stand-in-model", standInModel]),
  ];
  const pid = await detachSupervisor({ dataDir: settings.dataDir, args, say, signal: stopping });
  const services = readStackRecord(stackFolderOf(settings.dataDir))?.services ?? [];
  say(`\n${howItStands(services, `supervisor ${pid}`)}\n${await whereabouts(services, settings)}`);
  return { url: apiUrlOf(services), isWhole: missing(services) === null };
}

/** Stays until Ctrl-C or SIGTERM, and takes everything down then. */
export async function upInForeground({ settings, workers, withGateway, standInModel, say }: UpOptions): Promise<void> {
  const stopping = abortOnSignal(() => say("\nStopping…"));
  // Where its output goes to a file and the disk is full, the second line that fails would end the process, and the stack with it.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);
  const stack = await startStack({ settings, workers, withGateway, standInModel, say, signal: stopping });
  const services = stack.services();
  say(`\n${howItStands(services, null)}\n${await whereabouts(services, settings)}\nCtrl-C stops everything.`);
  if (!stopping.aborted) await new Promise((resolve) => stopping.addEventListener("abort", resolve, { once: true }));
  await stack.stop();
}

/** The part without which the stack is up all the same; null where all are ready. */
const missing = (services: readonly ServiceRecord[]): ServiceRecord | null =>
  services.find(({ name, state }) => name === "gateway" && state !== "running") ?? null;

function howItStands(services: readonly ServiceRecord[], supervisor: string | null): string {
  const gateway = missing(services);
  const who = supervisor === null ? "" : `, ${supervisor}`;
  if (gateway === null) return `The stack is up${who}.`;
  return (
    `The stack is up${who}, without the gateway: the desk works, the chat does not. The gateway ${gateway.lastEnd ?? "is not ready"}\n` +
    "It is started again until it runs; pnpm dispatch:stack:status shows it, pnpm dispatch:stack:logs gateway says why."
  );
}

function apiUrlOf(services: readonly ServiceRecord[]): string {
  const url = services.find(({ name }) => name === "api")?.url;
  if (!url) throw new CommandFailure("The stack has gone again; pnpm dispatch:stack:logs supervisor says why.");
  return url;
}

async function whereabouts(services: readonly ServiceRecord[], settings: Settings): Promise<string> {
  const api = apiUrlOf(services);
  const lines = [
    `  ${api}/docs     what may be called`,
    `  ${api}/health   is everything there`,
    `  curl -H "$(pnpm -s dispatch:token --header)" ${api}/roster   asks as a dispatcher`,
  ];
  const gateway = services.find(({ name }) => name === "gateway");
  if (gateway?.url && missing(services) === null) {
    const { token } = addressIn(await readConfiguration(stateFolderOf(settings.dataDir)));
    lines.push(
      `  ${gateway.url}/#token=${token ?? ""}`,
      "        the dashboard: chat with the desk. Keep this address to yourself, it logs in as the owner",
    );
  }
  return [
    ...lines,
    "pnpm dispatch:stack:status shows it, dispatch:stack:logs what it says, dispatch:stack:down ends it.",
  ].join("\n");
}
