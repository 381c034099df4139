// A person of the demo who speaks to a running API over HTTP, with credentials of their own.

import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import {
  commands,
  queries,
  type CommandName,
  type InputOf,
  type QueryBodyOf,
  type QueryName,
} from "../../dispatch/contract/index.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Accepted, Attempt, Refusal, Speaker } from "./speaker.ts";

/** How a speaker proves who they are: a token signed with the API's shared secret, or the development headers. */
export type Credentials = { readonly kind: "token"; readonly secret: string } | { readonly kind: "headers" };

export type Person = { readonly id: string; readonly label: string; readonly role: Role; readonly techId?: string };

type Answer = { readonly status: number; readonly body: unknown; readonly replayed: boolean };

export class HttpSpeaker implements Speaker {
  readonly label: string;
  readonly #person: Person;
  readonly #url: string;
  readonly #credentials: Credentials;

  constructor(url: string, credentials: Credentials, person: Person) {
    this.#url = url;
    this.#credentials = credentials;
    this.label = person.label;
    this.#person = person;
  }

  async does<N extends CommandName>(
    name: N,
    about: string | null,
    input: InputOf<N>,
    key: string = randomUUID(),
  ): Promise<Accepted<N>> {
    const { status, body } = await this.#command(name, about, input, key);
    if (status >= 300) throw new CommandFailure(`${name} failed with ${status}: ${JSON.stringify(body)}`);
    // The API's own tests hold its answers to the contract these types come from.
    return body as Accepted<N>;
  }

  async isRefused<N extends CommandName>(name: N, about: string | null, input: InputOf<N>): Promise<Refusal> {
    const attempt = await this.attempts(name, about, input);
    if (attempt.ok) throw new CommandFailure(`${name} should have been refused, but was done`);
    return attempt.refusal;
  }

  async attempts<N extends CommandName>(name: N, about: string | null, input: InputOf<N>): Promise<Attempt<N>> {
    const { status, body } = await this.#command(name, about, input, randomUUID());
    return status < 400
      ? { ok: true, body: body as Accepted<N> }
      : { ok: false, refusal: (body as { error: Refusal }).error };
  }

  async repeats<N extends CommandName>(
    name: N,
    about: string | null,
    input: InputOf<N>,
    key: string,
  ): Promise<{ body: Accepted<N>; replayed: boolean }> {
    const { body, replayed } = await this.#command(name, about, input, key);
    return { body: body as Accepted<N>, replayed };
  }

  async reads<N extends QueryName>(
    name: N,
    ids: { ticketId?: string; receiptId?: string; taskId?: string } = {},
    query: Record<string, string> = {},
  ): Promise<QueryBodyOf<N>> {
    const path = queries[name].path
      .replace("{ticketId}", ids.ticketId ?? "")
      .replace("{receiptId}", ids.receiptId ?? "")
      .replace("{taskId}", ids.taskId ?? "");
    const { status, body } = await this.#send(
      `${path}${Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : ""}`,
      {},
    );
    if (status !== 200) throw new CommandFailure(`${name} failed with ${status}: ${JSON.stringify(body)}`);
    return body as QueryBodyOf<N>;
  }

  async #command(name: CommandName, about: string | null, input: object, key: string): Promise<Answer> {
    const headers = { "content-type": "application/json", "idempotency-key": key };
    return this.#send(commands[name].path.replace(/\{(?:ticket|technician)Id\}/, about ?? ""), {
      method: "POST",
      headers,
      body: JSON.stringify(input),
    });
  }

  async #send(
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Answer> {
    const headers = { ...init.headers, ...(await this.#identity()) };
    const response = await fetch(this.#url + path, { ...init, headers, signal: AbortSignal.timeout(30_000) }).catch(
      (error: unknown) => {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
        throw new CommandFailure(`No answer from the API at ${this.#url}: ${cause}`);
      },
    );
    return {
      status: response.status,
      body: await response.json(),
      replayed: response.headers.get("idempotency-replayed") === "true",
    };
  }

  async #identity(): Promise<Record<string, string>> {
    const { id, role, techId } = this.#person;
    if (this.#credentials.kind === "headers") {
      return { "x-agent-id": id, "x-actor-id": id, "x-actor-role": role, ...(techId && { "x-tech-id": techId }) };
    }
    const claims = {
      role,
      actor_type: "HUMAN",
      scope: { account_ids: "*", site_ids: "*" },
      ...(techId && { tech_id: techId }),
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(id)
      .setExpirationTime("5m")
      .sign(new TextEncoder().encode(this.#credentials.secret));
    return { "x-agent-id": id, authorization: `Bearer ${token}` };
  }
}
