// `pnpm dispatch:room`: a program in a pane of tmux, and the room by which the desk tells it what to do.

import { basename, resolve } from "node:path";
import { postAsAdmin } from "../../agent/register.ts";
import { DeskRefused } from "../../agent/desk-client.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { environmentWithout } from "../../process/settings/setting.ts";
import { settingsList } from "../../process/settings/settings-list.ts";
import { tmuxOf } from "../../rooms/transports/tmux/run-tmux.ts";
import { isShell } from "../../rooms/transports/tmux/shells.ts";
import { NotDelivered } from "../../rooms/transports/transport.ts";
import { openWindow, type Window } from "./open-window.ts";

const options = {
  name: { type: "string" },
  program: { type: "string" },
  session: { type: "string" },
  shows: { type: "string" },
  worker: { type: "string" },
  group: { type: "string", multiple: true },
  alias: { type: "string", multiple: true },
  folder: { type: "string" },
  url: { type: "string" },
} as const;

export const roomCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:room",
      configuration: () => configurationFrom(),
      about: `Opens a window of tmux with a program in it, and registers it as a room, so that pushes are typed into it.

The window has the room's name, in a session that is made where there is none, on the server of DISPATCH_TMUX_SOCKET.
No shell is behind the program: when it ends, nothing is left that would run what is typed there, and the same command
starts it again. A window that is there with the program in front is only registered. What the desk refuses is closed.
The desk asks for DISPATCH_ADMIN_TOKEN. The program has the environment of its tmux server; one that is started here
gets no secret of the desk's but DISPATCH_AGENT_TOKEN.`,
      options,
      meanings: {
        name: "what the room and its window are called: letters, digits, _ and -, e.g. clerk",
        program: "its words with blanks between, or a JSON array of words; no shell reads it, e.g. 'node clerk.mjs'",
        session: "the session of tmux; dispatch unless given",
        shows: "what tmux says is in front once it runs, where that is not the first word's last part, e.g. node",
        worker: "whose room it is: an id of the roster",
        group: "a group the room is pushed to with; may be given again",
        alias: "another name of the room; may be given again",
        folder: "where the program begins; this one unless given",
        url: "the desk; otherwise DISPATCH_API_URL, otherwise http://127.0.0.1:8080",
      },
    },
    async (values) => {
      const window = windowOf(values);
      const { tmuxSocket, adminToken } = readSettings();
      const url = (values.url ?? process.env["DISPATCH_API_URL"] ?? "http://127.0.0.1:8080").replace(/\/+$/, "");
      const tmux = tmuxOf({ socket: tmuxSocket, environment: withoutSecrets() });
      const address = `${window.session}:${window.name}`;
      try {
        const { how, undo } = await openWindow(tmux, window);
        const room = {
          name: window.name,
          kind: "desk",
          transport: "tmux",
          address,
          program: window.shows,
          ...(values.worker !== undefined && { worker_id: values.worker }),
          ...(values.group && { groups: values.group }),
          ...(values.alias && { aliases: values.alias }),
        };
        await postAsAdmin(url, "/rooms", room, {
          admin: adminToken,
          wayOut: "Set DISPATCH_ADMIN_TOKEN to the desk's admin token.",
        }).catch(async (error: unknown) => {
          await undo();
          throw error;
        });
        console.log(`${window.name}: ${window.shows} is ${how} in ${address}, and the desk knows the room`);
        return 0;
      } catch (error) {
        if (error instanceof DeskRefused) throw new CommandFailure(`${error.code}: ${error.message}`);
        if (error instanceof NotDelivered) throw new CommandFailure(error.message);
        throw error;
      }
    },
  );

type Values = {
  readonly name?: string;
  readonly program?: string;
  readonly session?: string;
  readonly shows?: string;
  readonly folder?: string;
};

function windowOf({ name = "", program, session = "dispatch", shows, folder = "." }: Values): Window {
  for (const [option, text] of Object.entries({ name, session }))
    if (!/^[A-Za-z0-9_-]{1,63}$/.test(text))
      throw new CommandFailure(`--${option} must be 1 to 63 letters, digits, _ and -, e.g. --${option} clerk`);
  const words = wordsIn(program);
  const inFront = shows ?? basename(words[0]);
  if (isShell(inFront))
    throw new CommandFailure(
      `${inFront} is a shell, which would run what it is told: --program must be a program of its own, e.g. --program 'node clerk.mjs'`,
    );
  if (words.length === 1 && words[0].includes("=")) throw new CommandFailure("--program must not have a = in its name");
  return { session, name, words, shows: inFront, folder: resolve(folder) };
}

function wordsIn(text = ""): [string, ...string[]] {
  const [first, ...rest] = text.trimStart().startsWith("[") ? wordsOfJson(text) : text.split(/\s+/).filter(Boolean);
  if (first === undefined || first === "")
    throw new CommandFailure("--program must be a program and its words, e.g. --program 'node clerk.mjs'");
  return [first, ...rest];
}

function wordsOfJson(text: string): string[] {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) ? words.map(String) : [];
  } catch {
    return [];
  }
}

/** A server that tmux starts keeps what it is started with, and hands it to every program in its panes. */
const withoutSecrets = (): Record<string, string> =>
  environmentWithout(
    Object.values(settingsList).filter(({ secret }) => secret),
    process.env,
  );
