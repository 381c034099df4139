// `pnpm dispatch:rooms`: the board of all rooms in a terminal, once or for as long as somebody looks, and rooms from a file.

import { DeskRefused } from "../../agent/desk-client.ts";
import { abortOnSignal } from "../../process/abort-on-signal.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { readPlainFile } from "../../process/plain-file.ts";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { boardText, readBoard, type AskedDesk } from "./board.ts";
import { importRooms, roomsIn, summaryText } from "./import-rooms.ts";
import { followRooms } from "./watch.ts";

/** Some thousands of rooms. */
const maxFileBytes = 1024 * 1024;

export const roomsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:rooms",
      configuration: () => configurationFrom(),
      about: `Shows the board of all rooms: who sits where, what they are at, what waits for them.

  import FILE   adds the rooms of a file, and changes those that are there by other fields; again, it changes nothing

The file is YAML or JSON: a list of rooms, or rooms: with one below it, each with the fields of POST /api/v1/rooms: name, kind,
transport, address, aliases, groups, worker_id, program, idle_text, secret, workspace_path, session_key.
The desk asks for DISPATCH_ADMIN_TOKEN.`,
      optionalOperands: { ACTION: "import; without it the board is shown", FILE: "the rooms to import" },
      options: { watch: { type: "boolean" }, json: { type: "boolean" }, url: { type: "string" } },
      meanings: {
        watch: "draw the board anew with each event of a room, until Ctrl-C",
        json: "print what the desk answered as JSON alone, a line for each time",
        url: "the desk; otherwise DISPATCH_API_URL, otherwise http://127.0.0.1:8080",
      },
    },
    async ({ watch = false, json = false, url: given }, [action, file]) => {
      if (action !== undefined && action !== "import")
        throw new CommandFailure(`there is no action ${action}; only import`);
      if (action === "import" && file === undefined)
        throw new CommandFailure("import what? Name a file of rooms, YAML or JSON.");
      if (action === "import" && watch) throw new CommandFailure("--watch is for the board, not for an import.");
      const url = (given ?? process.env["DISPATCH_API_URL"] ?? "http://127.0.0.1:8080").replace(/\/+$/, "");
      const desk = {
        url,
        admin: readSettings().adminToken,
        wayOut: "Set DISPATCH_ADMIN_TOKEN to the desk's admin token.",
      };
      try {
        if (file !== undefined) return await importFrom(file, desk, json);
        if (watch) return await watchBoard(desk, json);
        const board = await readBoard(desk);
        console.log(json ? JSON.stringify(board) : boardText(board, new Date()));
        return 0;
      } catch (error) {
        if (error instanceof DeskRefused) throw new CommandFailure(`${error.code}: ${error.message}`);
        throw error;
      }
    },
  );

async function importFrom(file: string, desk: AskedDesk, json: boolean): Promise<number> {
  const outcomes = await importRooms(desk, roomsIn(readPlainFile(file, maxFileBytes), file));
  console.log(json ? JSON.stringify(outcomes) : summaryText(outcomes));
  return outcomes.some(({ outcome }) => outcome === "refused") ? 1 : 0;
}

/** Clears the terminal, and what was scrolled away stays. */
const clear = "\u001b[2J\u001b[H";

async function watchBoard(desk: AskedDesk, json: boolean): Promise<number> {
  await followRooms(desk, abortOnSignal(), async () => {
    const board = await readBoard(desk);
    const text = json ? JSON.stringify(board) : `${boardText(board, new Date())}\n\nCtrl-C ends this.`;
    console.log(`${process.stdout.isTTY && !json ? clear : ""}${text}`);
  });
  return 0;
}
