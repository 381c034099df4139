// How often an agent may ask, and how often an address may be wrong about who it is, in any minute.

import type { Clock } from "../kernel/clock.ts";
import { Refusal } from "../kernel/refusal.ts";
import { RateLimit } from "./rate-limit.ts";

export class AgentLimits {
  readonly #agents: RateLimit;
  /** Apart from the agents, since whoever has many addresses may make us forget them. */
  readonly #addresses: RateLimit;

  /** @param perMinute of each agent and of each address; 0 lets everything pass */
  constructor(perMinute: number, clock: Clock) {
    this.#agents = new RateLimit(perMinute, clock);
    this.#addresses = new RateLimit(perMinute, clock);
  }

  /**
   * Who asks, unless they have asked too often. Only what fails counts against an address: agents share one, behind a proxy or on
   * one machine, and none of them suffers from another's wrong token.
   * @param address the client's; of a socket that is closed already it may be unknown
   * @throws Refusal RATE_LIMITED, or as `authenticate` does
   */
  async admit<Who extends { readonly id: string }>(
    address: string | undefined,
    authenticate: () => Promise<Who>,
  ): Promise<Who> {
    const who = await authenticate().catch((error: unknown) => {
      if (error instanceof Refusal && error.status === 401) this.#addresses.take(address ?? "");
      throw error;
    });
    this.#agents.take(who.id);
    return who;
  }
}
