// Follows the file that holds the token secret. Whoever changes it means the stack to use it, and a part that is started again reads it
// anyway: so that no two parts go by two secrets, all take up a new one together, as soon as it has stood in the file for two looks.

import { readFile } from "node:fs/promises";
import { messageOf } from "../../process/command-line.ts";

const lookEveryMs = 5_000;

export type SecretWatch = {
  readonly path: string;
  /** What the parts were started with. */
  readonly inForce: string;
  /** A shorter one no part would start with. */
  readonly leastLength: number;
  /** Starts the parts again that use it. */
  readonly takeUp: () => Promise<void>;
  /** Is told why what is in the file is not taken up; null once that is over. */
  readonly unusable: (why: string | null) => void;
};

/** Looks every few seconds until it is stopped. */
export function watchSecret(watch: SecretWatch): { stop(): void } {
  const follow = follower(watch);
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void follow().finally(() => (looking = false));
  }, lookEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** One look, to be called again and again. */
export function follower({ path, inForce: first, leastLength, takeUp, unusable }: SecretWatch): () => Promise<void> {
  let inForce = first;
  let seen = first;
  let refused: string | null = null;
  const refuse = (why: string | null): void => {
    if (why === refused) return;
    refused = why;
    unusable(why);
  };
  return async () => {
    const found = await readFile(path, "utf8").then(
      (text) => ({ text: text.trim() }),
      (error: unknown) => ({ problem: messageOf(error) }),
    );
    if ("problem" in found) return refuse(found.problem);
    const { text } = found;
    if (text === "") return refuse("it is empty");
    if (text.length < leastLength) return refuse(`it has fewer than ${leastLength} characters`);
    refuse(null);
    const stands = text === seen;
    seen = text;
    if (!stands || text === inForce) return;
    inForce = text;
    await takeUp();
  };
}
