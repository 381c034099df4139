// POSTs a text and tells the answer's status. Redirects are not followed; and where only public addresses may be reached, the very
// address that is connected to is looked at, whatever its name led to before.

import { lookup } from "node:dns";
import type { IncomingMessage } from "node:http";
import type { LookupFunction } from "node:net";
import { isPrivateAddress } from "./private-address.ts";

const http = process.getBuiltinModule("node:http");
const https = process.getBuiltinModule("node:https");

/** Enough for a connection to be used again after any sensible answer; nothing of it is kept. */
const maxAnswerBytes = 65_536;

/** What is said where a name leads to an address that may not be reached. */
export const privateAddress = "leads to a private address";

const lookupPublic: LookupFunction = (name, options, callback) =>
  lookup(name, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const [first] = addresses;
    if (!first || addresses.some(({ address }) => isPrivateAddress(address)))
      return callback(new Error(`the URL ${privateAddress}`), []);
    if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });

// Connections are kept apart, or one that was made to an address in this network would be used again for what may not go there.
const anywhere = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };
const publicOnly = {
  http: new http.Agent({ keepAlive: true, lookup: lookupPublic }),
  https: new https.Agent({ keepAlive: true, lookup: lookupPublic }),
};

export type PostOptions = {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Whether addresses in this network may be reached. */
  readonly mayBePrivate: boolean;
};

/** @returns the status */
export const post = async (url: string, body: string, options: PostOptions): Promise<number> =>
  (await postAndRead(url, body, options)).status;

/** @returns the status, and as much of the answer as is read */
export async function postAndRead(
  url: string,
  body: string,
  { headers, signal, mayBePrivate }: PostOptions,
): Promise<{ readonly status: number; readonly text: string }> {
  const agents = mayBePrivate ? anywhere : publicOnly;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      method: "POST",
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      signal,
    };
    const request = url.startsWith("https:")
      ? https.request(url, { ...options, agent: agents.https }, resolve)
      : http.request(url, { ...options, agent: agents.http }, resolve);
    request.on("error", reject);
    request.end(body);
  });
  return { status: answer.statusCode ?? 0, text: await readAway(answer) };
}

/** Reads an answer to its end. Its status has been heard, so whatever happens to the rest changes nothing. */
async function readAway(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let left = maxAnswerBytes;
  try {
    for await (const chunk of answer) {
      const bytes = Buffer.from(chunk);
      left -= bytes.length;
      if (left < 0) break;
      chunks.push(bytes);
    }
  } catch {
    // What came of it is what there is.
  }
  return Buffer.concat(chunks).toString("utf8");
}
