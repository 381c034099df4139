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

const latency = "dispatch_assign_latency_seconds";

/** The histogram of waits, in Prometheus' text form: each bucket holds those below it too. */
export function assignLatencyText(tally: TaskTally | null): string {
  const head = [`# HELP ${latency} ${metricList[latency].help}`, `# TYPE ${latency} histogram`];
  if (tally === null) return `${head.join("\n")}\n`;
  let count = 0;
  const buckets = [...waitBounds, "+Inf"].map((bound, at) => {
    count += tally.waits[at] ?? 0;
    return `${latency}_bucket{le="${bound}"} ${count}`;
  });
  return `${[...head, ...buckets, `${latency}_sum ${tally.wait_seconds}`, `${latency}_count ${count}`].join("\n")}\n`;
}
