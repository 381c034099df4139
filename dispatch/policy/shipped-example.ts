// What the shipped set says at the place of a fault, as an example of what may stand there. Read only when something is refused.

import { basename } from "node:path";
import { isMembers } from "./layered-profile.ts";
import {
  incidentTypeOf,
  isFurtherBook,
  isShippedProfile,
  priceBookFile,
  pushPolicyFile,
  readJson,
  shippedFolder,
  shippedProfileFile,
  singleFiles,
} from "./policy-set.ts";

/** Longer ones say less than the rule does. */
const mostCharacters = 240;

/**
 * @param file the file at fault, of the folder or a profile
 * @param pointer JSON Pointer to the value at fault
 * @param missing the member that is missing there
 * @returns JSON text of what stands there, or of the nearest around it; null where the shipped set has nothing that is short enough
 */
export function shippedExample(file: string, pointer: string, missing?: string): string | null {
  const at = shippedFile(file);
  const steps = pointer.split("/").slice(1).filter(Boolean).map(unescaped);
  const found = valueAt(at, steps);
  if (missing !== undefined && isMembers(found) && missing in found)
    return JSON.stringify({ [missing]: found[missing] });
  for (let length = steps.length; length > 0; length--) {
    const text = JSON.stringify(valueAt(at, steps.slice(0, length)));
    if (text !== undefined && text.length <= mostCharacters) return text;
  }
  return null;
}

function shippedFile(file: string): unknown {
  if (incidentTypeOf(file) !== null) return readJson(shippedFolder, "incidents/DOOR_WONT_LATCH.json");
  if (isFurtherBook(file)) return readJson(shippedFolder, priceBookFile);
  if (file === pushPolicyFile || (singleFiles.includes(file) && file !== "profile.json"))
    return readJson(shippedFolder, file);
  const name = basename(file, ".json");
  return readJson("/", shippedProfileFile(isShippedProfile(name) ? name : "strict"));
}

function valueAt(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value;
  if (Array.isArray(value)) return valueAt(value[Number(step)] ?? value[0], rest);
  return isMembers(value) ? valueAt(value[step], rest) : undefined;
}

const unescaped = (step: string): string => step.replaceAll("~1", "/").replaceAll("~0", "~");
