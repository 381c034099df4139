// How a story is told: a line for each thing that is done, its receipt kept to be read back at the end.

import type { AccountId, SiteId } from "../../dispatch/contract/ids.ts";
import type { Receipt } from "../../dispatch/contract/responses.ts";
import type { QueryBodyOf } from "../../dispatch/contract/index.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Speaker } from "./speaker.ts";

export type TellingOptions = {
  readonly dispatcher: Speaker;
  /** The same person, for what a model may not do alone. */
  readonly herself: Speaker;
  readonly labelWidth: number;
  readonly accountId: AccountId;
  readonly siteId: SiteId;
  readonly say: (line: string) => void;
};

type Ticket = QueryBodyOf<"ticket.get">;

const patienceMs = 30_000;
const lookEveryMs = 20;

export class Telling {
  readonly #options: TellingOptions;
  readonly #receipts: Receipt[] = [];

  constructor(options: TellingOptions) {
    this.#options = options;
  }

  line(who: string, what: string): void {
    this.#options.say(`  ${who.padEnd(this.#options.labelWidth)} ${what}`);
  }

  /** A receipt of something that goes without saying. */
  keep(receipt: Receipt): void {
    this.#receipts.push(receipt);
  }

  note(what: string, receipt: Receipt, { label } = this.#options.dispatcher): void {
    this.keep(receipt);
    this.line(label, `${what}   (receipt ${receipt.receipt_id.slice(-12)})`);
  }

  /** Opens a ticket and makes it ready for a time. */
  async opens(summary: string, incident_type: string): Promise<string> {
    const { dispatcher: dana, accountId: account_id, siteId: site_id } = this.#options;
    const created = await dana.does("ticket.create", null, { account_id, site_id, summary });
    const triaged = await dana.does("ticket.triage", created.id, {
      priority: "URGENT",
      incident_type,
      ready_to_schedule: true,
    });
    this.keep(created.receipt);
    this.note(`opens and triages a ticket: ${summary} -> ${triaged.state}`, triaged.receipt);
    return created.id;
  }

  /**
   * Waits until something has become of a ticket.
   * @returns it, with how long that took
   * @throws CommandFailure when it does not
   */
  async until(
    ticketId: string,
    what: string,
    hasCome: (ticket: Ticket) => boolean | Promise<boolean>,
  ): Promise<Ticket & { readonly afterMs: number }> {
    const begun = performance.now();
    for (;;) {
      const ticket = await this.#options.dispatcher.reads("ticket.get", { ticketId });
      const afterMs = Math.round(performance.now() - begun);
      if (await hasCome(ticket)) return { ...ticket, afterMs };
      if (afterMs > patienceMs)
        throw new CommandFailure(`${what} within ${patienceMs / 1000} s: ticket ${ticketId} is ${ticket.state}.`);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async nameOf(techId: string): Promise<string> {
    const {
      technicians: [technician],
    } = await this.#options.dispatcher.reads("roster.list", {}, { tech_id: techId });
    return technician?.name ?? techId;
  }

  /**
   * Reads every receipt back.
   * @returns how many there are
   * @throws CommandFailure where one is not what was given
   */
  async proved(): Promise<number> {
    for (const receipt of this.#receipts) {
      const kept = await this.#options.dispatcher.reads("receipt.get", { receiptId: receipt.receipt_id });
      if (kept.hash !== receipt.hash) throw new CommandFailure(`Receipt ${receipt.receipt_id} reads back changed.`);
    }
    return this.#receipts.length;
  }
}
