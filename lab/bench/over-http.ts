// The product's side of the benchmark: lifecycles and replays sent to a running API over keep-alive connections.

import { randomUUID } from "node:crypto";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { HttpConnection } from "./http-connection.ts";
import { lifecycle, pathOf, type Step } from "./lifecycle.ts";
import { runFor, type Figures } from "./measure.ts";

type Sent = { readonly path: string; readonly headers: string; readonly body: string };

const headersOf = (role: string, key: string): string =>
  `Content-Type: application/json\r\nX-Actor-Id: bench-${role}\r\nX-Actor-Role: ${role}\r\n` +
  `X-Actor-Type: SERVICE\r\nIdempotency-Key: ${key}\r\n`;

export const readHeaders = "X-Actor-Id: bench-dispatcher\r\nX-Actor-Role: dispatcher\r\nX-Actor-Type: SERVICE\r\n";

/** Sends one command and gives its answer. @throws CommandFailure for anything but success */
async function send(connection: HttpConnection, { path, headers, body }: Sent) {
  const answer = await connection.request("POST", path, headers, body);
  if (answer.status >= 300) throw new CommandFailure(`${path} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
  return answer;
}

const ticketIdIn = (body: string): string => body.slice(7, 43);

/** Lives one ticket; reports each command's time and hands over what was sent. */
export async function liveOneTicket(
  connection: HttpConnection,
  took: (ms: number, step: Step) => void,
  keep?: (sent: Sent) => void,
): Promise<string> {
  let ticketId = "";
  for (const step of lifecycle) {
    const sent = {
      path: pathOf(step.name, ticketId),
      headers: headersOf(step.role, randomUUID()),
      body: JSON.stringify(step.input),
    };
    const begun = performance.now();
    const answer = await send(connection, sent);
    took(performance.now() - begun, step);
    if (ticketId === "") ticketId = ticketIdIn(answer.body);
    keep?.(sent);
  }
  return ticketId;
}

/** Lifecycles at a concurrency for a number of seconds, then the same calls again, which the API answers from its record. */
export async function measureLifecycles(
  url: string,
  workers: number,
  seconds: number,
): Promise<{ commands: Figures; replays: Figures }> {
  const connections = await Promise.all(Array.from({ length: workers }, () => HttpConnection.open(url)));
  const sent: Sent[][] = connections.map(() => []);
  const each = async (worker: number, run: (connection: HttpConnection, own: Sent[]) => Promise<unknown>) => {
    const [connection, own] = [connections[worker], sent[worker]];
    if (connection && own) await run(connection, own);
  };
  try {
    const commands = await runFor(seconds, workers, (worker, took) =>
      each(worker, (connection, own) => liveOneTicket(connection, took, (one) => own.push(one))),
    );
    let at = 0;
    const replays = await runFor(Math.max(1, seconds / 2), workers, (worker, took) =>
      each(worker, async (connection, own) => {
        const one = own[at++ % own.length];
        if (!one) return;
        const begun = performance.now();
        const answer = await send(connection, one);
        took(performance.now() - begun);
        if (!answer.replayed) throw new CommandFailure(`${one.path} was not answered from the record`);
      }),
    );
    return { commands, replays };
  } finally {
    for (const connection of connections) connection.close();
  }
}
