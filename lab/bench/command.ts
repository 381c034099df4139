// `pnpm dispatch:bench`: how fast is the API beside the bare database or beside another checkout of itself, and how
// does cost grow with the number of tickets? It runs on throw-away databases and says what it measured, not whether
// that is good.

import { abortOnSignal } from "../../dispatch/process/abort-on-signal.ts";
import { CommandFailure, positiveNumber, runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { otherCheckout } from "./against/checkout.ts";
import { compare, printComparison } from "./against/compare.ts";
import { measureSizes, printGrowth } from "./desk-sizes.ts";
import type { GrowthRow } from "./growth.ts";
import { printProfile, profile } from "./profile/profile.ts";
import { writeReport } from "./report.ts";
import { measureSpeed, printSpeed } from "./speed.ts";
import { throwawayServer } from "./throwaway-database.ts";

const options = {
  against: { type: "string" },
  profile: { type: "string" },
  seconds: { type: "string" },
  rounds: { type: "string" },
  concurrency: { type: "string" },
  small: { type: "string" },
  large: { type: "string" },
  turns: { type: "string" },
  "no-growth": { type: "boolean" },
  json: { type: "string" },
} as const;

export const benchCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench",
      about: [
        "Measures whole ticket lifecycles over HTTP with durable commits: beside the same statements straight through",
        "pg, or with --against beside another checkout, run in turn with this one; and how cost grows with the number",
        "of tickets.",
        "Prints a table, then JSON.",
      ].join("\n"),
      options,
      meanings: {
        against: "measure another checkout of Dispatch, whose root folder this is, in turn with this one",
        profile:
          "instead of all else, show which functions and statements a command's time goes to; " +
          "node's profile goes to this folder",
        seconds: "length of each measured run, also a fraction of one (default 8)",
        rounds: "in turn this often: API and baseline (default 3), or the two checkouts (default 4; even is fairer)",
        concurrency: "connections at once (default 16)",
        small: "tickets of the small desk (default 1000)",
        large: "tickets of the large desk (default 200000)",
        turns: "small and large desk in turn, this often (default 50 times the rounds)",
        "no-growth": "leave the comparison of desk sizes out",
        json: "also write the JSON to this file",
      },
    },
    runBench,
  );

type Values = {
  readonly [K in keyof typeof options]?: (typeof options)[K]["type"] extends "boolean" ? boolean : string;
};

type Frame = { readonly signal: AbortSignal; readonly say: (line: string) => void };
type Load = { readonly seconds: number; readonly rounds: number; readonly clients: number };

async function runBench(values: Values): Promise<number> {
  const say = (line: string): void => console.error(line);
  const signal = abortOnSignal(() => say("stopping…"), new CommandFailure("stopped before the end"));
  const load = {
    seconds: positiveNumber("seconds", values.seconds, 8),
    rounds: wholeNumber("rounds", values.rounds, values.against === undefined ? 3 : 4),
    clients: wholeNumber("concurrency", values.concurrency, 16),
  };
  if (Object.values(load).includes(0)) throw new CommandFailure("--rounds and --concurrency must be at least 1");
  try {
    const figures = await measure(values, load, { signal, say });
    await writeReport(figures, values.json);
  } catch (error) {
    // Ctrl-C in a terminal reaches the APIs too, and what then fails is only their going.
    throw signal.aborted ? signal.reason : error;
  }
  return 0;
}

async function measure(values: Values, load: Load, frame: Frame): Promise<object> {
  if (values.profile !== undefined) {
    if (values.against !== undefined)
      throw new CommandFailure("--profile and --against are two runs; give one of them");
    const found = await profile({ folder: values.profile, ...load, ...frame });
    printProfile(found);
    return found;
  }
  if (values.against !== undefined) {
    const compared = { other: await otherCheckout(values.against), pairs: load.rounds, ...load, ...frame };
    const comparison = await compare(compared);
    printComparison(comparison, compared);
    const growth = await measureDeskSizes(values, load, frame);
    const { seconds, clients: concurrency, rounds: pairs } = load;
    return { against: compared.other.root, pairs, concurrency, seconds, ...comparison, growth };
  }
  await using ends = new AsyncDisposableStack();
  const server = await throwawayServer(ends, frame.say);
  const speed = await measureSpeed({ server, ...load, ...frame });
  printSpeed(speed);
  return { ...speed, growth: await measureDeskSizes(values, load, frame) };
}

async function measureDeskSizes(values: Values, { rounds }: Load, frame: Frame): Promise<GrowthRow[]> {
  if (values["no-growth"]) return [];
  const sizes = {
    small: wholeNumber("small", values.small, 1_000),
    large: wholeNumber("large", values.large, 200_000),
    turns: wholeNumber("turns", values.turns, rounds * 50),
  };
  await using ends = new AsyncDisposableStack();
  const server = await throwawayServer(ends, frame.say);
  const growth = await measureSizes({ server, ...sizes, ...frame });
  printGrowth(growth);
  return growth;
}
