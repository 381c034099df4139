// Follows the file that holds the token secret. Whoever changes it means the stack to use it, and a part that is started again reads it
// anyway: so that no two parts go by two secrets, all come to the new one, as soon as it has stood in the file for two looks. What each
// part was started with is compared at every look, so that one which was just starting, or did not come up, is not forgotten.

import { readFile } from "node:fs/promises";
import { messageOf } from "../../process/command-line.ts";
import type { ServicePlan, SupervisedService } from "./supervised-service.ts";

const lookEveryMs = 5_000;

export type SecretWatch = {
  readonly path: string;
  /** A shorter one no part would start with. */
  readonly leastLength: number;
  /** Is told at each look the secret that stands, and starts the parts again that go by another. */
  readonly takeUp: (secret: string) => Promise<void>;
  /** Is told why what is in the file is not taken up; null once that is over. */
  readonly unusable: (why: string | null) => void;
  /** Is told why it could not be taken up; the next look tries again. */
  readonly failed: (why: string) => void;
};

/** Looks every few seconds until it is stopped. */
export function watchSecret(watch: SecretWatch): { stop(): void } {
  const look = follower(watch);
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => (looking = false));
  }, lookEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** One look, to be called again and again; it never rejects, since that would end the supervisor and all it keeps. */
export function follower({ path, leastLength, takeUp, unusable, failed }: SecretWatch): () => Promise<void> {
  let seen: string | null = null;
  let refused: string | null = null;
  const refuse = (why: string | null): void => {
    if (why === refused) return;
    refused = why;
    unusable(why);
  };
  const look = async (): Promise<void> => {
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
    if (stands) await takeUp(text);
  };
  return () => look().catch((error: unknown) => failed(messageOf(error)));
}

/** Which secret each part was started with. */
export class SecretsInUse {
  readonly #read: () => Promise<string>;
  readonly #startedWith = new Map<string, string | null>();

  /** @param read what the file holds now */
  constructor(read: () => Promise<string>) {
    this.#read = read;
  }

  /** The same plan, and at each start it is remembered what the part finds in the file. */
  remembered(plan: ServicePlan): ServicePlan {
    return {
      ...plan,
      start: async (signal, onPid) => {
        // Before the part reads it: a change in between costs one more start, and is never missed.
        this.#startedWith.set(plan.name, await this.#read().catch(() => null));
        return plan.start(signal, onPid);
      },
    };
  }

  /** Those that run and were started with another one. */
  behind(services: readonly SupervisedService[], secret: string): SupervisedService[] {
    return services.filter(
      (service) => service.record().state === "running" && this.#startedWith.get(service.plan.name) !== secret,
    );
  }
}
