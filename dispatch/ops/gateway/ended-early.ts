// Why a gateway's process ended before it was ready, by its exit code and the last lines it printed.

import { lastLines } from "../../process/log-tail.ts";
import { GatewayError } from "./error.ts";
import type { StateFolder } from "./state-folder.ts";
import type { Exit } from "./watched-process.ts";

const tailLines = 15;
const linesOfRun = 200;

/** OpenClaw's code for all that a restart alone does not mend, as it sees it. */
const notByRestart = 78;

/**
 * While it starts, and while it brings its state up to date, it keeps a lease from a thread of its own, and gives up the whole start
 * when that thread has not begun to within 5 s, as on a machine that is busy. The next start goes on where this one stopped.
 */
const leaseWasLate = /state lease heartbeat did not become ready/;
const needsMaintenance = /gateway\.maintenance_required/;

/** The failure to throw: too_slow where another start may well do, ended where it will not. */
export async function endedEarly(folder: StateFolder, { code, signal }: Exit): Promise<GatewayError> {
  const sentence = `The OpenClaw gateway ended with ${code ?? signal} before it was ready.`;
  const printed = (await lastLines(folder.output, linesOfRun)).join("\n");
  if (code !== null && leaseWasLate.test(printed)) {
    const why =
      "A step that OpenClaw gives 5 s took longer: this machine is too busy. Start it again when it is less so.";
    return new GatewayError("too_slow", await withTail(folder, `${sentence} ${why}`));
  }
  if (code !== notByRestart) return new GatewayError("ended", await withTail(folder, sentence));
  const why = needsMaintenance.test(printed)
    ? "Its state needs to be put right first, by `pnpm dispatch:openclaw doctor --fix`."
    : `It does not accept ${folder.configuration}.`;
  return new GatewayError("ended", await withTail(folder, `${sentence} ${why}`));
}

/** The sentence, and after it the last lines the gateway printed. */
export async function withTail(folder: StateFolder, sentence: string): Promise<string> {
  const lines = await lastLines(folder.output, tailLines);
  if (lines.length === 0) return `${sentence} It printed nothing to ${folder.output}.`;
  return `${sentence} Its last lines, from ${folder.output}:\n${lines.map((line) => `  ${line.slice(0, 500)}`).join("\n")}`;
}
