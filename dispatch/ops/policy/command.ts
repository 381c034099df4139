// `pnpm dispatch:policy`: the company's own rules as a folder: makes one, checks it, puts it in force, and shows what is in force.

import { userInfo } from "node:os";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { PolicyError } from "../../policy/policy-error.ts";
import { activatePolicy } from "./activate.ts";
import { checkFolder } from "./check-folder.ts";
import { initFolder } from "./init-folder.ts";
import type { Said } from "./said.ts";
import { showPolicy } from "./show.ts";

export const policyCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:policy",
      configuration: () => configurationFrom(),
      about: `The company's own rules as a folder: kinds of work, prices, holidays, agreements, profile.

  init DIR      writes the shipped rules into an empty folder, with a page beside each file that says what may stand there
  check DIR     reads a folder and says what is wrong: file, place in it, rule and an example
  activate DIR  puts a folder in force for tickets that open from now on; every process takes it up within two seconds
  show          what is in force, and what was before, by whom and when`,
      operands: { ACTION: "one of the above" },
      optionalOperands: { DIR: "the folder, for all but show" },
      options: { as: { type: "string" }, json: { type: "boolean" }, "database-url": { type: "string" } },
      meanings: {
        as: "who activates it, as the audit keeps it; otherwise your name on this machine",
        json: "print the result as JSON alone",
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
      },
    },
    async (values, [action = "", folder]) => {
      const settings = readSettings();
      const about = {
        settings: { ...settings, databaseUrl: values["database-url"] ?? settings.databaseUrl },
        say: values.json ? () => undefined : (message: string) => console.error(message),
      };
      try {
        const { result, lines } = await said(action, folder, { ...about, by: values.as ?? userInfo().username });
        console.log(values.json ? JSON.stringify(result) : lines.join("\n"));
        return 0;
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        const faults = [error, ...error.others].map(({ file, path, reason }) => ({ file, path, reason }));
        if (values.json) console.log(JSON.stringify({ ok: false, faults }));
        else for (const { file, path, reason } of faults) console.error(`${file} at ${path}: ${reason}`);
        return 1;
      }
    },
  );

type About = Parameters<typeof activatePolicy>[1];

async function said(action: string, folder: string | undefined, about: About): Promise<Said> {
  if (action === "show") return showPolicy(about);
  const actions: Readonly<Record<string, (dir: string) => Said | Promise<Said>>> = {
    init: (dir) => initFolder(dir, about.settings.policyProfile),
    check: checkFolder,
    activate: (dir) => activatePolicy(dir, about),
  };
  const wanted = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (!wanted) throw new CommandFailure(`there is no action ${action}; one of init, check, activate, show`);
  if (folder === undefined) throw new CommandFailure(`pnpm dispatch:policy ${action} DIR: say which folder`);
  return wanted(folder);
}
