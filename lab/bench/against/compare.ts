// Two checkouts in turn on one server: A B, B A, A B …, so that what else the machine does, and what a run leaves in
// its caches, meets both alike. What counts is the ratio; the pairs beside it show how far it can be trusted.

import { availableParallelism, loadavg } from "node:os";
import { median, round } from "../measure.ts";
import { throwawayServer } from "../throwaway-database.ts";
import { prepareTemplate, thisCheckout, type Checkout } from "./checkout.ts";
import { figures, type Figure } from "./figures.ts";
import { measurePair, type Contender, type Pair } from "./pair.ts";

export type CompareOptions = {
  readonly other: Checkout;
  readonly pairs: number;
  readonly seconds: number;
  readonly clients: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

export type ComparedRow = {
  readonly measured: string;
  readonly unit: string;
  readonly this: number;
  readonly other: number;
  /** Of the two medians: this by other. */
  readonly ratio: number;
  /** Of each pair. */
  readonly pairs: readonly number[];
};

export type Comparison = {
  readonly rows: readonly ComparedRow[];
  /** How many processes wanted a core in the minute before. */
  readonly load_before: number;
};

export async function compare(options: CompareOptions): Promise<Comparison> {
  const { other, pairs, say, signal } = options;
  const [loadBefore = 0] = loadavg();
  await using ends = new AsyncDisposableStack();
  const server = await throwawayServer(ends, say);
  const contender = async (checkout: Checkout): Promise<Contender> => {
    say(`making the database of ${checkout.root}…`);
    return { checkout, template: await prepareTemplate(checkout, server, signal) };
  };
  const contenders = { this: await contender(thisCheckout), other: await contender(other) };
  const measured: Pair[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    const first = pair % 2 === 1 ? "this" : "other";
    say(`pair ${pair} of ${pairs}, ${first === "this" ? "this" : "the other"} first…`);
    measured.push(await measurePair({ ...options, server, contenders, first }));
  }
  return { rows: figures.flatMap((figure) => rowOf(figure, measured) ?? []), load_before: round(loadBefore, 1) };
}

function rowOf({ measured, unit, of }: Figure, pairs: readonly Pair[]): ComparedRow | null {
  const both: { own: number; other: number }[] = [];
  for (const pair of pairs) {
    const [own, other] = [of(pair, "this"), of(pair, "other")];
    if (own === null || other === null) return null;
    both.push({ own, other });
  }
  const own = median(both.map((pair) => pair.own));
  const other = median(both.map((pair) => pair.other));
  return {
    measured,
    unit,
    this: round(own, 3),
    other: round(other, 3),
    ratio: round(own / other, 3),
    pairs: both.map((pair) => round(pair.own / pair.other, 3)),
  };
}

export function printComparison({ rows, load_before }: Comparison, { pairs, clients, seconds }: CompareOptions): void {
  const shown = (value: number) => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 });
  console.log(
    `\nthis checkout against the other: ${pairs} pairs in turn, ${clients} clients, ${seconds} s of commands each, ` +
      "durable commits; medians, and this / other\n",
  );
  console.log(`${"".padEnd(56)}${"this".padStart(12)}${"other".padStart(12)}${"ratio".padStart(8)}  each pair`);
  for (const { measured, unit, this: own, other, ratio, pairs: each } of rows) {
    const name = `${measured}, ${unit}`.padEnd(56);
    const ratios = each.map((one) => one.toFixed(2)).join(" ");
    console.log(
      `${name}${shown(own).padStart(12)}${shown(other).padStart(12)}${ratio.toFixed(2).padStart(8)}  ${ratios}`,
    );
  }
  const missing = figures.filter(({ measured }) => !rows.some((row) => row.measured === measured));
  for (const reason of new Set(missing.map(({ whenMissing }) => whenMissing))) console.log(reason);
  const cores = availableParallelism();
  // At a load of 18 on two cores six pairs of the same code gave rates of 0.67 to 1.37, and CPU of 0.91 to 1.14.
  if (load_before > cores / 2)
    console.log(
      `The machine was busy before (load ${load_before} on ${cores} cores): rates and latencies swing with what else ` +
        "runs there; CPU per request holds better.",
    );
  console.log("");
}
