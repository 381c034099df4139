// Starts a whole worker in this process and stops it again: the desk, the duties, what wakes them. main.ts wraps it for
// process managers; tests call it themselves.

import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { commandHandlers } from "../handlers.ts";
import { newId, type Clock } from "../kernel/clock.ts";
import type { Desk } from "../kernel/desk.ts";
import type { Policy } from "../policy/policy.ts";
import { databaseClock, type DatabaseClock } from "../process/database-clock.ts";
import { openDesk } from "../process/open-desk.ts";
import { SettingsError } from "../process/settings/settings-error.ts";
import { listenToOutbox } from "../kernel/outbox-listener.ts";
import type { Settings } from "../process/settings.ts";
import { openKernel } from "../kernel/kernel.ts";
import { assignTickets } from "./assign-tickets.ts";
import { ownKeyFile, readLogKey, type LogKey } from "../transparency/log-key.ts";
import { tmuxTransport } from "../rooms/transports/tmux/transport.ts";
import { webhookTransport } from "../rooms/transports/webhook.ts";
import type { Random } from "../webhooks/back-off.ts";
import { assignTasks } from "./broker.ts";
import { beat } from "./beat.ts";
import { carryOutApprovals } from "./carry-out-approvals.ts";
import { deliverWebhooks } from "./deliver-webhooks.ts";
import type { Duty, DutyParts, Totals } from "./duty.ts";
import { escalateSla } from "./escalate-sla.ts";
import { followForRooms } from "./follow-for-rooms.ts";
import { expireHolds, expireProposals } from "./expire-schedules.ts";
import { lookAtPanes } from "./look-at-panes.ts";
import { gatewayRooms } from "./gateway-rooms.ts";
import { Lane } from "./lane.ts";
import { notifyEvents } from "./notify-events.ts";
import { proposeNightlyPlan } from "./propose-nightly-plan.ts";
import { pruneDuties } from "./prune.ts";
import { queueWebhooks } from "./queue-webhooks.ts";
import { relayEvents } from "./relay-events.ts";
import { runAsWorker } from "./run-command.ts";
import { sendPushes, type Transports } from "./send-pushes.ts";
import { sendTechnicians } from "./send-technicians.ts";
import { tellAttention } from "./tell-attention.ts";
import { takeBackTasks } from "./take-back-tasks.ts";
import { tallyTasks } from "./tally-tasks.ts";
import { tellControlRooms } from "./tell-control-rooms.ts";
import { tellStats } from "./tell-stats.ts";
import { Trouble } from "./trouble.ts";
import { wakeAgents } from "./wake-agents.ts";
import { watchAudit } from "./watch-audit.ts";
import { watchLog } from "./watch-log.ts";
import { writeCheckpoints } from "./write-checkpoints.ts";
import { tellStore, tellUrl, writeLog } from "./write-log.ts";

export const workerService = "dispatch-worker";
/** How long news waits to be told on while it is being acted on. */
const tellWithinMs = 50;

export type StartWorkerOptions = {
  readonly settings: Settings;
  readonly log: Logger;
  /** The database's unless a test says otherwise: claims and due times must mean the same to every worker. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** The profile's unless a test says otherwise. */
  readonly policy?: Policy;
};

export type RunningWorker = {
  readonly id: string;
  readonly totals: Readonly<Totals>;
  /** Has every duty look at once; resolves when none has more to do. */
  wake(): Promise<void>;
  /** Finishes what is in hand and closes everything. May be called again. */
  stop(): Promise<Readonly<Totals>>;
};

/**
 * Starts a worker; once this resolves it works.
 * @throws whatever openDesk does, each with a sentence for whoever started the process
 */
export async function startWorker({
  settings,
  log,
  clock: ownClock,
  random = Math.random,
  policy,
}: StartWorkerOptions): Promise<RunningWorker> {
  const shared = databaseClock();
  const clock = ownClock ?? shared;
  const logKey = await logKeyIn(settings);
  const totals: Totals = { cycles: 0, dispatches: 0, errors: 0 };
  await using opened = new AsyncDisposableStack();
  const open = await openDesk({
    settings,
    clock,
    ...(policy && { policy }),
    serves: true,
    applicationName: workerService,
    // Only the API hands out addresses for uploads.
    apiUrl: () => settings.apiPublicUrl ?? "",
    log: {
      info: (message) => log.info(message),
      warn: (message, error) => log.warn(error === undefined ? {} : { err: error }, message),
    },
  });
  opened.defer(open.close);
  const { desk } = open;
  await shared.sync(desk.db);
  const id = newId(clock.now().getTime());
  const kernel = openKernel(desk, commandHandlers);
  const parts: DutyParts = { desk, log, totals, random, run: runAsWorker(kernel, settings.workerIdentity) };

  const trouble = new Trouble(log, totals);
  const heart = beat(parts, id);
  const laneOf = (duty: Duty) => new Lane(duty, trouble);
  const senders = deliverWebhooks(parts).map(laneOf);
  // News of a commit concerns these alone; the others wait for the time to come, or for these.
  const sending = laneOf(sendTechnicians(parts));
  const finding = laneOf(assignTickets(parts, () => void sending.wake()));
  const waking = laneOf(wakeAgents(parts));
  const broking: Lane = laneOf(
    assignTasks(parts, { onWake: () => void waking.wake(), onHeld: () => void broking.wake() }),
  );
  const gateway =
    settings.openclawUrl === null
      ? null
      : gatewayRooms(parts, { url: settings.openclawUrl, token: settings.openclawToken }, () => void pushing.wake());
  const tmux = tmuxTransport({ socket: settings.tmuxSocket });
  const transports: Transports = {
    tmux,
    webhook: webhookTransport({ mayBePrivate: settings.webhookPrivateAddresses, now: () => clock.now() }),
    ...(gateway && { openclaw: gateway.transport }),
  };
  const sender = sendPushes(parts, transports, () => void pushing.wake());
  const pushing: Lane = laneOf(sender);
  const follower = followForRooms(parts, id, () => void pushing.wake());
  const following = laneOf(follower);
  const visiting = gateway === null ? [] : [laneOf(gateway.duty)];
  const reporting = laneOf(tellControlRooms(parts));
  const relay = settings.natsUrl === null ? null : relayEvents(parts, settings.natsUrl, () => void relaying[0]?.wake());
  const relaying: Lane[] = relay === null ? [] : [laneOf(relay)];
  const queueing = laneOf(queueWebhooks(parts, () => void wakeAll(senders)));
  const notifying = laneOf(notifyEvents(parts));
  // Who follows for the rooms wakes who sends to them, where there is a room.
  const acting = [finding, sending, broking, waking, following];
  const telling = [queueing, notifying, reporting, ...relaying];
  const witnesses = [tellStore(parts), ...settings.logWitnesses.map((url) => tellUrl(parts, url))].map(laneOf);
  const takingBack = laneOf(takeBackTasks(parts));
  const lanes = [
    ...acting,
    ...telling,
    takingBack,
    ...visiting,
    ...senders,
    ...[keepTime(shared, desk), lookAtPanes(parts, tmux), carryOutApprovals(parts, kernel)].map(laneOf),
    ...[...timedDuties(parts), watchLog(parts, logKey)].map(laneOf),
    ...witnesses,
    laneOf(writeLog(parts, logKey, () => void wakeAll(witnesses))),
  ];
  const heartLane = laneOf(heart);
  if (logKey === null) {
    const advice = { way_out: "pnpm dispatch:log:key makes a key; DISPATCH_LOG_KEY_FILE names it" };
    if (settings.production) log.warn(advice, "worker.log_unsigned");
    else log.info(advice, "worker.log_unsigned");
  }
  log.info(
    {
      worker_id: id,
      identity: settings.workerIdentity,
      loop_ms: settings.workerLoopMs,
      batch_limit: settings.workerBatchLimit,
    },
    "worker.started",
  );

  const wakeAll = async (these: readonly Lane[]): Promise<void> =>
    void (await Promise.all(these.map((lane) => lane.wake())));
  // What is told of it may wait for what is done about it, which makes news of its own; but not for long.
  const onNews = async (): Promise<void> => {
    await Promise.race([wakeAll(acting), delay(tellWithinMs, undefined, { ref: false })]);
    await wakeAll(telling);
  };
  const wake = async (): Promise<void> => {
    await wakeAll(lanes);
    // What one of them found may have woken another that had been through already.
    await Promise.all(lanes.map((lane) => lane.settled()));
  };
  const tick = setInterval(() => void wake(), settings.workerLoopMs);
  const brokerTick = setInterval(
    () => void wakeAll([broking, takingBack, waking, following, pushing, ...visiting]),
    settings.tickIntervalMs,
  );
  const pulse = setInterval(() => void heartLane.wake(), settings.workerHeartbeatMs);
  const listener = listenToOutbox({
    databaseUrl: open.databaseUrl,
    applicationName: workerService,
    onNews: () => void onNews(),
    onTrouble: (error) => {
      desk.db.doubt();
      trouble.failed("listening", error, "postgres");
    },
    onListening: () => trouble.worked("listening"),
  });
  void wakeAll([heartLane, ...lanes]);

  const rest = opened.move();
  const stop = async (): Promise<Readonly<Totals>> => {
    clearInterval(tick);
    clearInterval(brokerTick);
    clearInterval(pulse);
    relay?.leave();
    await Promise.all([...lanes, heartLane].map((lane) => lane.stop()));
    await relay?.end();
    await sender.end();
    await follower.leave().catch(() => undefined);
    await listener.close();
    // Without Postgres the row goes stale by itself, which says the same a little later.
    await heart.end().catch(() => undefined);
    await rest.disposeAsync();
    return totals;
  };
  let stopped: Promise<Readonly<Totals>> | undefined;
  return { id, totals, wake, stop: () => (stopped ??= stop()) };
}

/** Follows a clock that was set, and what runs away from it in between. */
const keepTime = (clock: DatabaseClock, { db }: Desk): Duty => ({
  name: "clock",
  round: async () => {
    await clock.sync(db);
    return { more: false };
  },
});

const timedDuties = (parts: DutyParts): Duty[] => [
  expireHolds(parts),
  expireProposals(parts),
  escalateSla(parts),
  tellAttention(parts),
  ...pruneDuties(parts),
  writeCheckpoints(parts),
  watchAudit(parts),
  proposeNightlyPlan(parts),
  tellStats(parts),
  tallyTasks(parts),
];

/** The key of the log: the file that is set, or else the one of a desk on one machine; null where neither is. @throws SettingsError */
async function logKeyIn({ logKeyFile, dataDir }: Settings): Promise<LogKey | null> {
  const own = ownKeyFile(dataDir);
  if (logKeyFile === null && !existsSync(own)) return null;
  return await readLogKey(logKeyFile ?? own).catch((error: unknown) => {
    const rule = error instanceof Error ? error.message : "is no key";
    throw new SettingsError([{ at: "DISPATCH_LOG_KEY_FILE", rule }]);
  });
}
