// Keeps long work from looking like a hang: says where it stands every five seconds, and nothing when it is quick.

export type Say = (message: string) => void;

const everyMs = 5_000;

/** Says `where()` every five seconds until disposed of. */
export function sayWhere(say: Say, where: () => string): Disposable {
  const timer = setInterval(() => say(where()), everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** 12,345 */
export const grouped = (count: number): string => count.toLocaleString("en-US");

/** 3.2 MB */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
