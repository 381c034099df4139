// How a desk is set for tests on a machine where everything waits: nothing is refused for mere slowness, unless a test says how
// soon it wants it refused.

/** For processes that a test starts in its own, or as such. */
export const patience = { DISPATCH_DB_LOCK_TIMEOUT_MS: "60000", DISPATCH_DB_STATEMENT_TIMEOUT_MS: "60000" } as const;
