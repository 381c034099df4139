// `pnpm dispatch:bench:soak`: does the desk stay as it is, hour after hour, while processes die? It runs on a throw-away
// Postgres and data folder with processes of its own, some of which it kills.

import { abortOnSignal } from "../../../dispatch/process/abort-on-signal.ts";
import { writeReport } from "../report.ts";
import { brokenRules, soak, type SoakReport } from "./soak.ts";
import { newDatabase, throwawayServer } from "../throwaway-database.ts";
import { CommandFailure, runCommand, wholeNumber } from "../../../dispatch/process/command-line.ts";

const say = (line: string): void => console.error(line);

export const benchSoakCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:soak",
      about: [
        "Runs two APIs and two workers under a steady load of ticket lifecycles, by default at half of the full speed it",
        "measures first, while one API and one worker are killed at random moments and started again; clients repeat what was",
        "not answered with the same key. Then it proves that everything acknowledged is in the audit trail once, that nothing",
        "was done by halves or left behind, and that memory, file handles and connections are flat: the medians of the second",
        "and the last quarter of the run (of the heap the lowest, which garbage does not raise), of the API and the worker",
        "that are never killed, since a new process has a new memory, and of the connections to each process. Memory is judged",
        "from 10 minutes on; before that a process still grows into its load. Resident memory and file handles are read from",
        "/proc; elsewhere they are not measured.",
        "Prints a table, then JSON; exit code 1 and BROKEN lines when something does not hold.",
      ].join("\n"),
      options: {
        minutes: { type: "string" },
        rate: { type: "string" },
        seed: { type: "string" },
        clients: { type: "string" },
        "kill-seconds": { type: "string" },
        "sample-seconds": { type: "string" },
        json: { type: "string" },
      },
      meanings: {
        minutes: "length of the steady load (default 30)",
        rate: "commands per second (default: half of what 15 s at full speed reach)",
        seed: "of the moments of killing and of whom (default 1)",
        clients: "clients at once (default 16)",
        "kill-seconds": "mean time from one kill to the next (default 30)",
        "sample-seconds": "time from one look at the processes to the next (default 5)",
        json: "also write the JSON, with every sample, to this file",
      },
    },
    async (values) => {
      const atLeastOne = (
        option: "minutes" | "rate" | "clients" | "kill-seconds" | "sample-seconds",
        fallback: number,
      ) => {
        const value = wholeNumber(option, values[option], fallback);
        if (value === 0) throw new CommandFailure(`--${option} must be at least 1`);
        return value;
      };
      const options = {
        seconds: 60 * atLeastOne("minutes", 30),
        rate: values.rate === undefined ? null : atLeastOne("rate", 1),
        seed: wholeNumber("seed", values.seed, 1),
        clients: atLeastOne("clients", 16),
        killEverySeconds: atLeastOne("kill-seconds", 30),
        sampleSeconds: atLeastOne("sample-seconds", 5),
      };
      const signal = abortOnSignal(
        () => say("stopping…"),
        new CommandFailure("stopped before the end; nothing was proved"),
      );
      await using ends = new AsyncDisposableStack();
      const { url, folder: dataDir } = await throwawayServer(ends, say);
      const databaseUrl = await newDatabase(url);
      const report = await soak({ ...options, databaseUrl, dataDir, warmUpSeconds: 15, longEvery: 20, say, signal });

      const broken = [...brokenRules(report), ...missedRate(report)];
      report.proof.story.forEach(say);
      print(report);
      const { samples, ...figures } = report;
      await writeReport({ ...figures, broken }, values.json, { samples });
      for (const rule of broken) say(`BROKEN ${rule}`);
      return broken.length === 0 ? 0 : 1;
    },
  );

/** A load that was not reached shows nothing about it. */
function missedRate({ reached_rate, wanted_rate }: SoakReport): string[] {
  return reached_rate < 0.95 * wanted_rate
    ? [`only ${reached_rate} commands a second where ${wanted_rate} were wanted`]
    : [];
}

function print(report: SoakReport): void {
  const { answered, met, kills, growth, proof } = report;
  const row = (name: string, value: number | string | null) =>
    console.log(`${name.padEnd(40)}${String(value ?? "not measured").padStart(14)}`);
  console.log("");
  row("minutes", (report.seconds / 60).toFixed(1));
  row("full speed, commands/s", report.full_rate ?? "rate was given");
  row("wanted, commands/s", report.wanted_rate);
  row("reached, commands/s", report.reached_rate);
  row("answered in, p50 ms", answered.p50_ms);
  row("answered in, p99 ms", answered.p99_ms);
  row("commands acknowledged", report.commands);
  for (const [name, count] of Object.entries({ ...met })) row(name.replaceAll("_", " "), count);
  for (const [name, count] of Object.entries(kills)) row(`${name} killed`, count);
  row("audit events verified", proof.events);
  row("objects read and held to their hash", proof.objects);
  row("database, MiB", report.database_mib);
  row("dead rows in it", report.dead_rows);
  console.log(
    `\n${"".padEnd(40)}${["2nd quarter", "last quarter", "growth", "allowed"].map((title) => title.padStart(14)).join("")}`,
  );
  for (const { of, unit, second_quarter, last_quarter, growth: by, allowed } of growth) {
    const measured = [second_quarter, last_quarter, by].map((value) => value ?? "not measured");
    console.log(
      `${`${of}, ${unit}`.padEnd(40)}${[...measured, allowed ?? "not judged"].map((value) => String(value).padStart(14)).join("")}`,
    );
  }
  console.log("\nwhat must not be");
  for (const [rule, count] of Object.entries(proof.violations)) row(rule, count);
  row("connections left behind", report.connections_left);
  console.log("");
}
