// Pushes as calls of a URL: signed, not redirected, into private networks only where that is allowed. The answer {"ack":true} says that
// whoever is there has it.

import { createHmac } from "node:crypto";
import { isObject } from "../../kernel/json.ts";
import { postAndRead } from "../../webhooks/post.ts";
import { NotDelivered, type Delivered, type Delivery, type Transport } from "./transport.ts";

/** One call. */
const callMs = 5_000;

export const webhookTransport = (options: { readonly mayBePrivate: boolean; readonly now: () => Date }): Transport => ({
  async deliver(delivery, signal): Promise<Delivered> {
    const body = JSON.stringify(bodyOf(delivery));
    const timestamp = Math.floor(options.now().getTime() / 1_000);
    const { address, secret } = delivery.room;
    const headers = {
      "content-type": "application/json",
      "x-dispatch-push-id": delivery.pushId,
      "x-dispatch-timestamp": String(timestamp),
      ...(secret !== null && { "x-dispatch-signature": `v1=${signatureOf(secret, timestamp, body)}` }),
    };
    let answer;
    try {
      answer = await postAndRead(address, body, {
        headers,
        signal: AbortSignal.any([signal, AbortSignal.timeout(callMs)]),
        mayBePrivate: options.mayBePrivate,
      });
    } catch (error) {
      throw new NotDelivered(`the URL cannot be called: ${reasonOf(error)}`, { cause: error });
    }
    if (answer.status < 200 || answer.status > 299) throw new NotDelivered(`the URL answered ${answer.status}`);
    return { heard: saysAck(answer.text), captured: delivery.capture ? answer.text.slice(0, 1_024) : null };
  },
  close: () => Promise.resolve(),
});

const bodyOf = ({ pushId, room, text, taskId, prompt, attempt }: Delivery) => ({
  push_id: pushId,
  room: room.name,
  room_id: room.id,
  command: text,
  prompt,
  task_id: taskId,
  attempt,
});

/** As of events that are sent to webhooks: over `timestamp.body`. */
const signatureOf = (secret: string, timestamp: number, body: string): string =>
  createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");

const reasonOf = (error: unknown): string =>
  error instanceof Error && error.name === "TimeoutError"
    ? `no answer within ${callMs / 1_000} s`
    : error instanceof Error
      ? error.message
      : String(error);

function saysAck(text: string): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    return isObject(answer) && answer["ack"] === true;
  } catch {
    return false;
  }
}
