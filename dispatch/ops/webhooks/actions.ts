// What `pnpm dispatch:webhooks` does, action by action. Each answers with a result for programs and lines for people.

import type { Database } from "../../db/pool.ts";
import { newId } from "../../kernel/clock.ts";
import { Refusal } from "../../kernel/refusal.ts";
import type { Settings } from "../../process/settings.ts";
import { subjectExpressions } from "../../kernel/subject-patterns.ts";
import { deadLetters, discardDeadLetters, replayDeadLetters } from "../../webhooks/dead-letters.ts";
import { urlFault } from "../../webhooks/endpoint-url.ts";
import {
  addEndpoint,
  listEndpoints,
  pauseEndpoint,
  removeEndpoint,
  resumeEndpoint,
  targetOf,
  type Endpoint,
} from "../../webhooks/endpoints.ts";
import { rotateSecret } from "../../webhooks/rotate-secret.ts";
import { sendEvent } from "../../webhooks/send-event.ts";
import { CommandFailure, wholeNumber } from "../../process/command-line.ts";
import { choiceOf, endpointOf, type ChoiceValues } from "./choice.ts";

export type ActionValues = ChoiceValues & {
  readonly url?: string | undefined;
  readonly subject?: string[] | undefined;
  readonly limit?: string | undefined;
  readonly reason?: string | undefined;
  readonly "overlap-hours"?: string | undefined;
};

type Parts = { readonly db: Database; readonly settings: Settings; readonly values: ActionValues; readonly now: Date };
type Outcome = { readonly result: unknown; readonly lines: readonly string[]; readonly code?: number };
export type Action = (parts: Parts) => Promise<Outcome>;

export const actions: Readonly<Record<string, Action>> = {
  add,
  list,
  remove: async ({ db, values }) => {
    const id = endpointOf(values);
    const undelivered = await removeEndpoint(db, id);
    if (undelivered === null) throw noSuch(id);
    return { result: { id, undelivered }, lines: [`removed ${id}, and with it ${undelivered} undelivered events`] };
  },
  pause: async ({ db, values, now }) => {
    const id = endpointOf(values);
    if (!(await pauseEndpoint(db, id, values.reason ?? "an operator paused it", now))) throw noSuch(id);
    return { result: { id, paused: true }, lines: [`paused ${id}; its queue grows until it is resumed or removed`] };
  },
  resume: async ({ db, values, now }) => {
    const id = endpointOf(values);
    if (!(await resumeEndpoint(db, id, now))) throw noSuch(id);
    return { result: { id, paused: false }, lines: [`resumed ${id}; what waits is sent at the workers' next look`] };
  },
  rotate,
  test: sendTest,
  "dead-letters": showDeadLetters,
  replay: async ({ db, values, now }) => {
    const replayed = await replayDeadLetters(db, choiceOf(values), now);
    return { result: { replayed }, lines: [`put ${replayed} dead letters back into the queue`] };
  },
  discard: async ({ db, values }) => {
    const discarded = await discardDeadLetters(db, choiceOf(values));
    return { result: { discarded }, lines: [`threw ${discarded} dead letters away`] };
  },
};

const noSuch = (id: string): CommandFailure => new CommandFailure(`there is no endpoint ${id}; list shows them`);

async function add({ db, settings, values, now }: Parts): Promise<Outcome> {
  if (values.url === undefined) throw new CommandFailure("add needs --url");
  const fault = urlFault(values.url, settings.production);
  if (fault !== null) throw new CommandFailure(`--url ${fault}`);
  const subjects = values.subject ?? [];
  checkSubjects(subjects);
  const { id, secret } = await addEndpoint(db, values.url, subjects.length > 0 ? subjects : null, now);
  return {
    result: { id, secret },
    lines: [
      `endpoint ${id}`,
      `secret   ${secret}`,
      "The receiver verifies signatures with the secret; it is not shown again.",
    ],
  };
}

function checkSubjects(subjects: readonly string[]): void {
  try {
    subjectExpressions(subjects);
  } catch (error) {
    if (error instanceof Refusal)
      throw new CommandFailure(`--subject: ${JSON.stringify(error.details["validation_errors"])}`);
    throw error;
  }
}

async function list({ db, now }: Parts): Promise<Outcome> {
  const endpoints = await listEndpoints(db, now);
  return {
    result: endpoints,
    lines: endpoints.length > 0 ? endpoints.flatMap(endpointLines) : ["there are no endpoints"],
  };
}

function endpointLines(one: Endpoint): string[] {
  const { id, url, subjects, paused_at, pause_reason, failing_since, last_error, last_delivered_at, old_secret_until } =
    one;
  return [
    `${id}  ${url}  ${subjects?.join(" ") ?? "every subject"}${one.by_api ? "  (added through the API)" : ""}`,
    `  ${one.pending} wait, ${one.dead_letters} dead letters, ${one.delivered} delivered` +
      `${last_delivered_at === null ? "" : `, the last at ${last_delivered_at}`}`,
    ...(paused_at === null ? [] : [`  paused since ${paused_at}: ${pause_reason ?? ""}`]),
    ...(failing_since === null ? [] : [`  failing since ${failing_since}: ${last_error ?? ""}`]),
    ...(old_secret_until === null ? [] : [`  the secret before signs too until ${old_secret_until}`]),
  ];
}

async function rotate({ db, values, now }: Parts): Promise<Outcome> {
  const id = endpointOf(values);
  const until = new Date(now.getTime() + wholeNumber("overlap-hours", values["overlap-hours"], 24) * 3_600_000);
  const secret = await rotateSecret(db, id, until);
  if (secret === null) throw noSuch(id);
  return {
    result: { id, secret, old_secret_until: until.toISOString() },
    lines: [`secret   ${secret}`, `It is not shown again. The secret before signs too until ${until.toISOString()}.`],
  };
}

async function sendTest({ db, settings, values, now }: Parts): Promise<Outcome> {
  const id = endpointOf(values);
  const target = await targetOf(db, id, now);
  if (!target) throw noSuch(id);
  const eventId = newId(now.getTime());
  const event = {
    id: eventId,
    event_id: eventId,
    subject: "desk.webhook_test",
    event: "webhook_test",
    payload: { endpoint_id: id },
    created_at: now.toISOString(),
    position: null,
  };
  const sent = await sendEvent(target, event, {
    now,
    timeoutMs: settings.webhookTimeoutMs,
    production: settings.production,
    privateAddresses: settings.webhookPrivateAddresses,
  });
  const line = sent.error === null ? `delivered: the endpoint answered ${sent.status}` : `not delivered: ${sent.error}`;
  return { result: { id, ...sent }, lines: [line], code: sent.error === null ? 0 : 1 };
}

async function showDeadLetters({ db, values }: Parts): Promise<Outcome> {
  const limit = wholeNumber("limit", values.limit, 50);
  const letters = await deadLetters(db, choiceOf({ ...values, all: true }), limit);
  const lines = letters.map(
    (one) =>
      `${one.id}  ${one.event_at}  ${one.subject}  to ${one.endpoint_id}: ${one.attempts} tries, ${one.last_error ?? ""}`,
  );
  return { result: letters, lines: lines.length > 0 ? lines : ["there are no dead letters"] };
}
