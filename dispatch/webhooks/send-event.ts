// Sends one event to one endpoint and tells what became of it. It touches no table.

import { envelopeOf } from "../kernel/event-envelope.ts";
import { positionText, type StreamedEvent } from "../kernel/outbox-reader.ts";
import { urlFault } from "./endpoint-url.ts";
import { post, privateAddress } from "./post.ts";
import { namesPrivateAddress } from "./private-address.ts";
import { apiSignatureHeader, signatureHeader } from "./signature.ts";

/** As long as an endpoint added through the API may take. */
const apiTimeoutMs = 5_000;

export type Target = {
  readonly url: string;
  /** The one in force, and the one before it while both sign. */
  readonly secrets: readonly string[];
  /** Whether it was added through the API, whose signature and limits are others. */
  readonly byApi: boolean;
};

export type SentEvent = Omit<StreamedEvent, "position"> & {
  /** The same at every try, so that the receiver can tell a repetition. */
  readonly id: string;
  /** Null for a test, which has no place in the outbox. */
  readonly position: StreamedEvent["position"] | null;
};

export type SendOptions = {
  readonly now: Date;
  readonly timeoutMs: number;
  readonly production: boolean;
  readonly privateAddresses: boolean;
};

/** `error` is null when the receiver took the event; `status` is null when no answer came. */
export type Sent = { readonly status: number | null; readonly error: string | null };

/** Sends an event. Redirects are not followed: who added the endpoint names where events go, not the receiver. */
export async function sendEvent(
  target: Target,
  event: SentEvent,
  { now, timeoutMs, production, privateAddresses }: SendOptions,
): Promise<Sent> {
  const mayBePrivate = !target.byApi || privateAddresses;
  // Who added the endpoint may have had other settings than the worker has.
  const fault =
    urlFault(target.url, production) ?? (!mayBePrivate && namesPrivateAddress(target.url) ? privateAddress : null);
  if (fault !== null) return { status: null, error: `the URL ${fault}` };
  const { body, headers } = (target.byApi ? apiMessage : standardMessage)(target, event, now);
  const withinMs = target.byApi ? Math.min(timeoutMs, apiTimeoutMs) : timeoutMs;
  const signal = AbortSignal.timeout(withinMs);
  const common = { "content-type": "application/json", "user-agent": "dispatch-webhooks" };
  try {
    const status = await post(target.url, body, { headers: { ...common, ...headers }, signal, mayBePrivate });
    return { status, error: status >= 200 && status < 300 ? null : answerFault(status) };
  } catch (error) {
    return { status: null, error: signal.aborted ? `no answer within ${withinMs} ms` : reasonOf(error) };
  }
}

type Message = { readonly body: string; readonly headers: Readonly<Record<string, string>> };

/** After Standard Webhooks, for endpoints of the operator's command. */
function standardMessage({ secrets }: Target, { id, ...event }: SentEvent, now: Date): Message {
  const { subject, event: name, payload, created_at, position } = event;
  const place = position && positionText(position);
  const body = JSON.stringify({ subject, event: name, created_at, position: place, payload });
  const timestamp = Math.floor(now.getTime() / 1000);
  return {
    body,
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signatureHeader(secrets, { id, timestamp, body }),
    },
  };
}

/** The envelope of `/api/v1/events`, for endpoints added there. */
function apiMessage({ secrets }: Target, event: SentEvent, now: Date): Message {
  const envelope = envelopeOf({ ...event, position: event.position ?? nowhere });
  const body = JSON.stringify(envelope);
  const timestamp = Math.floor(now.getTime() / 1000);
  return {
    body,
    headers: {
      "x-dispatch-event-id": envelope.id,
      "x-dispatch-timestamp": String(timestamp),
      "x-dispatch-signature": apiSignatureHeader(secrets, { timestamp, body }),
    },
  };
}
const nowhere = { xact: "0", id: "0" };

const answerFault = (status: number): string =>
  status >= 300 && status < 400 ? `answered ${status}; redirects are not followed` : `answered ${status}`;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "no answer";
  return error.message.endsWith(privateAddress)
    ? error.message
    : `no answer: ${"code" in error && typeof error.code === "string" ? error.code : error.message}`;
}
