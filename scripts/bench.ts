// `pnpm dispatch:bench`: how fast is the API beside the bare database or beside another checkout of itself, and how does cost
// grow with the number of tickets? It runs on throw-away databases and says what it measured, not whether that is good.

import { runCommand } from "../dispatch/process/command-line.ts";
import { benchMeanings, benchOptions, runBench } from "../lab/bench/bench.ts";

await runCommand(
  {
    name: "pnpm dispatch:bench",
    about: [
      "Measures whole ticket lifecycles over HTTP with durable commits: beside the same statements straight through pg, or",
      "with --against beside another checkout, run in turn with this one; and how cost grows with the number of tickets.",
      "Prints a table, then JSON.",
    ].join("\n"),
    options: benchOptions,
    meanings: benchMeanings,
  },
  runBench,
);
