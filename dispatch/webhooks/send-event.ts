// Sends one event to one endpoint and tells what became of it. It touches no table.

import { positionText, type StreamedEvent } from "../kernel/outbox-reader.ts";
import { urlFault } from "./endpoint-url.ts";
import { signatureHeader } from "./signature.ts";

export type Target = {
  readonly url: string;
  /** The one in force, and the one before it while both sign. */
  readonly secrets: readonly string[];
};

export type SentEvent = Omit<StreamedEvent, "position" | "event_id"> & {
  /** The same at every try, so that the receiver can tell a repetition. */
  readonly id: string;
  /** Null for a test, which has no place in the outbox. */
  readonly position: StreamedEvent["position"] | null;
};

export type SendOptions = { readonly now: Date; readonly timeoutMs: number; readonly production: boolean };

/** `error` is null when the receiver took the event; `status` is null when no answer came. */
export type Sent = { readonly status: number | null; readonly error: string | null };

/** Enough for a connection to be used again after any sensible answer; nothing of it is kept. */
const maxAnswerBytes = 65_536;

/** Sends an event. Redirects are not followed: the operator names where events go, not the receiver. */
export async function sendEvent(
  target: Target,
  event: SentEvent,
  { now, timeoutMs, production }: SendOptions,
): Promise<Sent> {
  // Who added the endpoint may have had other settings than the worker has.
  const fault = urlFault(target.url, production);
  if (fault !== null) return { status: null, error: `the URL ${fault}` };
  const body = bodyOf(event);
  const timestamp = Math.floor(now.getTime() / 1000);
  try {
    const response = await fetch(target.url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        "content-type": "application/json",
        "user-agent": "dispatch-webhooks",
        "webhook-id": event.id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signatureHeader(target.secrets, { id: event.id, timestamp, body }),
      },
      body,
    });
    await drain(response);
    return { status: response.status, error: response.ok ? null : answerFault(response.status) };
  } catch (error) {
    return { status: null, error: reasonOf(error, timeoutMs) };
  }
}

const bodyOf = ({ subject, event, payload, created_at, position }: SentEvent): string =>
  JSON.stringify({ subject, event, created_at, position: position && positionText(position), payload });

/** Reads an answer away. Its status has been heard, so whatever happens to the rest changes nothing. */
async function drain({ body }: Response): Promise<void> {
  if (!body) return;
  let left = maxAnswerBytes;
  try {
    for await (const chunk of body) {
      left -= chunk.byteLength;
      if (left < 0) return;
    }
  } catch {
    return;
  }
}

const answerFault = (status: number): string =>
  status >= 300 && status < 400 ? `answered ${status}; redirects are not followed` : `answered ${status}`;

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "no answer";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const cause = error.cause instanceof Error ? error.cause : error;
  return `no answer: ${"code" in cause && typeof cause.code === "string" ? cause.code : cause.message}`;
}
