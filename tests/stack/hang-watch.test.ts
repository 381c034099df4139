// When a part of the stack counts as hanging, and what is said and done then.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { healthWithinMs } from "../../dispatch/api/health.ts";
import { UnansweredLooks, untilItHangs } from "../../dispatch/ops/stack/hang-watch.ts";
import { endInALine } from "../../dispatch/ops/stack/end-in-a-line.ts";
import { nextCommands } from "../../dispatch/ops/stack/next-commands.ts";
import { SupervisedService } from "../../dispatch/ops/stack/supervised-service.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { eventually } from "../support/eventually.ts";

describe("looks that go unanswered", () => {
  const hangsAfter = (...these: readonly [answered: boolean, tookMs: number][]): boolean[] => {
    const looks = new UnansweredLooks(20_000);
    return these.map(([answered, tookMs]) => looks.looked(answered, tookMs));
  };
  const not = [false, 5_001] as const;

  test("are a hang when four come in a row, and no answer between them", () => {
    assert.deepEqual(hangsAfter([...not], [...not], [...not], [...not]), [false, false, false, true]);
    assert.deepEqual(hangsAfter([...not], [...not], [...not], [true, 5_000], [...not]).at(-1), false);
  });

  test("are none where whoever asks stood still itself: a laptop that slept, a machine without a moment to spare", () => {
    assert.deepEqual(
      hangsAfter([...not], [...not], [...not], [false, 3_600_000], [...not], [...not], [...not]).at(-1),
      false,
    );
    assert.deepEqual(
      hangsAfter(...Array.from({ length: 9 }, () => [false, 6_500] as [boolean, number])).includes(true),
      false,
    );
  });
});

test("a look leaves a well API time to say that Postgres is silent, with any setting that is accepted", () => {
  const lookMs = (seconds: number): number => new UnansweredLooks(seconds * 1_000).lookMs;
  const set = (seconds: number) => readSettings({ DISPATCH_STACK_HANG_SECONDS: String(seconds) }).stackHangSeconds;
  const accepted = Array.from({ length: 30 }, (_, seconds) => seconds).filter((seconds) => {
    try {
      return set(seconds) === seconds;
    } catch {
      return false;
    }
  });
  assert.equal(accepted[0], 0, "never");
  for (const seconds of accepted.slice(1)) assert.ok(lookMs(seconds) >= healthWithinMs + 1_000, `${seconds} s`);
  assert.ok(accepted.includes(20), "the default");
  assert.throws(() => set(11), /DISPATCH_STACK_HANG_SECONDS must be 0, or a whole number from 12 to 3600/);
});

test("a part that cannot be helped is told and tried again, and does not end whoever looks after it", async () => {
  const said: string[] = [];
  const ended = Promise.withResolvers<string>();
  let tries = 0;
  const service = new SupervisedService(
    {
      name: "postgres",
      url: null,
      log: "postgres.log",
      start: async () => ({
        pid: process.pid,
        ended: ended.promise,
        stop: async () => ended.resolve("SIGTERM"),
        liveness: {
          answers: async () => tries > 1,
          rouse: async () => {
            if (++tries === 1) throw new Error("EMFILE: too many open files, scandir '/proc'");
            return "was continued";
          },
        },
      }),
    },
    { changed: () => undefined, say: (line) => void said.push(line), hangSeconds: 0.04 },
  );
  await service.start();
  await eventually("it is helped", () => said.length > 1);
  await service.stop();
  assert.deepEqual(said, [
    "postgres: did not answer for 0.04 s, and nothing could be done: EMFILE: too many open files, scandir '/proc'. It is tried again.",
    "postgres: did not answer for 0.04 s, and was continued.",
  ]);
});

test("a look that could not be made is no silence", async () => {
  const over = new AbortController();
  let looks = 0;
  const hangs = await untilItHangs({
    answers: async () => {
      if (++looks === 9) over.abort();
      throw new Error("EMFILE");
    },
    hangMs: 4,
    silent: (isSilent) => assert.fail(`silent: ${isSilent}`),
    signal: over.signal,
  });
  assert.deepEqual([hangs, looks], [false, 9]);
});

test("the next command names the process, and leaves a server that is only slow alone", () => {
  const well = {
    restarts: 0,
    uptime_seconds: 1,
    url: null,
    last_end: null,
    log: "x",
    stopped_pids: [],
    state: "running",
  } as const;
  const api = { ...well, name: "api", pid: 7, health: "no answer" };
  const worker = { ...well, name: "worker-1", pid: 8, health: "stopped by a signal", stopped_pids: [8] };
  const postgres = { ...well, name: "postgres", pid: 9, health: "cannot ask Postgres" };
  assert.deepEqual(nextCommands([api, worker, postgres, { ...api, health: "ok" }], 20), [
    "api: kill -9 7, and the supervisor starts it again; the supervisor does so after 20 s",
    "worker-1: kill -CONT 8; the supervisor kills it and starts it again after 20 s",
    "postgres: pnpm dispatch:stack:logs postgres",
  ]);
  assert.deepEqual(nextCommands([api], 0), ["api: kill -9 7, and the supervisor starts it again"]);
});

test("a part that did not start says why in its one line: the newest of the log's lines, of Dispatch's own log the message", () => {
  const end = "did not start: api ended with exit code 1 before it was ready. Its last lines, from api.log:";
  assert.equal(endInALine(`${end}\n  {"level":"info"}\n  Port 80 is in use`), `${end} Port 80 is in use`);
  assert.equal(endInALine(`${end}\n  {"level":"fatal","message":"no room"}\n`), `${end} no room`);
  assert.equal(endInALine("ended with SIGKILL"), "ended with SIGKILL");
  assert.equal(endInALine("did not start: it is damaged.\n  more"), "did not start: it is damaged.");
});
