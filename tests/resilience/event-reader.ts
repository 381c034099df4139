// Follows GET /events as a browser's EventSource does: when the stream breaks it comes back, to another process if need
// be, with the id of the last event it has seen.
import { dispatcher, headersOf } from "./callers.ts";
import type { SupervisedDesk, Victim } from "./supervised-desk.ts";

export type SeenEvent = { id: string; subject: string };

export type EventReader = {
  /** In the order they came. */
  readonly seen: readonly SeenEvent[];
  /** How often the stream was opened. */
  readonly openings: number;
  /** Resolves when the stream is open for the first time: what happens from then on is seen. */
  readonly open: Promise<void>;
  /** Never resolves; fails when it cannot follow any more. */
  readonly broken: Promise<never>;
  /** What it does just now, for whoever wonders. */
  readonly doing: string;
  /** Stops following. */
  close(): Promise<void>;
};

/** @param onEvent awaited before the next event is looked at; told how many there were, and whom they are read from */
export function followEvents(
  desk: SupervisedDesk,
  onEvent: (count: number, from: Victim) => Promise<void>,
): EventReader {
  const seen: SeenEvent[] = [];
  const abort = new AbortController();
  const open = Promise.withResolvers<void>();
  let openings = 0;
  let doing = "waits to begin";

  const readOnce = async (): Promise<void> => {
    const from = openings % 2 === 0 ? "first API" : "second API";
    doing = `waits for the ${from}`;
    const api = await desk.api(openings++);
    const last = seen.at(-1)?.id;
    doing = `asks the ${from} for what is behind ${last}`;
    const headers = { ...headersOf(dispatcher), ...(last !== undefined && { "last-event-id": last }) };
    const response = await fetch(`${api.url}/events`, { headers, signal: abort.signal });
    if (response.status !== 200 || !response.body) return void (await response.arrayBuffer());
    open.resolve();
    let rest = "";
    doing = `reads from the ${from}`;
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const event of blocks.flatMap(eventIn)) {
        doing = `waits with event ${event.id} of the ${from} in hand`;
        await onEvent(seen.push(event), from);
      }
      doing = `reads from the ${from}, with ${JSON.stringify(rest)} of a message`;
    }
  };
  const follow = async (): Promise<never> => {
    for (;;) {
      await readOnce().catch((error: unknown) => {
        if (!(error instanceof TypeError)) throw error;
      });
      abort.signal.throwIfAborted();
      doing = "waits until all are up";
      await desk.allUp();
    }
  };
  const broken = follow();
  broken.catch(open.reject);
  return {
    seen,
    open: open.promise,
    broken,
    get openings() {
      return openings;
    },
    get doing() {
      return doing;
    },
    close: async () => {
      abort.abort();
      // What went wrong before, `broken` tells; what does from now on, the end of the desk for one, is nobody's concern.
      await broken.catch(() => undefined);
    },
  };
}

/** A block without data is a comment or the stream's preface. */
function eventIn(block: string): SeenEvent[] {
  const id = /^id: (.+)$/m.exec(block)?.[1];
  const data = /^data: (.+)$/m.exec(block)?.[1];
  if (id === undefined || data === undefined) return [];
  const { subject }: { subject: string } = JSON.parse(data);
  return [{ id, subject }];
}
