// The process's log: JSON lines on stdout, with a copy in a file when one is named. It keeps secrets and personal data
// out; nobody logs headers, bodies or query strings in the first place.

import { pino, type DestinationStream, type Logger } from "pino";
import { serverError } from "../db/failures.ts";
import { LineWriter } from "./line-writer.ts";
import { makeOwnFile } from "./own-file.ts";
import type { Settings } from "./settings.ts";
import { namesOf } from "./settings/setting.ts";
import { SettingsError } from "./settings/settings-error.ts";
import { settingsList } from "./settings/settings-list.ts";

export type Log = {
  readonly logger: Logger;
  /** Opens the copy's file again, after it was moved away. */
  reopen(): void;
  /** Writes out what is still buffered, at once. */
  flush(): void;
};

/** Pino's number of it. */
const fatalLevel = 60;

/**
 * Fields no line may hold, wherever somebody puts them at a line's top level. One level deeper ("*.token") costs 37 µs
 * a line against 3; what lies deeper are errors, and those are cut down below.
 */
const secretFields = [
  "authorization",
  "cookie",
  "headers",
  "body",
  "token",
  "secret",
  "password",
  "signature",
  "url",
  "customer_name",
  "customer_phone",
  "customer_email",
  "contact_phone",
  "contact_email",
  "phone",
  "email",
  "name",
];

/**
 * Opens the log as the settings say.
 * @param service names the process on every line
 * @throws SettingsError when the copy's file cannot be written
 */
export function openLog(
  service: string,
  settings: Settings,
  stdout: DestinationStream = new LineWriter({ destination: 1, lineForDropped: lineForDropped(service) }),
): Log {
  const path = settings.logSinkPath;
  const copy = path === null ? null : openCopy(path, service);
  const both = {
    // Has pino say here, before each line, of what level it is.
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string): void {
      const areLastWords = this.lastLevel === fatalLevel;
      if (stdout instanceof LineWriter) stdout.write(line, areLastWords);
      else stdout.write(line);
      copy?.write(line, areLastWords);
    },
    flushSync: flush,
  };
  function flush(): void {
    if (stdout instanceof LineWriter) stdout.flushSync();
    copy?.flushSync();
  }
  const logger = pino(
    {
      level: settings.logLevel,
      base: { service },
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields, censor: "[redacted]" },
      serializers: { err: describeError },
    },
    both,
  );
  return { logger, reopen: () => copy?.reopen(), flush };
}

/** A line of the log's own, in the form of all others. */
const lineForDropped =
  (service: string) =>
  (lines: number): string =>
    `${JSON.stringify({
      level: "warn",
      time: new Date().toISOString(),
      service,
      lines_dropped: lines,
      message: `${lines} lines of this log were dropped, because it could not be written`,
    })}\n`;

function openCopy(path: string, service: string): LineWriter {
  try {
    makeOwnFile(path);
    return new LineWriter({ destination: path, lineForDropped: lineForDropped(service) });
  } catch (error) {
    const rule = `must name a file that can be written: ${String(error)}`;
    throw new SettingsError([{ at: namesOf(settingsList.logSinkPath), rule }]);
  }
}

/** What a log line says of an error. Postgres puts a row's values into detail and where, so those stay out. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: withoutSecrets(String(error)) };
  const server = serverError(error);
  return {
    type: error.name,
    message: withoutSecrets(error.message),
    ...(server && { sqlstate: server.code, constraint: server.constraint }),
    stack: withoutSecrets(error.stack ?? ""),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, "$1 [redacted]"],
  [/\beyJ[\w-]+\.[\w-]*\.?[\w-]*/g, "[token]"],
  // Of a technician's calendar (field/calendar-link.ts).
  [/cal_[\w-]{8,}/g, "[calendar]"],
  [/(\bsignature=)[^&\s"']+/gi, "$1[redacted]"],
  [/(:\/\/[^\s:/@]+:)[^\s@/]+@/g, "$1[redacted]@"],
  [/[\w.+-]{1,64}(?:@|%40)[\w-]+\.[\w.-]+/gi, "[e-mail]"],
  [/(?:\+|%2B)\d[\d ()-]{6,}\d/gi, "[phone]"],
];

/** A text from elsewhere, without what looks like a credential, an e-mail address or a phone number. */
export function withoutSecrets(text: string): string {
  return patterns.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}
