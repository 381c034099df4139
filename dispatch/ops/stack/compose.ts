// The stack in containers, through `docker compose` on docker-compose.yml; its secrets are made as files beforehand.

import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Settings } from "../../process/settings.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { ensureComposeSecrets } from "./compose-secrets.ts";

const file = join(import.meta.dirname, "../../../docker-compose.yml");

/** @returns compose's exit code. @throws CommandFailure without Docker and its compose plugin */
export async function compose(settings: Settings, args: readonly string[]): Promise<number> {
  const { folder, project } = composeFolder(settings);
  await requireCompose();
  const environment = { ...process.env, DISPATCH_COMPOSE_SECRETS: folder };
  return await exitCode(["compose", "--project-name", project, "--file", file, ...args], environment, "inherit");
}

/** Builds what has to be built, starts everything and waits until it is healthy. */
export async function composeUp(settings: Settings, say: (line: string) => void): Promise<number> {
  await requireCompose();
  if (await ensureComposeSecrets(composeFolder(settings).folder))
    say(`Secrets for the containers are in ${composeFolder(settings).folder}.`);
  return await compose(settings, ["up", "--detach", "--build", "--wait"]);
}

const composeFolder = ({ dataDir }: Settings) => ({ folder: join(dataDir, "compose"), project: "dispatch" });

async function requireCompose(): Promise<void> {
  const code = await exitCode(["compose", "version"], process.env, "ignore").catch(() => null);
  if (code === 0) return;
  throw new CommandFailure(
    "--compose needs Docker with its compose plugin (docker compose version). Without it, leave " +
      "--compose away: the same stack runs as processes of this machine.",
  );
}

async function exitCode(args: readonly string[], env: NodeJS.ProcessEnv, stdio: "inherit" | "ignore"): Promise<number> {
  const child = spawn("docker", args, { env, stdio });
  // Ctrl-C reaches it as well, and it decides what that means.
  process.on("SIGINT", () => undefined);
  return new Promise((resolve, reject) => child.once("error", reject).once("exit", (code) => resolve(code ?? 1)));
}
