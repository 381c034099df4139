// Which endpoint or dead letters an operator means, read from options; nothing is chosen by accident.

import type { DeadLetterChoice } from "../../webhooks/dead-letters.ts";
import { CommandFailure } from "../../process/command-line.ts";

export type ChoiceValues = {
  readonly endpoint?: string | undefined;
  readonly id?: string[] | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly all?: boolean | undefined;
};

/** The endpoint of --endpoint. @throws CommandFailure when it is missing or no id */
export function endpointOf({ endpoint }: ChoiceValues): string {
  if (endpoint === undefined) throw new CommandFailure("--endpoint is needed; list shows the ids");
  return uuid("endpoint", endpoint);
}

/** The dead letters all given options agree on. @throws CommandFailure when none is given and not --all, or one is wrong */
export function choiceOf({ endpoint, id, since, until, all }: ChoiceValues): DeadLetterChoice {
  if (!all && endpoint === undefined && id === undefined && since === undefined && until === undefined) {
    throw new CommandFailure("say which: --id, --endpoint, --since, --until, or --all");
  }
  return {
    ids: id?.map((one) => uuid("id", one)) ?? null,
    endpointId: endpoint === undefined ? null : uuid("endpoint", endpoint),
    since: since === undefined ? null : time("since", since),
    until: until === undefined ? null : time("until", until),
  };
}

function uuid(option: string, text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new CommandFailure(`--${option} must be an id, not ${text}`);
  return text.toLowerCase();
}

function time(option: string, text: string): string {
  const at = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(at.getTime()))
    throw new CommandFailure(`--${option} must be a time such as 2026-03-02T08:00:00Z, not ${text}`);
  return at.toISOString();
}
