// The troubles that stand in the way of a start, of a service or of a command: an operator mends them, and the message is all
// that takes.

import { EmbeddedPostgresError } from "../db/embedded.ts";
import { MigrationError } from "../db/migrate.ts";
import { PolicyError } from "../policy/policy-error.ts";
import { ObjectStoreMisconfigured, ObjectStoreUnavailable } from "../storage/object-store.ts";
import { SettingsError } from "./settings.ts";

export type Trouble = new (...args: never[]) => Error;

const plainTroubles: readonly Trouble[] = [
  EmbeddedPostgresError,
  MigrationError,
  ObjectStoreMisconfigured,
  ObjectStoreUnavailable,
  PolicyError,
  SettingsError,
];

/** Whether an error is one of them, or of `more`; of anything else, a defect, the stack is what mends it. */
export const isPlain = (error: unknown, more: readonly Trouble[] = []): error is Error =>
  [...plainTroubles, ...more].some((kind) => error instanceof kind);
