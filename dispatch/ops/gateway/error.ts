// The failure of a gateway that did not start, did not answer, or refused: its message is all its reader needs.

import { CommandFailure } from "../../process/command-line.ts";

/** What kind of trouble it is; stable, for callers that branch on it. */
export type GatewayTrouble =
  | "not_installed"
  | "configuration"
  | "already_running"
  | "ended"
  | "not_ready"
  | "plugin_missing"
  | "unreachable"
  | "refused"
  | "approval_required";

export class GatewayError extends CommandFailure {
  readonly code: GatewayTrouble;
  /** HTTP status of the gateway's answer, when there was one. */
  readonly status: number | null;

  constructor(code: GatewayTrouble, message: string, more: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.code = code;
    this.status = more.status ?? null;
  }
}
