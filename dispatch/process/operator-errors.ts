// Errors that an operator can fix: a wrong setting, a database that is away. Their message is all that is printed; any other
// error is printed with its stack.

import { EmbeddedPostgresError } from "../db/embedded.ts";
import { MigrationError } from "../db/migrate.ts";
import { PolicyError } from "../policy/policy-error.ts";
import { ObjectStoreMisconfigured, ObjectStoreUnavailable } from "../storage/object-store.ts";
import { SettingsError } from "./settings/settings-error.ts";

export type ErrorClass = new (...args: never[]) => Error;

const operatorErrors: readonly ErrorClass[] = [
  EmbeddedPostgresError,
  MigrationError,
  ObjectStoreMisconfigured,
  ObjectStoreUnavailable,
  PolicyError,
  SettingsError,
];

/** Whether an error is one that an operator can fix, of these classes or of `more`. */
export const isOperatorError = (error: unknown, more: readonly ErrorClass[] = []): error is Error =>
  [...operatorErrors, ...more].some((one) => error instanceof one);
