// What becomes of an agent's commands when the agent itself is killed: its next run is given their tasks, so they end with it. A small
// shell beside the agent knows their process groups and waits for the agent's end of a pipe to close, which the kernel does however the
// agent ends.

import { spawn } from "node:child_process";
import { Socket } from "node:net";

export type LastWill = {
  /** @param group a process group that is to end with this process */
  add(group: number): void;
  remove(group: number): void;
};

const script = `
groups=" "
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;;
  esac
done
for group in $groups; do kill -KILL "-$group"; done
`;

/** Keeps nobody alive, and is reached by no signal of the terminal. */
export function writeLastWill(): LastWill {
  const shell = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  shell.on("error", () => undefined);
  shell.unref();
  const { stdin } = shell;
  // Whoever ends it ends commands with their agent no more, and nothing else.
  stdin.on("error", () => undefined);
  if (stdin instanceof Socket) stdin.unref();
  const note = (sign: string) => (group: number) => void stdin.write(`${sign} ${group}\n`);
  return { add: note("+"), remove: note("-") };
}
