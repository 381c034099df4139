// Keeps a wait from looking like a hang.

/** Receives one short sentence per step. */
export type Log = (message: string) => void;

const sayEveryMs = 10_000;

/** Returns a function to call on every turn of a wait; it logs `message` every ten seconds. */
export function sayWhenSlow(log: Log, message: string): () => void {
  let due = performance.now() + sayEveryMs;
  return () => {
    if (performance.now() < due) return;
    due = performance.now() + sayEveryMs;
    log(message);
  };
}
