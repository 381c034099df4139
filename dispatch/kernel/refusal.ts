// A refusal: the only way Dispatch says no. It carries a code of the registry and what the caller needs to mend it.

import { errorRegistry, type ErrorCode, type RequirementCode } from "../contract/errors.ts";

export type Details = Readonly<Record<string, unknown>>;

export type Violation = { readonly path: string; readonly rule: string; readonly message: string };

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ErrorCode;
  readonly details: Details;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param details extra fields of the error body, as the contract lists them for the code
   * @param options.message replaces the registry's sentence where more can be said
   * @param options.headers response headers, for example Retry-After
   */
  constructor(
    code: ErrorCode,
    details: Details = {},
    options: { message?: string; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    const entry = errorRegistry[code];
    super(options.message ?? entry.message, { cause: options.cause });
    this.code = code;
    this.details = details;
    this.status = entry.status;
    this.headers = options.headers ?? {};
  }
}

/** The refusal of one or more fields. */
export function invalidFields(
  violations: readonly Violation[],
  code: "INVALID_REQUEST" | "INVALID_QUERY" = "INVALID_REQUEST",
): Refusal {
  return new Refusal(code, { validation_errors: violations });
}

/** The refusal of a body that is no JSON object; it has no fields to name, so the body itself is named. */
export function invalidJson(message: string = errorRegistry.INVALID_JSON.message): Refusal {
  return new Refusal("INVALID_JSON", { validation_errors: [{ path: "", rule: "json", message }] }, { message });
}

/** The refusal of a single field by a rule no schema can state. */
export const invalidField = (path: string, rule: string, message: string): Refusal =>
  invalidFields([{ path, rule, message }]);

/** Of a refusal of fields the first of them, as a program looks it up: `work/parts/0` is `work.parts.0`, the whole body `body`. */
function firstField({ validation_errors: violations }: Details): { field: string } | null {
  const [first]: readonly Partial<Violation>[] = Array.isArray(violations) ? violations : [];
  return first?.path === undefined ? null : { field: first.path.replaceAll("/", ".") || "body" };
}

/** The body of an error answer. */
export function refusalBody(refusal: Refusal, requestId: string | null, correlationId: string | null) {
  const entry = errorRegistry[refusal.code];
  const requirement = refusal.details["requirement_code"] as RequirementCode | undefined;
  return {
    error: {
      code: refusal.code,
      message: refusal.message,
      request_id: requestId,
      correlation_id: correlationId,
      ...firstField(refusal.details),
      ...refusal.details,
      ...("dimension" in entry && {
        policy_error: { dimension: entry.dimension, ...(requirement && { requirement_code: requirement }) },
      }),
    },
  };
}
