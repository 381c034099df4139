// Loaded before everything else by the processes of a drill's stack (NODE_OPTIONS): the API's clock is wrong by as many ms as the
// file `clock-shift` of the data folder says, from the moment on in which it is written.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const lookEveryMs = 200;
const dataDir = process.env["DISPATCH_DATA_DIR"];

if (dataDir !== undefined && process.argv[1]?.endsWith("dispatch/api/main.ts")) {
  const file = join(dataDir, "clock-shift");
  let shiftMs = 0;
  const Right = Date;
  class Wrong extends Right {
    constructor(...given: readonly unknown[]) {
      // Every form of the constructor but the one without arguments says itself which moment it means.
      super(...((given.length === 0 ? [Wrong.now()] : given) as [number]));
    }
    static override now(): number {
      return Right.now() + shiftMs;
    }
  }
  globalThis.Date = Wrong as DateConstructor;
  setInterval(() => {
    try {
      shiftMs = Number(readFileSync(file, "utf8"));
    } catch {
      shiftMs = 0;
    }
  }, lookEveryMs).unref();
}
