// A request as plain data, and the bytes it becomes. Nothing is checked or mended on the way: that is the point.

export type HttpRequest = {
  readonly method: string;
  /** As it stands in the request line; each UTF-16 unit becomes one byte. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null sends neither a body nor its length. */
  readonly body: Buffer | null;
};

/**
 * A well framed request: whatever its parts hold, it has one end.
 * @param more headers that come behind its own
 */
export function requestBytes(
  { method, target, headers, body }: HttpRequest,
  more: HttpRequest["headers"] = [],
): Buffer {
  const length: (readonly [string, string])[] = body === null ? [] : [["Content-Length", String(body.length)]];
  const lines = [["Host", "localhost"] as const, ...headers, ...more, ...length].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1"),
    body ?? Buffer.alloc(0),
  ]);
}

/** For a failure's message: the request as one reads it, cut where it gets long. */
export function describeRequest({ method, target, headers, body }: HttpRequest): string {
  const lines = headers.map(([name, value]) => `${name}: ${cut(value, 300)}`);
  const shown = body === null ? "" : `\n${cut(body.toString("utf8"), 3_000)}`;
  return `${method} ${cut(target, 1_000)}\n${lines.join("\n")}\n${shown}`;
}

export const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)} … (${text.length} characters)`;
