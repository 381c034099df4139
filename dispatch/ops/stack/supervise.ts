// The supervisor as a process: `pnpm dispatch:stack:up` starts it, apart from the terminal, and hears from it over a
// channel until all is ready. It stays until SIGTERM, or until the process that started it goes away before that.

import { inspect } from "node:util";
import { readSettings } from "../../process/settings.ts";
import { LineWriter } from "../../process/line-writer.ts";
import { isExpected, messageOf, runCommand, wholeNumber } from "../../process/command-line.ts";
import { startStack } from "./stack.ts";

/** What it reports to the process that started it. */
export type SupervisorNews =
  | { readonly kind: "said"; readonly line: string }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string };

const tell = (news: SupervisorNews): void => {
  if (process.connected) process.send?.(news, () => undefined);
};

const log = new LineWriter({
  destination: 1,
  lineForDropped: (lines) => stamped(`${lines} lines are missing here, because they could not be written`),
});
const stamped = (line: string): string => `${new Date().toISOString()} ${line}\n`;
const note = (line: string): void => log.write(stamped(line));
const say = (line: string): void => {
  note(line);
  tell({ kind: "said", line });
};

await runCommand(
  {
    name: "node dispatch/ops/stack/supervise.ts",
    about:
      "Runs a stack until SIGTERM. pnpm dispatch:stack:up starts this; --foreground there is for process managers.",
    options: { workers: { type: "string" }, "no-gateway": { type: "boolean" }, "stand-in-model": { type: "string" } },
    meanings: {
      workers: "how many workers; 1",
      "no-gateway": "without OpenClaw",
      "stand-in-model": "module of a stand-in for a model, for a chat without a key; none",
    },
  },
  async ({ workers, "no-gateway": noGateway = false, "stand-in-model": standInModel = null }) => {
    const stopping = stopOnSignal();
    let ready = false;
    process.on("disconnect", () => {
      if (!ready) stopping.abort();
    });
    try {
      const stack = await startStack({
        settings: readSettings(),
        workers: wholeNumber("workers", workers, 1),
        withGateway: !noGateway,
        standInModel,
        say,
        signal: stopping.signal,
      });
      ready = true;
      tell({ kind: "ready" });
      await untilAborted(stopping.signal);
      say("stopping");
      await stack.stop();
      say("stopped");
      return 0;
    } catch (error) {
      note(isExpected(error) ? messageOf(error) : inspect(error));
      tell({ kind: "failed", message: messageOf(error) });
      return 1;
    } finally {
      log.flushSync();
      if (process.connected) process.disconnect();
    }
  },
);

/** A second signal does not wait: the watchers end what is left. */
function stopOnSignal(): AbortController {
  const stopping = new AbortController();
  const onSignal = () => {
    if (stopping.signal.aborted) {
      log.flushSync();
      process.exit(1);
    }
    stopping.abort();
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return stopping;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
