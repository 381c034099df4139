// An agent's stream of events (Server-Sent Events: https://html.spec.whatwg.org/multipage/server-sent-events.html): opened again
// whenever it ends, behind the last event it had.

import { setTimeout as delay } from "node:timers/promises";
import { DeskRefused, refusedBy, type DeskClient } from "./desk-client.ts";

export type TaskEvent = {
  /** Of the task. */
  readonly id: string;
  /** created, assigned, … */
  readonly event: string;
  readonly data: { readonly [field: string]: unknown };
};

type Options = {
  readonly client: DeskClient;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TaskEvent) => void;
  /** A run of this agent has started, this one or another. */
  readonly onStarted: (run: unknown) => void;
  /** Called at each new beginning, when something may have been missed. */
  readonly onOpen: () => void;
  readonly onTrouble: (error: unknown) => void;
};

const backOffMs = { first: 500, most: 15_000 };
/** The desk says every 15 s that the stream lives. */
const longestSilenceMs = 45_000;

/**
 * Reads until the signal says so.
 * @throws DeskRefused where coming back would not help
 */
export async function followTasks({ client, signal, onEvent, onStarted, onOpen, onTrouble }: Options): Promise<void> {
  let last: string | null = null;
  let wait = backOffMs.first;
  while (!signal.aborted) {
    try {
      const silent = new AbortController();
      const response = await fetch(client.eventsUrl, {
        headers: { ...client.headers, ...(last !== null && { "last-event-id": last }) },
        redirect: "error",
        signal: AbortSignal.any([signal, silent.signal]),
      });
      if (!response.ok || !response.body) throw refusedBy(response, await response.text());
      onOpen();
      wait = backOffMs.first;
      for await (const { id: position, event, data } of messagesIn(response.body, silent)) {
        if (position !== "") last = position;
        if (event === "gap") onOpen();
        const [, kind, id = "", what = ""] = /^swarm\.(task|agent)\.([^.]+)\.(\w+)$/.exec(event) ?? [];
        if (kind === "task") onEvent({ id, event: what, data: dataOf(data) });
        if (kind === "agent") onStarted(dataOf(data)["run"]);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof DeskRefused && [401, 403, 409].includes(error.status)) throw error;
      onTrouble(error);
      await delay(wait, undefined, { signal }).catch(() => undefined);
      wait = Math.min(2 * wait, backOffMs.most);
    }
  }
}

type Message = { readonly id: string; readonly event: string; readonly data: string };

/** The messages of a stream of events; silence of over three beats ends it. */
export async function* messagesIn(body: ReadableStream<Uint8Array>, silent: AbortController): AsyncGenerator<Message> {
  let timer: NodeJS.Timeout | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(new Error("the stream of events fell silent")), longestSilenceMs);
  };
  heard();
  try {
    let rest = "";
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      heard();
      rest += chunk;
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) yield messageOf(block);
    }
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(block: string): Message {
  const fields = new Map(
    block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
  return { id: fields.get("id") ?? "", event: fields.get("event") ?? "", data: fields.get("data") ?? "" };
}

function dataOf(text: string): TaskEvent["data"] {
  const envelope: { data?: TaskEvent["data"] } = JSON.parse(text);
  return envelope.data ?? {};
}
