// The words that the contract itself gives: values of its enums, names of its tools, codes of its refusals. Nobody else can put
// any other word where one of these stands.

import { errorRegistry, requirementCodes } from "../../dispatch/contract/errors.ts";
import { chatName, commandEntries, pipelineEntries, toolEntries } from "../../dispatch/contract/index.ts";
import { roles } from "../../dispatch/contract/roles.ts";
import { ticketStates } from "../../dispatch/contract/states.ts";

/** Whether a text is one of the contract's own words. */
export const isContractWord = (text: string): boolean => (words ??= all()).has(text);

let words: ReadonlySet<string> | undefined;

const all = (): ReadonlySet<string> =>
  new Set([
    ...ticketStates,
    ...roles,
    ...Object.keys(errorRegistry),
    ...requirementCodes,
    ...pipelineEntries.map(([name]) => name),
    ...commandEntries.map(([, { aggregate }]) => aggregate),
    ...toolEntries.flatMap(([name, { input, output }]) => [
      name,
      chatName(name),
      ...valuesIn(input),
      ...valuesIn(output),
    ]),
  ]);

/** The texts that a schema lists, at any depth. */
function valuesIn(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, value]: [string, unknown]) => {
    if (keyword === "const" && typeof value === "string") return [value];
    if (keyword === "enum" && Array.isArray(value)) return value.filter((one) => typeof one === "string");
    return valuesIn(value);
  });
}
