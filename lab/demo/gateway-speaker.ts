// A person of the demo who speaks through the gateway's tools, in one of the roles that its owner was granted.

import { randomUUID } from "node:crypto";
import {
  commands,
  type CommandName,
  type InputOf,
  type QueryBodyOf,
  type QueryName,
  type ToolName,
} from "../../dispatch/contract/index.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { GatewayClient, ToolAnswer } from "../../dispatch/ops/gateway/gateway-client.ts";
import type { Accepted, Attempt, Refusal, Speaker } from "./speaker.ts";

export class GatewaySpeaker implements Speaker {
  readonly label: string;
  readonly #client: GatewayClient;
  readonly #role: Role;

  constructor(client: GatewayClient, label: string, role: Role) {
    this.#client = client;
    this.#role = role;
    this.label = label;
  }

  async does<N extends CommandName>(
    name: N,
    about: string | null,
    input: InputOf<N>,
    key: string = randomUUID(),
  ): Promise<Accepted<N>> {
    return (await this.repeats(name, about, input, key)).body;
  }

  async isRefused<N extends CommandName>(name: N, about: string | null, input: InputOf<N>): Promise<Refusal> {
    const attempt = await this.attempts(name, about, input);
    if (attempt.ok) throw new CommandFailure(`${name} should have been refused, but was done`);
    return attempt.refusal;
  }

  async attempts<N extends CommandName>(name: N, about: string | null, input: InputOf<N>): Promise<Attempt<N>> {
    const answer = await this.#call(name, { ...input, ...idArgument(name, about) });
    const { outcome, refusal } = answer.details;
    if (outcome === "refused" && isObject(refusal)) {
      const { code, message } = refusal;
      if (typeof code === "string" && typeof message === "string")
        return { ok: false, refusal: { ...refusal, code, message } };
    }
    return { ok: true, body: bodyOf(name, answer, "done") as Accepted<N> };
  }

  async repeats<N extends CommandName>(
    name: N,
    about: string | null,
    input: InputOf<N>,
    key: string,
  ): Promise<{ body: Accepted<N>; replayed: boolean }> {
    const answer = await this.#call(name, { ...input, ...idArgument(name, about), request_id: key });
    // The plugin hands on the API's answer, and the API's own tests hold that to the contract these types come from.
    return { body: bodyOf(name, answer, "done") as Accepted<N>, replayed: answer.details["replayed"] === true };
  }

  async reads<N extends QueryName>(
    name: N,
    ids: { ticketId?: string; receiptId?: string; taskId?: string } = {},
    query: Record<string, string> = {},
  ): Promise<QueryBodyOf<N>> {
    const args = {
      ...query,
      ...(ids.ticketId !== undefined && { ticket_id: ids.ticketId }),
      ...(ids.receiptId !== undefined && { receipt_id: ids.receiptId }),
      ...(ids.taskId !== undefined && { task_id: ids.taskId }),
    };
    return bodyOf(name, await this.#call(name, args), "read") as QueryBodyOf<N>;
  }

  #call(name: ToolName, args: JsonObject): Promise<ToolAnswer> {
    return this.#client.invoke(name.replaceAll(".", "_"), { ...args, actor_role: this.#role });
  }
}

/** The id of a command's path, as the argument of its tool. */
function idArgument(name: CommandName, about: string | null): JsonObject {
  if (about === null) return {};
  return { [commands[name].path.includes("{technicianId}") ? "tech_id" : "ticket_id"]: about };
}

function bodyOf(name: ToolName, { text, details }: ToolAnswer, outcome: "done" | "read"): unknown {
  const { body } = details;
  if (details["outcome"] === outcome && isObject(body)) return body;
  throw new CommandFailure(`${name} failed: ${text}`);
}
