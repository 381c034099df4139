// A stand-in for a model, for a chat without a model's key. It is no part of the product, so the product knows only where
// its module lies, as the command that starts a gateway says, and imports it on demand.

import { pathToFileURL } from "node:url";
import { CommandFailure } from "../../process/command-line.ts";

export type StandInModel = {
  /** Without /v1, for example http://127.0.0.1:4000. */
  readonly url: string;
  /** May be called again. */
  close(): Promise<void>;
};

/**
 * Starts the stand-in that a module exports as `startScriptedModel`.
 * @throws CommandFailure when it exports no such function
 */
export async function startStandIn(file: string): Promise<StandInModel> {
  const module: { startScriptedModel?: () => Promise<StandInModel> } = await import(pathToFileURL(file).href);
  if (typeof module.startScriptedModel !== "function")
    throw new CommandFailure(`${file} does not export startScriptedModel.`);
  return module.startScriptedModel();
}
