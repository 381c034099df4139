// What a correction of a ticket is judged by beside the ticket: where the site, asset and contact belong that it names, and what
// the technician does who is to come.

import type { AccountId, SiteId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { heldPlace, outOfUse, type ContactFacts, type OutOfUse } from "./intake-place.ts";

export type UpdateFacts = ContactFacts & {
  readonly out_of_use: OutOfUse | null;
  readonly site_account: AccountId | null;
  readonly asset_site: SiteId | null;
  readonly service_types: string[] | null;
  /** Of the site that the ticket will be at. */
  readonly country: string | null;
};

/** $1 the ticket; $2 site, $3 asset, $4 contact, each null where none is named. */
export const selectUpdateFacts = statement<UpdateFacts>(
  "ticket_update_facts",
  `${heldPlace(null, "$2", "$3", "$4")}
   SELECT (SELECT account_id FROM held_site) AS site_account,
          (SELECT site_id FROM held_asset) AS asset_site,
          (SELECT account_id FROM held_contact) AS contact_account,
          (SELECT site_id FROM held_contact) AS contact_site,
          (SELECT r.service_types FROM tickets t JOIN technicians r ON r.id = t.assigned_tech_id WHERE t.id = $1) AS service_types,
          (SELECT s.country FROM sites s WHERE s.id = coalesce($2, (SELECT t.site_id FROM tickets t WHERE t.id = $1))) AS country,
          ${outOfUse} AS out_of_use`,
);
