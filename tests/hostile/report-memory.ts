// Preloaded into the API that is attacked: on request it collects its garbage and tells what is left, and it ends at
// once when the test's process is gone. The program itself knows nothing of it.

import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Vitals } from "./attacked-api.ts";

/** Asked for late: a process with flags of its own takes none of the code that others have compiled, which doubles its start. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof collect !== "function") throw new Error("V8 has no collector to call");
  return () => void collect();
}
let collect: (() => void) | undefined;

/** Null where the system has no list of them. */
function openFiles(): number | null {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return null;
  }
}

process.on("message", () => {
  // Twice: what finalisers let go in the first round is only free after the second.
  collect ??= collector();
  collect();
  collect();
  const { heapUsed, rss, external } = process.memoryUsage();
  const vitals: Vitals = { heapUsed, rss, external, openFiles: openFiles() };
  process.send?.(vitals);
});
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
// The listeners alone would keep the program alive.
process.channel?.unref();
