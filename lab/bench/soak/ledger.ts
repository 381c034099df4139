// What the clients of the soak were told: each acknowledged command with its receipt, a line in a file, so that half a
// million of them cost no memory; at the end the database holds them against what it has.

import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";

export type Acknowledged = {
  /** The idempotency key, the same in every repetition. */
  readonly key: string;
  readonly ticketId: string;
  readonly receiptId: string;
  readonly hash: string;
  readonly afterState: string;
};

export class Ledger {
  readonly #file: string;
  readonly #stream: WriteStream;
  count = 0;

  constructor(file: string) {
    this.#file = file;
    this.#stream = createWriteStream(file);
  }

  keep({ key, ticketId, receiptId, hash, afterState }: Acknowledged): void {
    this.count++;
    this.#stream.write(`${key},${ticketId},${receiptId},${hash},${afterState}\n`);
  }

  /** Nothing can be kept behind this. May be called again. */
  async close(): Promise<void> {
    if (this.#stream.closed) return;
    this.#stream.end();
    await once(this.#stream, "close");
  }

  /** Closes it and makes it the temporary table `acknowledged` of this connection. */
  async load(client: pg.Client): Promise<void> {
    await this.close();
    await client.query(
      "CREATE TEMPORARY TABLE acknowledged (key uuid, ticket_id uuid, receipt_id uuid, hash text, after_state text)",
    );
    await pipeline(createReadStream(this.#file), client.query(copyFrom("COPY acknowledged FROM STDIN (FORMAT csv)")));
    await client.query("ANALYZE acknowledged");
  }
}
