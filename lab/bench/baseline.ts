// The raw baseline: the very statements a lifecycle sends to Postgres, recorded once from the product itself and then sent
// again straight through pg, in the same two flights per transaction, without HTTP, validation or any decision. Only ids
// differ from one repetition to the next, and they are put in before the clock starts.

import { randomUUID } from "node:crypto";
import type { Database, Session, Transaction } from "../../dispatch/db/pool.ts";
import type { Statement } from "../../dispatch/db/statement.ts";
import { commandHandlers } from "../../dispatch/handlers.ts";
import type { Desk } from "../../dispatch/kernel/desk.ts";
import { execute } from "../../dispatch/kernel/execute.ts";
import { openKernel } from "../../dispatch/kernel/kernel.ts";
import { lifecycle, pathOf, places } from "./lifecycle.ts";

type Sql = Pick<Statement, "name" | "text">;
type Sent = { readonly statement: Sql; readonly values: readonly unknown[] };
/** One transaction: what went before the first answer was awaited, and what went with the commit. */
export type Recorded = { readonly first: readonly Sent[]; readonly second: readonly Sent[] };

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const fixed = new Set<string>(Object.values(places));

/** Runs one lifecycle in this process and keeps every statement of its transactions. */
export async function recordLifecycle(desk: Desk): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  const db: Database = {
    ...desk.db,
    transaction: (body) =>
      desk.db.transaction((tx) => {
        const flights: [Sent[], Sent[]] = [[], []];
        const outcome = body(recorder(tx, flights));
        return outcome.finally(() => recorded.push({ first: flights[0], second: flights[1] }));
      }),
  };
  const kernel = openKernel({ ...desk, db, announce: () => undefined }, commandHandlers);
  let ticketId = "";
  for (const { name, role, input } of lifecycle) {
    const answer = await execute(kernel, {
      name,
      path: pathOf(name, ticketId),
      ids: ticketId === "" ? {} : { ticketId },
      body: { ...input },
      requestId: randomUUID(),
      actor: { id: `bench-${role}`, role, type: "SERVICE", techId: null, accounts: "*", sites: "*" },
      trace: { correlationId: randomUUID(), traceId: null, traceParent: null, traceState: null },
    });
    ticketId = answer.aggregateId;
  }
  return recorded;
}

/** A new flight begins with the first statement after an answer has come. */
function recorder(tx: Transaction, flights: readonly [Sent[], Sent[]]): Transaction {
  let answered = false;
  const keep = async <T>(statement: Sql, values: readonly unknown[], run: () => Promise<T>): Promise<T> => {
    flights[answered ? 1 : 0].push({ statement, values });
    const result = await run();
    answered = true;
    return result;
  };
  return {
    row: (statement, values = []) => keep(statement, values, () => tx.row(statement, values)),
    rows: (statement, values = []) => keep(statement, values, () => tx.rows(statement, values)),
    commit: () => tx.commit(),
  };
}

/** The recorded lifecycle with ids of its own, ready to send. */
export function renewed(recorded: readonly Recorded[]): Recorded[] {
  const ids = new Map<string, string>();
  const renew = (text: string) =>
    text
      .replace(uuid, (id) => (fixed.has(id) ? id : (ids.get(id) ?? ids.set(id, newLike(id)).get(id) ?? id)))
      .replace(
        /\b(?:INV|T)-\d{6,}\b/g,
        (number) => ids.get(number) ?? ids.set(number, `BENCH-${randomUUID()}`).get(number) ?? number,
      );
  const values = (sent: readonly Sent[]) =>
    sent.map(({ statement, values: old }) => ({
      statement,
      values: old.map((value) => (typeof value === "string" ? renew(value) : value)),
    }));
  return recorded.map(({ first, second }) => ({ first: values(first), second: values(second) }));
}

/** Keeps the time in an id of version 7: the baseline's rows shall lie side by side in their indexes too. */
const newLike = (id: string): string => {
  const fresh = randomUUID();
  return id[14] === "7"
    ? `${Date.now()
        .toString(16)
        .padStart(12, "0")
        .replace(/(.{8})/, "$1-")}-7${fresh.slice(15)}`
    : fresh;
};

/** Sends one transaction as the kernel would, minus the kernel. */
export async function sendTransaction(db: Database, { first, second }: Recorded): Promise<void> {
  await db.transaction(async (tx) => {
    await Promise.all(first.map((sent) => send(tx, sent)));
    await Promise.all([...second.map((sent) => send(tx, sent)), tx.commit()]);
  });
}

const send = (session: Session, { statement, values }: Sent): Promise<unknown> => session.rows(statement, values);

export const statementsPerLifecycle = (recorded: readonly Recorded[]): number =>
  recorded.reduce((sum, { first, second }) => sum + first.length + second.length + 2, 0);
