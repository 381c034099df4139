// The error of settings that cannot be used: every fault with the place it came from. Thrown before anything is started.

export type Fault = {
  /** The variable, or the key with its file, that the value came from. */
  readonly at: string;
  /** What is wrong, to be read behind the place; never the value itself, which may be a secret. */
  readonly rule: string;
};

export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly code = "CONFIG_INVALID";
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    const lines = faults.map(({ at, rule }) => `${at} ${rule}`);
    super(
      lines.length === 1
        ? `CONFIG_INVALID: ${lines.join("")}`
        : `CONFIG_INVALID: ${lines.length} faults\n${lines.map((line) => `  ${line}`).join("\n")}`,
    );
    this.faults = faults;
  }
}
