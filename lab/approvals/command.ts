// `pnpm dispatch:chaos:approvals`: is what a model asks a person for never lost, done twice, done unallowed or on an outdated yes, whatever
// is killed?

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { chaos } from "./chaos.ts";

const say = (line: string): void => console.error(line);

export const chaosApprovalsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:chaos:approvals",
      about:
        "Models ask for reserved commands of four kinds on a throw-away desk, people answer, and what it is about changes, while APIs, " +
        "workers, Postgres and a gateway are killed by SIGKILL, most of them right behind an ask, an answer or a card. Then a model " +
        "looks in the trail for what was lost, done twice, done unallowed, or done on a yes that was outdated. " +
        "Prints a table, then JSON; 1 when anything was found.",
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
        const rows: readonly (readonly [string, unknown])[] = [
          ["seconds", figures.seconds],
          ...Object.entries(figures.killsAt).toSorted(),
          ["asked", figures.asked],
          ["answers and cards", figures.answered],
          ...Object.entries(figures.ends),
          ["done on a person's word", figures.done],
          ["not done, the ticket had changed", figures.outdated],
          ["carried out by workers", figures.byWorkers],
          ["lost", count("LOST")],
          ["doubled", count("DOUBLED")],
          ["unapproved", count("UNAPPROVED")],
          ["done on an old yes", count("OLD YES")],
          ["violations in all", violations.length],
        ];
        for (const [name, value] of rows) console.log(`${name.padEnd(36)}${String(value).padStart(8)}`);
        console.log(JSON.stringify({ ...figures, violations: violations.length }));
        return violations.length === 0 ? 0 : 1;
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  );
