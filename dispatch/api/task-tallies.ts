// What workers have added up of tasks and wakes, as Prometheus reads it. The sums are the database's, so they begin with the desk and not
// with a process.

import { waitBounds, type TaskTally } from "../workforce/task-tally.ts";
import { metricList } from "./metric-list.ts";

type Values = ReadonlyMap<string, number>;

/** @param read the sums, shared between the metrics; null when they are not known */
export function tallies(read: () => Promise<TaskTally | null>) {
  const showing =
    (values: (tally: TaskTally) => readonly (readonly [string, number])[]) => async (): Promise<Values> => {
      const tally = await read();
      return new Map(tally === null ? [] : values(tally));
    };
  return {
    dispatch_unmatched_total: showing(({ unmatched }) => [["", unmatched]]),
    dispatch_wakes_total: showing(({ wakes_ready, wakes_failed }) => [
      ["ready", wakes_ready],
      ["failed", wakes_failed],
    ]),
  };
}

/** How long tasks waited for their worker, in Prometheus' text form. */
export const assignLatencyText = (tally: TaskTally | null): string =>
  histogramText("dispatch_assign_latency_seconds", tally && { counts: tally.waits, sum: tally.wait_seconds });

/** How long pushes took. */
export const pushLatencyText = (tally: TaskTally | null): string =>
  histogramText("dispatch_push_latency_seconds", tally && { counts: tally.pushes, sum: tally.push_seconds });

type Counted = { readonly counts: readonly number[]; readonly sum: number };

/** Each bucket holds those below it too. */
function histogramText(
  name: "dispatch_assign_latency_seconds" | "dispatch_push_latency_seconds",
  seen: Counted | null,
): string {
  const head = [`# HELP ${name} ${metricList[name].help}`, `# TYPE ${name} histogram`];
  if (seen === null) return `${head.join("\n")}\n`;
  let count = 0;
  const buckets = [...waitBounds, "+Inf"].map((bound, at) => {
    count += seen.counts[at] ?? 0;
    return `${name}_bucket{le="${bound}"} ${count}`;
  });
  return `${[...head, ...buckets, `${name}_sum ${seen.sum}`, `${name}_count ${count}`].join("\n")}\n`;
}
