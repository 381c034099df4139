// The frame of every `pnpm dispatch:*` command: options, --help, exit codes, and one clear sentence for a failure that
// its reader can fix. 0 done, 1 failed, 2 wrong usage.

import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { databaseReason, databaseWords, isDatabaseAway } from "../db/failures.ts";
import { isOperatorError } from "./operator-errors.ts";
import type { Configuration } from "./settings.ts";
import { tellSettings } from "./settings/print.ts";

/** A failure whose message is all its reader needs. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

const printConfig = "--print-config";

type Values<O extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: O; strict: true }>>["values"];

type CommandLine<O extends ParseArgsOptionsConfig> = {
  /** As a person calls it, for example `pnpm dispatch:bench`. */
  readonly name: string;
  /** What it does, in a sentence or two. */
  readonly about: string;
  readonly options: O;
  /** What each option means; every option has one. */
  readonly meanings: { readonly [K in keyof O]: string };
  /** What comes without an option's name, and what each means; all are required. Of one that ends with … there may be many. */
  readonly operands?: Readonly<Record<string, string>>;
  /** What may come after those. */
  readonly optionalOperands?: Readonly<Record<string, string>>;
  /** The settings it goes by, for --print-config; without this it reads none. */
  readonly configuration?: (values: Values<O>) => Configuration;
};

/** Runs a command with the process's arguments and sets its exit code. */
export async function runCommand<const O extends ParseArgsOptionsConfig>(
  line: CommandLine<O>,
  run: (values: Values<O>, operands: readonly string[]) => Promise<number>,
): Promise<void> {
  const { configuration } = line;
  const given = process.argv.slice(2).filter((arg) => arg !== "--");
  const printsSettings = configuration !== undefined && given.includes(printConfig);
  const args = printsSettings ? given.filter((arg) => arg !== printConfig) : given;
  if (args.includes("--help") || args.includes("-h")) {
    console.log(helpOf(line));
    return;
  }
  const wanted = Object.keys(line.operands ?? {});
  const isMany = wanted.some((operand) => operand.endsWith("…"));
  const most = isMany ? Infinity : wanted.length + Object.keys(line.optionalOperands ?? {}).length;
  let values: Values<O>;
  let operands: readonly string[];
  try {
    const parsed = parseArgs({ args, options: line.options, strict: true, allowPositionals: most > 0 });
    values = parsed.values;
    operands = parsed.positionals;
    if (!printsSettings && operands.length < wanted.length) throw new Error(`expected ${wanted.join(" ")}`);
    if (operands.length > most) throw new Error(`one too many: ${operands[most] ?? ""}`);
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${helpOf(line)}`);
    process.exitCode = 2;
    return;
  }
  try {
    if (!printsSettings) process.exitCode = await run(values, operands);
    else tellSettings(configuration(values));
  } catch (error) {
    // Anything else is a bug in Dispatch, and its stack is needed to find it.
    console.error(isExpected(error) ? messageOf(error) : (saidOfPostgres(error) ?? error));
    process.exitCode = 1;
  }
}

/** The sentence for a command that Postgres did not serve, with the server's words and SQLSTATE; null for any other error. */
function saidOfPostgres(error: unknown): string | null {
  if (databaseReason(error) === "locked")
    return `Another session of Postgres holds a lock (${databaseWords(error)}). Read ops/runbooks/locked_table.md.`;
  if (!isDatabaseAway(error) || isOfAFile(error)) return null;
  return `Postgres cannot be used: ${databaseWords(error)}. Read ops/runbooks/database_unavailable.md.`;
}

/** What of the system's calls is a connection's: a file that is missing, or an output that is closed, is no database's. */
const ofConnections: readonly unknown[] = ["connect", "read", "getaddrinfo"];
const isOfAFile = (error: unknown): boolean =>
  error instanceof Error && "syscall" in error && !ofConnections.includes(error.syscall);

/** Whether the error's message is all its reader needs; any other error is printed with its stack. */
export const isExpected = (error: unknown): boolean => isOperatorError(error, [CommandFailure]);
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function helpOf({
  name,
  about,
  options,
  meanings,
  operands = {},
  optionalOperands = {},
  configuration,
}: CommandLine<ParseArgsOptionsConfig>): string {
  const rows = Object.entries({ ...operands, ...optionalOperands });
  for (const [option, { type, short }] of Object.entries(options)) {
    rows.push([
      `${short === undefined ? "" : `-${short}, `}--${option}${type === "string" ? " VALUE" : ""}`,
      meanings[option] ?? "",
    ]);
  }
  if (configuration !== undefined)
    rows.push([
      printConfig,
      "print the settings in force, secrets masked, each with where it comes from, and do nothing",
    ]);
  rows.push(["--help", "this text"]);
  const width = Math.max(...rows.map(([option = ""]) => option.length)) + 2;
  const usage = rows.map(([option = "", meaning = ""]) => `  ${option.padEnd(width)}${meaning}`);
  return [
    about,
    "",
    `Usage: ${[name, ...Object.keys(operands), ...Object.keys(optionalOperands).map((operand) => `[${operand}]`), "[options]"].join(" ")}`,
    "",
    ...usage,
    "",
    "Exit code: 0 done, 1 failed, 2 wrong usage.",
  ].join("\n");
}

/** A whole number given as an option. @throws CommandFailure naming the option */
export function wholeNumber(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text)) throw new CommandFailure(`--${option} must be a whole number, not ${text}`);
  return Number(text);
}

/** A number above zero given as an option, at most three decimals. @throws CommandFailure naming the option */
export function positiveNumber(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d+(\.\d{1,3})?$/.test(text) || Number(text) === 0)
    throw new CommandFailure(`--${option} must be a number above 0 with at most three decimals, not ${text}`);
  return Number(text);
}
