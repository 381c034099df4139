// How much of the machine's CPU nobody used.

import { cpus } from "node:os";

/** @returns the share, 0 to 1, since the last call, or since this one */
export function idleShare(): () => number {
  let before = read();
  return () => {
    const now = read();
    const all = now.all - before.all;
    const share = all > 0 ? (now.idle - before.idle) / all : 0;
    before = now;
    return share;
  };
}

/** In ms of all cores since the machine began. */
function read(): { readonly idle: number; readonly all: number } {
  let [idle, all] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  return { idle, all };
}
