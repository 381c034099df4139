// The directory's commands by their names.

import { accountUpsert } from "./account-upsert.ts";
import { assetUpsert } from "./asset-upsert.ts";
import { contactUpsert } from "./contact-upsert.ts";
import { directoryImport } from "./directory-import.ts";
import { siteUpsert } from "./site-upsert.ts";

export const directoryCommands = {
  "account.upsert": accountUpsert,
  "site.upsert": siteUpsert,
  "contact.upsert": contactUpsert,
  "asset.upsert": assetUpsert,
  "directory.import": directoryImport,
};
