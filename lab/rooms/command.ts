// `pnpm dispatch:bench:rooms` and `pnpm dispatch:chaos:rooms`: do rooms hear at once of what is assigned, without asking; and is no push
// lost, nor shown twice, while everything that carries it is killed?

import { CommandFailure, runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { figuresOf } from "../bench/measure.ts";
import { createDatabase, throwawayServer, type ThrowawayServer } from "../bench/throwaway-database.ts";
import { roomsChaos } from "./chaos.ts";
import { startRoomsDesk } from "./desk.ts";
import { fillRooms } from "./full-desk.ts";
import { fortyFive, items, rooms } from "./forty-five.ts";
import { startRoomsGateway, type RoomsGateway } from "./gateway.ts";
import { inboxReceiver, tmuxReceiver, TmuxServer, webhookReceiver } from "./receivers.ts";

const say = (line: string): void => console.error(line);
const usual = "inbox,webhook,tmux,openclaw";
const wantedP95Ms = 1_000;
const full = { rooms: 200, events: 5_000 } as const;
const wantedBrief = { characters: 8_000, p99Ms: 30 } as const;
const briefReads = 300;

export const benchRoomsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:rooms",
      about:
        `Assigns ${items} items to ${rooms} idle rooms of each transport, on a throw-away desk, and measures how soon each is heard; ` +
        `counts the requests that ask for work. Then reads the brief of a desk with ${full.rooms} rooms and ${full.events} events. ` +
        "Prints a table, then JSON; 1 where something is not as wanted.",
      options: { transports: { type: "string" } },
      meanings: { transports: `which, with commas between (default ${usual})` },
    },
    async ({ transports = usual }) => {
      await using ends = new AsyncDisposableStack();
      const server = await throwawayServer(ends, say);
      const brief = await readBriefs(server);
      const outcomes: Record<string, Awaited<ReturnType<typeof fortyFive>>> = {};
      for (const transport of transports.split(",")) {
        say(`${transport}…`);
        await using own = new AsyncDisposableStack();
        const databaseUrl = await createDatabase(server.url);
        const tmux = new TmuxServer(server.folder);
        own.defer(() => tmux.end());
        const gateway = transport === "openclaw" ? await startRoomsGateway(own, server.folder, say) : null;
        const desk = await startRoomsDesk(own, {
          databaseUrl,
          folder: server.folder,
          workers: 1,
          settings: { DISPATCH_TMUX_SOCKET: tmux.socket, ...gateway?.settings },
        });
        outcomes[transport] = await fortyFive(
          desk,
          databaseUrl,
          transport,
          receiverFor(transport, { tmux, gateway, folder: server.folder, apiFile: desk.apiFile }),
        );
      }
      console.log("transport   items  heard  messages  asked for work  p50 ms  p95 ms  most ms");
      let isAsWanted = true;
      for (const [transport, { assigned, acked, messages, polls, p50_ms, p95_ms, most_ms }] of Object.entries(
        outcomes,
      )) {
        const cells = [assigned, acked, messages, polls, p50_ms, p95_ms, most_ms];
        console.log(
          `${transport.padEnd(10)}${cells.map((cell, at) => String(cell).padStart([7, 7, 10, 16, 8, 8, 9][at] ?? 8)).join("")}`,
        );
        isAsWanted &&= acked === items && polls === 0 && p95_ms < wantedP95Ms;
      }
      console.log(
        `brief of ${full.rooms} rooms and ${full.events} events: ${brief.characters} characters, ` +
          `p50 ${brief.p50_ms} ms, p99 ${brief.p99_ms} ms`,
      );
      isAsWanted &&= brief.characters <= wantedBrief.characters && brief.p99_ms <= wantedBrief.p99Ms;
      console.log(
        `${isAsWanted ? "as" : "NOT as"} wanted: all heard, nobody asked, p95 under ${wantedP95Ms} ms; ` +
          `the brief within ${wantedBrief.characters} characters, p99 within ${wantedBrief.p99Ms} ms`,
      );
      console.log(JSON.stringify({ outcomes, brief }));
      return isAsWanted ? 0 : 1;
    },
  );

async function readBriefs(server: ThrowawayServer): Promise<{ characters: number; p50_ms: number; p99_ms: number }> {
  say("brief…");
  await using own = new AsyncDisposableStack();
  const databaseUrl = await createDatabase(server.url);
  const settings = { DISPATCH_AUTH_ALLOW_DEV_HEADERS: "true" };
  const desk = await startRoomsDesk(own, { databaseUrl, folder: server.folder, workers: 0, settings });
  const headers = { "x-agent-id": "dana", "x-actor-id": "dana", "x-actor-role": "dispatcher" };
  await fillRooms(databaseUrl, full);
  const ms: number[] = [];
  let characters = 0;
  for (let n = 0; n < briefReads + 20; n++) {
    const begun = performance.now();
    const response = await fetch(`${desk.url()}/api/v1/control/brief`, { headers });
    const { text }: { text: string } = JSON.parse(await response.text());
    // The first ones warm the process.
    if (n >= 20) ms.push(performance.now() - begun);
    characters = text.length;
  }
  const { p50_ms, p99_ms } = figuresOf(ms, ms.reduce((sum, one) => sum + one, 0) / 1_000);
  return { characters, p50_ms, p99_ms };
}

export const chaosRoomsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:chaos:rooms",
      about:
        "Pushes to rooms of every transport on a throw-away desk while API, workers, receivers and the tmux server are killed at random, " +
        "until all have ended; then looks for pushes that were lost, went astray or count as heard and never arrived. Prints figures as " +
        "JSON; 1 when anything was found.",
      options: { pushes: { type: "string" }, seed: { type: "string" }, transports: { type: "string" } },
      meanings: {
        pushes: "pushes in all (default 1000)",
        seed: "of what is drawn (default: drawn, and printed)",
        transports: `which, with commas between (default ${usual})`,
      },
    },
    async (values) => {
      const seed = wholeNumber("seed", values.seed, Date.now() % 1_000_000);
      const pushes = wholeNumber("pushes", values.pushes, 1_000);
      say(`seed ${seed}`);
      await using ends = new AsyncDisposableStack();
      const server = await throwawayServer(ends, say);
      const databaseUrl = await createDatabase(server.url);
      const tmux = new TmuxServer(server.folder);
      ends.defer(() => tmux.end());
      const named = (values.transports ?? usual).split(",");
      const gateway = named.includes("openclaw") ? await startRoomsGateway(ends, server.folder, say) : null;
      const desk = await startRoomsDesk(ends, {
        databaseUrl,
        folder: server.folder,
        workers: 2,
        settings: {
          DISPATCH_TMUX_SOCKET: tmux.socket,
          DISPATCH_TICK_INTERVAL_MS: "500",
          DISPATCH_WORKER_LOOP_MS: "1000",
          ...gateway?.settings,
        },
      });
      const { violations, ...figures } = await roomsChaos({
        desk,
        databaseUrl,
        pushes,
        seed,
        transports: Object.fromEntries(
          named.map((transport) => [
            transport,
            {
              rooms: 4,
              receiver: receiverFor(transport, { tmux, gateway, folder: server.folder, apiFile: desk.apiFile }),
            },
          ]),
        ),
        kills: {
          api: Math.ceil(pushes / 100),
          worker: Math.ceil(pushes / 50),
          receiver: Math.ceil(pushes / 40),
          tmux: Math.ceil(pushes / 250),
          gateway: Math.ceil(pushes / 500),
        },
        killShared: {
          ...(named.includes("tmux") && { tmux: () => tmux.kill() }),
          ...(gateway && { gateway: gateway.kill }),
        },
        say,
      });
      for (const violation of violations) say(`VIOLATION ${violation}`);
      console.log(JSON.stringify({ seed, ...figures, violations: violations.length }));
      return violations.length === 0 ? 0 : 1;
    },
  );

type Places = {
  readonly tmux: TmuxServer;
  readonly gateway: RoomsGateway | null;
  readonly folder: string;
  readonly apiFile: string;
};

/** @throws CommandFailure for a transport that is none of these */
function receiverFor(transport: string, { tmux, gateway, folder, apiFile }: Places): Parameters<typeof fortyFive>[3] {
  if (transport === "openclaw" && gateway) return gateway.receiver;
  if (transport === "inbox") return inboxReceiver;
  if (transport === "webhook") return webhookReceiver;
  if (transport === "tmux") return (seat) => tmuxReceiver(seat, tmux, folder, apiFile);
  throw new CommandFailure(`${transport} is none of ${usual}`);
}
