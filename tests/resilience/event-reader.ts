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

  const readOnce = async (): Promise<void> => {
    const from = openings % 2 === 0 ? "first API" : "second API";
    const api = await desk.api(openings++);
    const last = seen.at(-1)?.id;
    const headers = { ...headersOf(dispatcher), ...(last !== undefined && { "last-event-id": last }) };
    const response = await fetch(`${api.url}/events`, { headers, signal: abort.signal });
    if (response.status !== 200 || !response.body) return void (await response.arrayBuffer());
    open.resolve();
    let rest = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const event of blocks.flatMap(eventIn)) await onEvent(seen.push(event), from);
    }
  };
  const follow = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      await readOnce().catch((error: unknown) => {
        if (!(error instanceof TypeError) && !abort.signal.aborted) throw error;
      });
      if (!abort.signal.aborted) await desk.allUp();
    }
  };
  const following = follow();
  following.catch(open.reject);
  return {
    seen,
    open: open.promise,
    get openings() {
      return openings;
    },
    close: async () => {
      abort.abort();
      await following;
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
