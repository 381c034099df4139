// What agents really do, recorded where no desk has a hand in it: each command appends to one file when it begins and when it has done its
// work, and so does whoever kills. Appended lines are whole and stand in the order in which it all happened.

import { appendFile, readFile } from "node:fs/promises";

/** One line of the file. */
export type Effect = {
  readonly what: "begin" | "end" | "fail" | "dead";
  /** The task; of one that is dead: nothing. */
  readonly task: string;
  readonly agent: string;
  /** Which process of the agent, counted from 1. */
  readonly launch: number;
  /** The assignment by which it was begun: when it was made. */
  readonly at: string;
};

/** Of a task's context, what the command shall do with it. */
export type Doing = {
  /** What its first try comes to; later ones are done, but for what is impossible. */
  readonly first: "done" | "fail" | "hang" | "impossible";
  readonly seconds: number;
};

/**
 * Reads its task as any command does, and does nothing where there is none: its agent was killed between the two. Made of the shell
 * alone, since two cores run fifty of them.
 */
const script = `
file=$1 agent=$2 launch=$3
IFS= read -r task || exit 1
at=\${task#*\\"assigned_at\\":\\"} at=\${at%%\\"*}
tries=\${task#*\\"retry_count\\":} tries=\${tries%%,*}
first=\${task#*\\"first\\":\\"} first=\${first%%\\"*}
seconds=\${task#*\\"seconds\\":} seconds=\${seconds%%[,\\}]*}
note() { printf '%s %s %s %s %s\\n' "$1" "$DISPATCH_TASK_ID" "$agent" "$launch" "$at" >> "$file"; }
note begin
case $first in impossible) note fail; exit 65 ;; esac
case $tries$first in 0fail) note fail; exit 3 ;; 0hang) sleep 600 ;; esac
sleep "$seconds"
note end
printf '{"result":{"agent":"%s","launch":%s,"at":"%s"}}\\n' "$agent" "$launch" "$at"
`;

/** @returns the words of --command */
export const recordingCommand = (file: string, agent: string, launch: number): string =>
  JSON.stringify(["/bin/sh", "-c", script, "task", file, agent, String(launch)]);

/** Called once a process of an agent is gone, and before the next one starts. */
export const noteDeath = (file: string, agent: string, launch: number): Promise<void> =>
  appendFile(file, `dead - ${agent} ${launch} -\n`);

export async function readEffects(file: string): Promise<Effect[]> {
  const lines = (await readFile(file, "utf8")).split("\n").slice(0, -1);
  return lines.map((line) => {
    const [what = "", task = "", agent = "", launch = "", at = ""] = line.split(" ");
    return { what: what as Effect["what"], task, agent, launch: Number(launch), at };
  });
}
