// `pnpm dispatch:chaos:approvals`: is what a model asks a person for never lost, done twice, done unallowed or on an outdated yes, whatever
// is killed?

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { chaos } from "./chaos.ts";
import { unproven, type Verdict } from "./model.ts";

const say = (line: string): void => console.error(line);

export const chaosApprovalsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:chaos:approvals",
      about:
        "Models ask for reserved commands of several kinds on a throw-away desk, people answer, what it is about changes, and APIs, " +
        "workers, Postgres and a gateway are killed by SIGKILL, most of them right behind an ask, an answer or a card. Then a model " +
        "looks in the trail for what was lost, done twice, done unallowed, or done on a yes that was outdated. " +
        "Prints a table, one of the kinds, then JSON; 1 when anything was found, or from 50 kills on a kind was never asked for or done.",
      options: {
        kills: { type: "string" },
        seed: { type: "string" },
        minutes: { type: "string" },
        lanes: { type: "string" },
      },
      meanings: {
        kills:
          "kills in all: six tenths are APIs, three workers, one Postgres; of each fifty one is a gateway in place of an API (default 500)",
        seed: "of what is drawn (default: drawn, and printed)",
        minutes: "after which nothing more is killed (default 15)",
        lanes: "how many cases are lived at the same time (default 8)",
      },
    },
    async (values) => {
      const kills = wholeNumber("kills", values.kills, 500);
      const seed = wholeNumber("seed", values.seed, Date.now() % 1_000_000);
      const part = (of: number): number => Math.round(kills * of);
      const [worker, postgres, gateway] = [part(0.3), part(0.1), part(0.02)];
      say(`seed ${seed}`);
      const folder = await mkdtemp(join(tmpdir(), "dispatch-chaos-"));
      try {
        const { violations, ...figures } = await chaos({
          folder,
          seed,
          kills: { api: kills - worker - postgres - gateway, worker, postgres, gateway },
          seconds: wholeNumber("minutes", values.minutes, 15) * 60,
          lanes: wholeNumber("lanes", values.lanes, 8),
          say,
        });
        for (const violation of violations) say(`VIOLATION ${violation}`);
        const count = (kind: string): number => violations.filter((one) => one.startsWith(kind)).length;
        const killed = Object.values(figures.kills).reduce((sum, one) => sum + one, 0);
        const gaps = [...unproven(figures, killed), ...unheard(figures.inChat, figures.kills.gateway)];
        for (const gap of gaps) say(`UNPROVEN ${gap}`);
        const rows: readonly (readonly [string, unknown])[] = [
          ["seconds", figures.seconds],
          [`kills, of ${kills}`, killed],
          ...Object.entries(figures.killsAt).toSorted(),
          ["asked", figures.asked],
          ["answers and cards", figures.answered],
          ["/dispatch approve, taken", figures.inChat.approved],
          ["/dispatch deny, taken", figures.inChat.denied],
          ...Object.entries(figures.ends),
          ["done on a person's word", figures.done],
          ["not done, what it was for changed", figures.outdated],
          ["carried out by workers", figures.byWorkers],
          ["lost", count("LOST")],
          ["doubled", count("DOUBLED")],
          ["unapproved", count("UNAPPROVED")],
          ["done on an old yes", count("OLD YES")],
          ["violations in all", violations.length],
        ];
        for (const [name, value] of rows) console.log(`${name.padEnd(36)}${String(value).padStart(8)}`);
        for (const line of kindTable(figures)) console.log(line);
        console.log(JSON.stringify({ ...figures, violations: violations.length, unproven: gaps.length }));
        return violations.length === 0 && gaps.length === 0 ? 0 : 1;
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  );

/** A line for each kind of call, under what is counted of it. */
function kindTable({ kinds: told }: Pick<Verdict, "kinds">): string[] {
  const ends = [...new Set(Object.values(told).flatMap((one) => Object.keys(one.ends)))].toSorted();
  const line = (name: string, values: readonly unknown[]): string =>
    name.padEnd(24) + values.map((value) => String(value).padStart(10)).join("");
  return [
    line("kind", ["asked", "kept", "done", "outdated", ...ends]),
    ...Object.entries(told).map(([tool, { asked, kept, done, outdated, ends: of }]) =>
      line(tool, [asked, kept, done, outdated, ...ends.map((end) => of[end] ?? 0)]),
    ),
  ];
}

/** Where a gateway is killed, people have to have been heard in its chat. */
const unheard = (
  { approved, denied }: { readonly approved: number; readonly denied: number },
  gateways: number,
): string[] =>
  gateways > 0 && approved + denied === 0
    ? ["nobody was heard in a chat: the run proves nothing of /dispatch approve and /dispatch deny."]
    : [];
