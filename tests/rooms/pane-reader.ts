// What sits in a pane in these tests: writes all that it reads into a file, as it comes. Knows nothing of Dispatch.

import { appendFileSync, existsSync } from "node:fs";

/** The file; how it reads; a file before which it reads nothing; what it calls itself. */
const [log = "", how = "keys", begin = "", title = ""] = process.argv.slice(2);
if (title !== "") process.title = title;
// As programs do that edit a line themselves: each key at once, nothing echoed, no key a signal.
if (how === "keys") process.stdin.setRawMode(true);

const read = () => {
  process.stdin.on("data", (bytes: Buffer) => appendFileSync(log, bytes));
  process.stdout.write("listening\n");
};
const timer = setInterval(() => {
  if (begin !== "" && !existsSync(begin)) return;
  clearInterval(timer);
  read();
}, 10);
appendFileSync(log, "");
