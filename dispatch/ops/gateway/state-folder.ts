// The folder of Dispatch's own OpenClaw, under the data folder: configuration with its tokens, state, home, workspace and
// logs. For its owner's eyes alone.

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject, parseObject, type JsonObject } from "../../kernel/json.ts";
import { GatewayError } from "./error.ts";

export type StateFolder = {
  readonly root: string;
  readonly configuration: string;
  readonly state: string;
  readonly home: string;
  readonly workspace: string;
  /** What the gateway prints. */
  readonly output: string;
  /** What OpenClaw logs, as NDJSON. */
  readonly log: string;
  readonly lock: string;
  readonly written: string;
};

/** What Dispatch wrote last, to tell it from what the user changed since, and which process runs. */
export type Written = {
  readonly pluginPath: string | null;
  readonly model: string | null;
  readonly pid: number | null;
  readonly port: number | null;
};

/** The paths alone; nothing is made. */
export function stateFolderOf(dataDir: string): StateFolder {
  const root = join(dataDir, "openclaw");
  return {
    root,
    configuration: join(root, "openclaw.json"),
    state: join(root, "state"),
    home: join(root, "home"),
    workspace: join(root, "workspace"),
    output: join(root, "gateway.log"),
    log: join(root, "openclaw.log"),
    lock: join(root, "running.lock"),
    written: join(root, "dispatch.json"),
  };
}

/** Whether a gateway was ever set up there. */
export const isSetUp = (folder: StateFolder): boolean => existsSync(folder.configuration);

/** Makes the folder, or closes it to others when it is there. */
export async function makeStateFolder(dataDir: string): Promise<StateFolder> {
  const folder = stateFolderOf(dataDir);
  for (const path of [folder.root, folder.state, folder.home, folder.workspace]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
  }
  return folder;
}

/**
 * The configuration as it stands; null before the first start.
 * @throws {GatewayError} configuration, when it is not a JSON object
 */
export async function readConfiguration(folder: StateFolder): Promise<JsonObject | null> {
  const text = await readFile(folder.configuration, "utf8").catch(() => null);
  if (text === null) return null;
  const value = parseObject(text);
  if (value !== null) return value;
  throw new GatewayError(
    "configuration",
    `${folder.configuration} is not a JSON object (comments and trailing commas are not allowed ` +
      "either). Fix it, or move it away and a new one is written.",
  );
}

/** The port and token a client of this folder's gateway uses; null where the configuration does not say. */
export function addressIn(configuration: JsonObject | null): {
  readonly port: number | null;
  readonly token: string | null;
} {
  const gateway = configuration?.["gateway"];
  if (!isObject(gateway)) return { port: null, token: null };
  const { port, auth } = gateway;
  const token = isObject(auth) ? auth["token"] : null;
  return {
    port: typeof port === "number" ? port : null,
    token: typeof token === "string" && token !== "" ? token : null,
  };
}

export const writeConfiguration = (folder: StateFolder, configuration: JsonObject): Promise<void> =>
  writeWhole(folder.configuration, configuration);

export async function readWritten(folder: StateFolder): Promise<Written> {
  const value = parseObject(await readFile(folder.written, "utf8").catch(() => "")) ?? {};
  const text = (key: string) => (typeof value[key] === "string" ? value[key] : null);
  const count = (key: string) => (typeof value[key] === "number" ? value[key] : null);
  return { pluginPath: text("pluginPath"), model: text("model"), pid: count("pid"), port: count("port") };
}

export const writeWritten = (folder: StateFolder, written: Written): Promise<void> =>
  writeWhole(folder.written, written);

/** Replaces the file in one step, so that a reader or a crash never meets half of it. */
async function writeWhole(path: string, value: object): Promise<void> {
  const unfinished = `${path}.${randomUUID()}`;
  try {
    await writeFile(unfinished, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}
