// A process that logs what it is told to, for tests of where its log cannot go. It answers over its channel, so whoever waits for
// an answer knows that logging holds nothing up.

import { openLog } from "../../dispatch/process/log.ts";
import { logLinesDropped } from "../../dispatch/process/line-writer.ts";
import { readSettings } from "../../dispatch/process/settings.ts";

export type Told = { readonly lines: number; readonly fatal?: boolean; readonly end?: boolean };
export type Answered = { readonly dropped: number };

const log = openLog("test", readSettings());
let number = 0;

process.on("message", ({ lines, fatal = false, end = false }: Told) => {
  for (let count = 0; count < lines; count++) log.logger.info({ number: ++number, filler: "x".repeat(900) }, "a line");
  if (fatal) log.logger.fatal({ filler: "x".repeat(2_000) }, "the last line");
  if (end) {
    log.flush();
    process.exit(0);
  }
  process.send?.({ dropped: logLinesDropped() } satisfies Answered);
});
