// Where new work is: the account, site and asset a ticket names must exist and belong together.

import type { AccountId, SiteId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "../kernel/actor.ts";
import { requireScope } from "../kernel/authorize.ts";
import { Refusal } from "../kernel/refusal.ts";

type Place = { account_known: boolean; site_account: AccountId | null; asset_site: SiteId | null };

const selectPlace = statement<Place>(
  "intake_place",
  `SELECT EXISTS (SELECT FROM accounts WHERE id = $1) AS account_known,
          (SELECT account_id FROM sites WHERE id = $2) AS site_account,
          (SELECT site_id FROM assets WHERE id = $3) AS asset_site`,
);

type PlaceInput = { readonly account_id: AccountId; readonly site_id: SiteId; readonly asset_id?: string };

export const loadPlace = (tx: Session, input: PlaceInput): Promise<Place | null> =>
  tx.row(selectPlace, [input.account_id, input.site_id, input.asset_id ?? null]);

/**
 * Scope comes first: outside it, a caller does not learn what exists.
 * @throws Refusal FORBIDDEN_SCOPE, ACCOUNT_NOT_FOUND, SITE_NOT_FOUND, ASSET_NOT_FOUND
 */
export function requirePlace(actor: Actor, input: PlaceInput, place: Place | null): void {
  requireScope(actor, input);
  if (!place?.account_known) throw new Refusal("ACCOUNT_NOT_FOUND", { account_id: input.account_id });
  if (place.site_account !== input.account_id) throw new Refusal("SITE_NOT_FOUND", { site_id: input.site_id });
  if (input.asset_id !== undefined && place.asset_site !== input.site_id) {
    throw new Refusal("ASSET_NOT_FOUND", { asset_id: input.asset_id });
  }
}
