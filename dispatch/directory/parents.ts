// The account and the site that a row names: read with a lock, so that neither is archived or merged while the row is written.

import type { AccountId, SiteId } from "../contract/ids.ts";
import type { Actor } from "../kernel/actor.ts";
import { isInScope } from "../kernel/authorize.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { Refusal } from "../kernel/refusal.ts";
import { archived } from "./directory-upsert.ts";
import { requireNotMerged } from "./kept-row.ts";
import type { Parent } from "./upsert-decision.ts";

export type AccountParent = Parent & { readonly id: AccountId; readonly merged_into: AccountId | null };
export type SiteParent = Parent & {
  readonly id: SiteId;
  readonly account_id: AccountId;
  readonly country: string | null;
  readonly merged_into: SiteId | null;
};

const lockAccount = statement<AccountParent>(
  "directory_parent_account",
  `SELECT id, archived_at, merged_into FROM accounts WHERE id = $1 FOR SHARE`,
);
const lockSite = statement<SiteParent>(
  "directory_parent_site",
  `SELECT id, account_id, country, archived_at, merged_into FROM sites WHERE id = $1 FOR SHARE`,
);

export const lockParentAccount = async (tx: Session, id: AccountId | null | undefined): Promise<AccountParent | null> =>
  id ? ((await tx.row(lockAccount, [id])) ?? null) : null;

export const lockParentSite = async (tx: Session, id: SiteId | null | undefined): Promise<SiteParent | null> =>
  id ? ((await tx.row(lockSite, [id])) ?? null) : null;

/** @throws Refusal ACCOUNT_NOT_FOUND, MERGED, ARCHIVED */
export function requireAccount(actor: Actor, id: AccountId | undefined, parent: AccountParent | null): void {
  if (id === undefined) return;
  if (!parent) throw new Refusal("ACCOUNT_NOT_FOUND", { account_id: id });
  requireNotMerged(actor, "account", parent);
  if (parent.archived_at !== null) throw archived("account", parent.id, parent.archived_at);
}

/**
 * @param account whose site it must be; one that was merged may be another's, for whoever reaches that one
 * @throws Refusal SITE_NOT_FOUND, MERGED, ARCHIVED
 */
export function requireSite(
  actor: Actor,
  id: SiteId | null | undefined,
  parent: SiteParent | null,
  account?: AccountId,
): void {
  if (id === undefined || id === null) return;
  if (!parent) throw new Refusal("SITE_NOT_FOUND", { site_id: id });
  const isElsewhere = account !== undefined && parent.account_id !== account;
  const isTold = parent.merged_into !== null && isInScope(actor, { account_id: parent.account_id, site_id: parent.id });
  if (isElsewhere && !isTold) throw new Refusal("SITE_NOT_FOUND", { site_id: id });
  requireNotMerged(actor, "site", parent);
  if (parent.archived_at !== null) throw archived("site", parent.id, parent.archived_at);
}
