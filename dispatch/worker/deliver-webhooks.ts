// Sends queued events to webhooks. A round claims one endpoint and sends what is due to it: the events of one ticket one
// after the other, in the order they happened, those of different tickets beside each other. What fails waits longer each
// time and holds nothing else back; in the end it is a dead letter. No transaction is open while a receiver is waited for.

import type { Desk } from "../kernel/desk.ts";
import {
  claimEndpoint,
  type Claim,
  type Delivery,
  dueDeliveries,
  isQueued,
  recordDelivered,
  recordFailed,
  releaseEndpoint,
  sendWithinMs,
  type Tally,
} from "../webhooks/delivery-queue.ts";
import { sendEvent, type SendOptions, type Sent } from "../webhooks/send-event.ts";
import type { Duty, DutyParts } from "./duty.ts";

/** Endpoints a worker sends to at the same time; that many slow ones leave no room for others. */
const senders = 4;
/** Requests to one endpoint at the same time. */
const requests = 8;

/** Duties that are all alike: one that waits for a slow receiver does not keep the others. */
export const deliverWebhooks = (parts: DutyParts): Duty[] =>
  Array.from({ length: senders }, (_, at) => sender(parts, at + 1));

const sender = (parts: DutyParts, number: number): Duty => ({
  name: `deliver webhooks ${number}`,
  round: async (stopping) => {
    const { db, clock } = parts.desk;
    const claim = await claimEndpoint(db, clock.now());
    if (!claim) return { more: false };
    const due = await dueDeliveries(db, claim, clock.now());
    const tally = await deliverBatch(parts, claim, due, stopping);
    await releaseEndpoint(db, claim, tally, clock.now(), parts.random);
    if (tally.gone) parts.log.warn({ endpoint_id: claim.endpointId }, "worker.webhook_endpoint_gone");
    return { more: true };
  },
});

async function deliverBatch(
  parts: DutyParts,
  claim: Claim,
  due: readonly Delivery[],
  stopping: () => boolean,
): Promise<Tally> {
  const tally: Tally = { delivered: 0, failed: 0, lastError: null, gone: false };
  const until = performance.now() + sendWithinMs;
  // So many failures and nothing else are the endpoint's, not the events', whose tries are spared.
  const isDown = () => tally.delivered === 0 && tally.failed >= requests;
  const over = () => tally.gone || isDown() || stopping() || performance.now() > until;
  const tickets = [...Map.groupBy(due, ({ subject }) => subject.slice(0, subject.lastIndexOf("."))).values()];
  const run = async (): Promise<void> => {
    for (let ticket = tickets.shift(); ticket; ticket = tickets.shift()) {
      for (const delivery of ticket) {
        if (over()) return;
        await deliver(parts, claim, delivery, tally);
      }
    }
  };
  // All of them, whatever becomes of one: nothing may still be on its way when the claim is given up.
  const runs = await Promise.allSettled(Array.from({ length: requests }, run));
  for (const one of runs) if (one.status === "rejected") throw one.reason;
  return tally;
}

async function deliver(parts: DutyParts, claim: Claim, delivery: Delivery, tally: Tally): Promise<void> {
  const { desk, log } = parts;
  if (claim.byApi && !(await isQueued(desk.db, delivery))) return;
  const { xact, outbox_id, event_at, ...event } = delivery;
  const started = performance.now();
  const sent = await sendEvent(
    claim,
    { ...event, created_at: event_at, position: { xact, id: outbox_id } },
    sendOptionsOf(desk),
  );
  const about = {
    endpoint_id: claim.endpointId,
    delivery_id: delivery.id,
    subject: delivery.subject,
    attempt: delivery.attempts + 1,
    status: sent.status,
    duration_ms: Math.round(performance.now() - started),
  };
  if (sent.error === null) {
    tally.delivered++;
    await recordDelivered(desk.db, delivery);
    log.debug(about, "worker.webhook_delivered");
    return;
  }
  tally.failed++;
  tally.lastError = sent.error;
  tally.gone ||= !claim.byApi && isGone(sent);
  const dueAt = await recordFailed(desk.db, claim, delivery, sent, desk.clock.now(), parts.random);
  if (dueAt === null) log.error({ ...about, error: sent.error }, "worker.webhook_dead");
  else log.warn({ ...about, error: sent.error, due_at: dueAt }, "worker.webhook_failed");
}

const sendOptionsOf = ({ clock, settings }: Desk): SendOptions => ({
  now: clock.now(),
  timeoutMs: settings.webhookTimeoutMs,
  production: settings.production,
  privateAddresses: settings.webhookPrivateAddresses,
});

/** The receiver wants no more events, ever; an operator decides. */
const isGone = ({ status }: Sent): boolean => status === 410;
