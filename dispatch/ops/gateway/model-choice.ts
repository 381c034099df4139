// Which model answers the chat: the one the user configured, else a real one whose key is in the environment, else the
// scripted stand-in. Pure.

import { isObject, type JsonObject } from "../../kernel/json.ts";

export type ModelChoice = {
  readonly kind: "configured" | "anthropic" | "openai" | "scripted" | "none";
  /** As OpenClaw names it, provider/model; null leaves the configuration as it is. */
  readonly model: string | null;
  /** The bundled OpenClaw plugin that speaks to it. */
  readonly providerPlugin: string | null;
  /** For a person, in one line. */
  readonly sentence: string;
};

export const scriptedProvider = "dispatch-scripted";
const scriptedModel = `${scriptedProvider}/dispatch-scripted`;

/** The defaults of OpenClaw 2026.9.6's own set-up. */
const real = [
  { kind: "anthropic", variable: "ANTHROPIC_API_KEY", model: "anthropic/claude-opus-5" },
  { kind: "openai", variable: "OPENAI_API_KEY", model: "openai/gpt-6-astra" },
] as const;

/** Whether a real model can be had without a word of configuration. */
export const hasModelKey = (environment: NodeJS.ProcessEnv): boolean =>
  real.some(({ variable }) => Boolean(environment[variable]));

/**
 * @param writtenModel the model Dispatch itself put into the configuration last; any other found there is the user's
 * @param scriptedUrl where the scripted stand-in listens; null when there is none
 */
export function chooseModel(
  configuration: JsonObject | null,
  writtenModel: string | null,
  environment: NodeJS.ProcessEnv,
  scriptedUrl: string | null,
): ModelChoice {
  const configured = configuredModel(configuration);
  const isThere = configured !== scriptedModel || scriptedUrl !== null;
  if (configured !== null && configured !== writtenModel && isThere) {
    return {
      kind: "configured",
      model: null,
      providerPlugin: null,
      sentence: `Model of the chat: ${configured}, as configured in OpenClaw.`,
    };
  }
  for (const { kind, variable, model } of real) {
    if (!environment[variable]) continue;
    return {
      kind,
      model,
      providerPlugin: kind,
      sentence: `Model of the chat: ${model}, because ${variable} is set; calls to it cost money.`,
    };
  }
  if (scriptedUrl !== null) {
    const sentence =
      "Model of the chat: a scripted stand-in that understands the tour's sentences alone; set " +
      "ANTHROPIC_API_KEY or OPENAI_API_KEY for a real one.";
    return { kind: "scripted", model: scriptedModel, providerPlugin: null, sentence };
  }
  return {
    kind: "none",
    model: null,
    providerPlugin: null,
    sentence:
      "Model of the chat: none; tools can be called, but nobody answers. Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or configure " +
      "one in OpenClaw.",
  };
}

/** Whether the configuration leaves the chat to the scripted stand-in. */
export const isScripted = (configuration: JsonObject): boolean => configuredModel(configuration) === scriptedModel;

function configuredModel(configuration: JsonObject | null): string | null {
  const agents = configuration?.["agents"];
  const defaults = isObject(agents) ? agents["defaults"] : null;
  const model = isObject(defaults) ? defaults["model"] : null;
  if (typeof model === "string") return model;
  return isObject(model) && typeof model["primary"] === "string" ? model["primary"] : null;
}
