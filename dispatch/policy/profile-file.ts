// Which profile a setting means: one of the project's own by its name, or an operator's by its path.

import { basename, resolve } from "node:path";

/** Whether it is said by a path, such as ./acme.json. */
export const isOwnProfile = (profile: string): boolean => profile.includes("/") && profile.endsWith(".json");

/** The file of an operator's own profile, from the folder the process runs in, and the name that must stand in it. */
export const profileFileOf = (path: string): { readonly file: string; readonly name: string } => ({
  file: resolve(path),
  name: basename(path, ".json"),
});
