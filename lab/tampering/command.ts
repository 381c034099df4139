// `pnpm dispatch:chaos:tampering`: is everything found that whoever owns the database does to what history speaks of?

import { CommandFailure, runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { median } from "../bench/measure.ts";
import { tamper, type Outcome } from "./tamper.ts";

const say = (line: string): void => console.error(line);

export const chaosTamperingCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:chaos:tampering",
      about:
        "Lays out a throw-away desk whose log is signed and witnessed, edits copies of its database as the superuser, each in one way, " +
        "and verifies each, or has a worker's duties watch it. " +
        "Prints a table of what was done, found and named, and figures as JSON; 1 when anything was not.",
      options: {
        edits: { type: "string" },
        seed: { type: "string" },
        tickets: { type: "string" },
        by: { type: "string" },
      },
      meanings: {
        edits: "how many (default 1000)",
        seed: "of what is drawn (default: drawn, and printed)",
        tickets: "tickets of the desk (default 8)",
        by: "verification (the default: what dispatch:audit:verify looks at), or watch: a worker's duties, by a clock of their own",
      },
    },
    async (values) => {
      const seed = wholeNumber("seed", values.seed, Date.now() % 1_000_000);
      const count = wholeNumber("edits", values.edits, 1_000);
      say(`seed ${seed}`);
      const by = values.by ?? "verification";
      if (by !== "verification" && by !== "watch") throw new CommandFailure("--by takes verification or watch");
      const tickets = 2 * Math.ceil(wholeNumber("tickets", values.tickets, 8) / 2);
      const { outcomes, events, untouched } = await tamper({ count, seed, tickets, by, say });
      for (const { kind, what, chain, says, named, watch } of outcomes) {
        const under = watch === null ? "" : `; ${JSON.stringify(watch)}`;
        if (!named || isLate(watch))
          say(`NOT NAMED${named ? " IN TIME" : ""} ${kind}: ${what}, ${chain}; it says ${says}${under}`);
      }
      for (const line of table(outcomes)) say(line);
      const [found, named] = [outcomes.filter((one) => one.found).length, outcomes.filter((one) => one.named).length];
      const late = outcomes.filter(({ watch }) => isLate(watch)).length;
      const figures = { seed, events, edits: outcomes.length, found, named, untouched: untouched.length };
      console.log(JSON.stringify(by === "watch" ? { ...figures, late } : figures));
      return found === outcomes.length && named === outcomes.length && untouched.length === 0 && late === 0 ? 0 : 1;
    },
  );

/** The watch is to name what it can within a minute. */
export const isLate = (watch: Outcome["watch"]): boolean => watch !== null && (watch.seconds ?? Infinity) > 60;

export function table(outcomes: readonly Outcome[]): string[] {
  const isWatched = outcomes.some(({ watch }) => watch !== null);
  const kinds = Map.groupBy(outcomes, ({ kind }) => kind);
  return [
    `| kind | edits | found | named |${isWatched ? " seconds until named: median, longest | alerts |" : ""}`,
    `| --- | --- | --- | --- |${isWatched ? " --- | --- |" : ""}`,
    ...[...kinds].map(([kind, of]) => {
      const [found, named] = [of.filter((one) => one.found).length, of.filter((one) => one.named).length];
      return `| ${kind} | ${of.length} | ${found} | ${named} |${isWatched ? timesOf(of) : ""}`;
    }),
  ];
}

function timesOf(outcomes: readonly Outcome[]): string {
  const seconds = outcomes.flatMap(({ watch }) => watch?.seconds ?? []);
  const alerts = new Set(outcomes.flatMap(({ watch }) => watch?.alerts ?? []));
  return ` ${median(seconds)}, ${Math.max(...seconds)} | ${[...alerts].toSorted().join(", ")} |`;
}
