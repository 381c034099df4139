// The directory's commands and queries by their names.

import { accountUpsert } from "./account-upsert.ts";
import { archiveCommands } from "./archive.ts";
import { assetUpsert } from "./asset-upsert.ts";
import { contactUpsert } from "./contact-upsert.ts";
import { directoryGets } from "./directory-get.ts";
import { directorySearch } from "./directory-search.ts";
import { accountMerge, siteMerge } from "./merge.ts";
import { directoryImport } from "./directory-import.ts";
import { siteUpsert } from "./site-upsert.ts";

export const directoryCommands = {
  "account.upsert": accountUpsert,
  "site.upsert": siteUpsert,
  "contact.upsert": contactUpsert,
  "asset.upsert": assetUpsert,
  ...archiveCommands,
  "site.merge": siteMerge,
  "account.merge": accountMerge,
  "directory.import": directoryImport,
};

export const directoryQueries = { "directory.search": directorySearch, ...directoryGets };
