// `pnpm dispatch:chaos:tampering`: is everything found that whoever owns the database does to what history speaks of?

import { runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { tamper, type Outcome } from "./tamper.ts";

const say = (line: string): void => console.error(line);

export const chaosTamperingCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:chaos:tampering",
      about:
        "Lays out a throw-away desk whose log is signed and witnessed, edits copies of its database as the superuser, each in one way, " +
        "and verifies each. Prints a table of what was done, found and named, and figures as JSON; 1 when anything was not.",
      options: { edits: { type: "string" }, seed: { type: "string" }, tickets: { type: "string" } },
      meanings: {
        edits: "how many (default 1000)",
        seed: "of what is drawn (default: drawn, and printed)",
        tickets: "tickets of the desk (default 8)",
      },
    },
    async (values) => {
      const seed = wholeNumber("seed", values.seed, Date.now() % 1_000_000);
      const count = wholeNumber("edits", values.edits, 1_000);
      say(`seed ${seed}`);
      const tickets = 2 * Math.ceil(wholeNumber("tickets", values.tickets, 8) / 2);
      const { outcomes, events, untouched } = await tamper({ count, seed, tickets, say });
      for (const { kind, what, chain, says, named } of outcomes)
        if (!named) say(`NOT NAMED ${kind}: ${what}, ${chain}; it says ${says}`);
      for (const line of table(outcomes)) say(line);
      const [found, named] = [outcomes.filter((one) => one.found).length, outcomes.filter((one) => one.named).length];
      console.log(JSON.stringify({ seed, events, edits: outcomes.length, found, named, untouched: untouched.length }));
      return found === outcomes.length && named === outcomes.length && untouched.length === 0 ? 0 : 1;
    },
  );

export function table(outcomes: readonly Outcome[]): string[] {
  const kinds = Map.groupBy(outcomes, ({ kind }) => kind);
  return [
    "| kind | edits | found | named |",
    "| --- | --- | --- | --- |",
    ...[...kinds].map(([kind, of]) => {
      const [found, named] = [of.filter((one) => one.found).length, of.filter((one) => one.named).length];
      return `| ${kind} | ${of.length} | ${found} | ${named} |`;
    }),
  ];
}
