// account.archive, site.archive, contact.archive, asset.archive: what is no longer in use is kept, offered by no search and taken by no
// new ticket. Open work stands in the way. The upsert brings it back (restore).

import type { BodyOf, IdsOf, InputOf } from "../contract/index.ts";
import type { Session } from "../db/pool.ts";
import type { Aggregate } from "../kernel/aggregate.ts";
import type { RowCommand } from "../kernel/command.ts";
import { accountAggregate } from "./account-row.ts";
import { assetAggregate } from "./asset-row.ts";
import { contactAggregate } from "./contact-row.ts";
import { archived } from "./directory-upsert.ts";
import type { KeptChange, KeptRow } from "./kept-row.ts";
import { openWork, requireNoOpenWork, type OpenTicket } from "./open-work.ts";
import { siteAggregate } from "./site-row.ts";

type ArchiveName = "account.archive" | "site.archive" | "contact.archive" | "asset.archive";

function archive<N extends ArchiveName, Row extends KeptRow, Change, Body>(
  name: N,
  aggregate: Aggregate<Row, Change | KeptChange, never, Body, string, Row["id"]>,
  open: (tx: Session, id: string) => Promise<OpenTicket[]>,
  answer: (body: Body) => BodyOf<N> & object,
): RowCommand<InputOf<N>, IdsOf<N>, Row, KeptChange, Body, BodyOf<N> & object, OpenTicket[]> {
  return {
    name,
    on: "row",
    aggregate,
    alone: true,
    load: (tx, { id }) => open(tx, id),
    decide({ row, input: { reason }, now }, tickets) {
      if (row.archived_at !== null) throw archived(aggregate.name, row.id, row.archived_at);
      requireNoOpenWork(tickets);
      return { change: { archived_at: now, archived_reason: reason }, payload: { reason }, body: answer };
    },
  };
}

export const archiveCommands = {
  "account.archive": archive("account.archive", accountAggregate, openWork.account, (account) => ({ account })),
  "site.archive": archive("site.archive", siteAggregate, openWork.site, (site) => ({ site })),
  "contact.archive": archive("contact.archive", contactAggregate, openWork.contact, (contact) => ({ contact })),
  "asset.archive": archive("asset.archive", assetAggregate, openWork.asset, (asset) => ({ asset })),
};
