// Which file a profile is: one of the project's own by its name, or an operator's by its path.

import { basename, resolve } from "node:path";

/** Whether it is said by a path, such as ./acme.json. */
export const isOwnProfile = (profile: string): boolean => profile.includes("/") && profile.endsWith(".json");

/**
 * @param profile a name, or the path of a file that ends in .json, from the folder the process runs in
 * @returns the file, for the project's own below `folder`, and the name that stands in it
 */
export const profileFileOf = (profile: string): { readonly file: string; readonly name: string } =>
  isOwnProfile(profile)
    ? { file: resolve(profile), name: basename(profile, ".json") }
    : { file: `profiles/${profile}.json`, name: profile };
