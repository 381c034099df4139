// `pnpm dispatch:stack:logs`: what the processes of the stack wrote.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { abortOnSignal } from "../../process/abort-on-signal.ts";
import { CommandFailure, runCommand, wholeNumber } from "../../process/command-line.ts";
import { stateFolderOf } from "../gateway/state-folder.ts";
import { compose } from "./compose.ts";
import { stackFolderOf, supervisorName } from "./folder.ts";
import { followLogs, showLogs, type NamedLog } from "./show-logs.ts";
import { readStackRecord } from "./state.ts";

const defaultLines = 40;

export const stackLogsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:stack:logs",
      configuration: () => configurationFrom(),
      about: "Prints the last lines of the stack's logs, those of a stack that is down too.",
      options: {
        follow: { type: "boolean", short: "f" },
        lines: { type: "string", short: "n" },
        compose: { type: "boolean" },
      },
      meanings: {
        follow: "go on with what is written, until Ctrl-C",
        lines: `how many lines of each log; ${defaultLines}`,
        compose: "of the stack in containers",
      },
      optionalOperands: { NAME: "supervisor, postgres, api, worker-1, gateway…; all by default" },
    },
    async ({ follow = false, lines, compose: inContainers = false }, [name]) => {
      const settings = readSettings();
      const count = wholeNumber("lines", lines, defaultLines);
      if (inContainers)
        return compose(settings, [
          "logs",
          "--tail",
          String(count),
          ...(follow ? ["--follow"] : []),
          ...(name === undefined ? [] : [name]),
        ]);
      const logs = logsOf(settings.dataDir, name);
      const print = (line: string): void => void process.stdout.write(`${line}\n`);
      await showLogs(logs, count, print);
      if (follow) await followLogs(logs, print, abortOnSignal());
      return 0;
    },
  );

/** @throws CommandFailure for a name no log has */
function logsOf(dataDir: string, wanted: string | undefined): NamedLog[] {
  const folder = stackFolderOf(dataDir);
  const record = readStackRecord(folder);
  const workers = (record?.services ?? []).map(({ name }) => name).filter((name) => name.startsWith("worker-"));
  const logs = [
    { name: supervisorName, path: folder.log(supervisorName) },
    { name: "postgres", path: join(dataDir, "logs", "postgres.log") },
    ...["api", ...(workers.length === 0 ? ["worker-1"] : workers)].map((name) => ({ name, path: folder.log(name) })),
    { name: "gateway", path: stateFolderOf(dataDir).output },
  ].filter(({ path }) => existsSync(path));
  const chosen = logs.filter(({ name }) => wanted === undefined || name === wanted);
  if (chosen.length > 0) return chosen;
  throw new CommandFailure(
    logs.length === 0
      ? record === null
        ? `No stack was started in ${dataDir} yet.`
        : `The logs in ${folder.root} were deleted. While the stack runs its supervisor puts them back within ten seconds.`
      : `No log is called ${wanted ?? ""}; there are ${logs.map(({ name }) => name).join(", ")}.`,
  );
}
