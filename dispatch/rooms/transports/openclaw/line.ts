// One WebSocket to an OpenClaw gateway, from the handshake until it is lost: calls with an end to each, and the events between them. It
// knows frames, and nothing of pushes. Node's own client serves, with one lack: a peer that is frozen never answers its close, and the
// socket stays until the peer is gone, or this process. So a line is over when this file says so, whatever the socket does.

import { isObject, parseObject, type JsonObject } from "../../../kernel/json.ts";

/** The gateway said no; the words are its own. */
export class GatewayRefused extends Error {
  override readonly name = "GatewayRefused";
  readonly code: string;

  constructor(code: string, words: string) {
    super(words);
    this.code = code;
  }
}

/** No answer came, and none will: what was asked for may have been done all the same. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

export type LineOptions = {
  /** ws:// or wss://. */
  readonly url: string;
  readonly token: string;
  readonly onEvent: (event: string, payload: JsonObject) => void;
  /** Longest for the handshake, and for a call that names no limit of its own: 10 s and 30 s unless given. */
  readonly handshakeMs?: number;
  readonly callMs?: number;
  /** Ends it, and a handshake that is under way. */
  readonly signal?: AbortSignal;
};

/** What became of a run behind its admission: the second answer to one request. */
export type Outcome = { readonly status: string } | { readonly refused: GatewayRefused };

export type Line = {
  /** @throws GatewayRefused, NoAnswer */
  call(method: string, params: JsonObject, options?: CallOptions): Promise<JsonObject>;
  /** Resolves once it is lost or closed, with why. */
  readonly over: Promise<string>;
  close(): void;
};

export type CallOptions = {
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
  /** Called for the second answer, where there is one. */
  readonly onOutcome?: (outcome: Outcome) => void;
};

type Waiting = {
  resolve(answer: JsonObject): void;
  reject(error: Error): void;
  readonly onOutcome: CallOptions["onOutcome"];
};

/** The gateway ticks every 30 s; after three ticks' time without a word it is frozen, or the way to it is. */
const silentTicks = 3;

/** @throws GatewayRefused, NoAnswer */
export function openLine(options: LineOptions): Promise<Line> {
  const { url, token, onEvent, handshakeMs = 10_000, callMs = 30_000, signal: closing } = options;
  const opened = Promise.withResolvers<Line>();
  const over = Promise.withResolvers<string>();
  const waiting = new Map<string, Waiting>();
  const socket = new WebSocket(url);
  let calls = 0;
  let isOver = false;
  let heardAt = performance.now();
  let watch: NodeJS.Timeout | undefined;

  const end = (why: string): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(late);
    clearInterval(watch);
    closing?.removeEventListener("abort", leave);
    opened.reject(new NoAnswer(why));
    for (const { reject } of waiting.values()) reject(new NoAnswer(why));
    waiting.clear();
    over.resolve(why);
    socket.close();
  };
  const late = setTimeout(() => end("the gateway did not finish the handshake in time"), handshakeMs);
  const leave = () => end("the connection was closed");
  closing?.addEventListener("abort", leave, { once: true });
  const watchFor = (tickMs: number): void => {
    watch = setInterval(() => {
      if (performance.now() - heardAt > silentTicks * tickMs) end("the gateway went silent");
    }, tickMs).unref();
  };

  const call: Line["call"] = (method, params, { withinMs = callMs, signal, onOutcome } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    if (isOver) {
      reject(new NoAnswer("the connection to the gateway is lost"));
      return promise;
    }
    const id = String(++calls);
    const giveUp = (why: string): void => {
      waiting.delete(id);
      reject(new NoAnswer(why));
    };
    const timer = setTimeout(
      () => giveUp(`the gateway did not answer ${method} within ${withinMs / 1000} s`),
      withinMs,
    );
    const stop = () => giveUp(`nobody waits for ${method} any more`);
    signal?.addEventListener("abort", stop, { once: true });
    const settled = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    };
    waiting.set(id, {
      resolve: (answer) => (settled(), resolve(answer)),
      reject: (error) => (settled(), reject(error)),
      onOutcome,
    });
    socket.send(JSON.stringify({ type: "req", id, method, params }));
    return promise;
  };

  const answered = (frame: JsonObject): void => {
    const { id, ok, payload, error } = frame;
    const one = typeof id === "string" ? waiting.get(id) : undefined;
    if (one === undefined || typeof id !== "string") return;
    waiting.delete(id);
    if (ok !== true) return one.reject(refusalOf(error));
    const { onOutcome } = one;
    const answer = isObject(payload) ? payload : {};
    if (onOutcome)
      waiting.set(id, {
        resolve: ({ status }) => onOutcome({ status: String(status) }),
        // A line that is lost says nothing of the run.
        reject: (refused) => void (refused instanceof GatewayRefused && onOutcome({ refused })),
        onOutcome: undefined,
      });
    one.resolve(answer);
  };

  const greet = async (): Promise<void> => {
    try {
      const { policy } = await call("connect", connectParams(token), { withinMs: handshakeMs });
      const tickMs = isObject(policy) ? Number(policy["tickIntervalMs"]) : Number.NaN;
      watchFor(tickMs > 0 ? tickMs : 30_000);
      clearTimeout(late);
      opened.resolve({ call, over: over.promise, close: leave });
    } catch (refused) {
      opened.reject(refused);
      end("the gateway did not let the desk in");
    }
  };

  socket.addEventListener("message", ({ data }) => {
    heardAt = performance.now();
    const frame = typeof data === "string" ? parseObject(data) : null;
    if (frame === null || isOver) return;
    const { type, event, payload } = frame;
    if (type === "res") answered(frame);
    else if (event === "connect.challenge") void greet();
    else if (type === "event" && typeof event === "string") onEvent(event, isObject(payload) ? payload : {});
  });
  socket.addEventListener("close", ({ code, reason }) => {
    end(
      code === 1006
        ? "the gateway went away, or nobody listens there"
        : `the gateway closed it: ${code} ${reason}`.trim(),
    );
  });
  // What it could say, the close behind it says.
  socket.addEventListener("error", () => undefined);
  return opened.promise;
}

/** A backend that shares the gateway's token needs no paired device, over loopback. Writing includes reading. */
const connectParams = (token: string): JsonObject => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: "gateway-client", version: "1", platform: process.platform, mode: "backend" },
  role: "operator",
  scopes: ["operator.write"],
  caps: [],
  auth: { token },
});

function refusalOf(error: unknown): GatewayRefused {
  const { code, message } = isObject(error) ? error : {};
  return new GatewayRefused(
    typeof code === "string" ? code : "UNKNOWN",
    typeof message === "string" ? message.slice(0, 500) : "it gave no reason",
  );
}
