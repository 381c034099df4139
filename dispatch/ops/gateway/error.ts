// The failure of a gateway that did not start, did not answer, or refused: its message is all its reader needs.

import { CommandFailure } from "../../process/command-line.ts";

/** What went wrong; stable, for callers that branch on it. */
export type GatewayErrorCode =
  | "not_installed"
  | "configuration"
  | "already_running"
  | "ended"
  | "too_slow"
  | "not_ready"
  | "plugin_missing"
  | "unreachable"
  | "refused"
  | "approval_required";

export class GatewayError extends CommandFailure {
  readonly code: GatewayErrorCode;
  /** HTTP status of the gateway's answer, when there was one. */
  readonly status: number | null;

  constructor(code: GatewayErrorCode, message: string, more: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.code = code;
    this.status = more.status ?? null;
  }
}
