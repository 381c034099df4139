// One setting as data: what it is called in the environment and in a file, its rule, its default, what it is about.

/** How a setting's text is read. `parse` throws a RangeError for a text that breaks the rule. */
export type Kind<T> = {
  parse(text: string): T;
  /** Follows the setting's name in a sentence. */
  readonly rule: string;
  /** A text that keeps the rule, where the default is none. */
  readonly example?: string;
  /** The text of a value that JavaScript would write in another way. */
  write?(value: T): string;
  /** Whether its texts are addresses, in which secrets may stand. */
  readonly isUrl?: boolean;
  /** Whether a file may have a list in its place, whose items are joined by commas. */
  readonly isList?: boolean;
};

export type Setting<T> = {
  readonly variable: string;
  /** Further names of the variable. */
  readonly aliases: readonly string[];
  /** Where it stands in a file: its group, a dot, its name there. */
  readonly key: string;
  readonly about: string;
  readonly kind: Kind<T>;
  readonly fallback: (environment: NodeJS.ProcessEnv, before: Readonly<Record<string, unknown>>) => T;
  /** The default as a reader of the docs sees it. */
  readonly shown: string;
  readonly secret: boolean;
  /** A text that keeps the rule. */
  readonly example: string;
};

type More<T> = {
  readonly aliases?: readonly string[];
  readonly shown?: string;
  readonly secret?: boolean;
  /** In place of the kind's. */
  readonly example?: string;
  /** A default that hangs on the environment, or on settings declared before. */
  readonly fallback?: Setting<T>["fallback"];
};

/** Declares a setting. */
export function setting<T>(
  variable: string,
  key: string,
  kind: Kind<T>,
  fallback: NoInfer<T>,
  about: string,
  more: More<NoInfer<T>> = {},
): Setting<T> {
  const written = fallback === null ? null : writtenBy(kind, fallback);
  return {
    variable,
    aliases: more.aliases ?? [],
    key,
    about,
    kind,
    fallback: more.fallback ?? (() => fallback),
    shown: more.shown ?? written ?? "unset",
    secret: more.secret ?? false,
    example: more.example ?? written ?? kind.example ?? "",
  };
}

/** The text that is read as the value again. */
export const writtenBy = <T>(kind: Kind<T>, value: T): string =>
  kind.write ? kind.write(value) : Array.isArray(value) ? value.join(",") : String(value);

/** The variable that names the file a secret setting is read from. */
export const fileVariable = (variable: string): string => `${variable}_FILE`;

/** Both names of a setting, where it is not known which of them gave it. */
export const namesOf = ({ variable, key }: Setting<unknown>): string => `${variable} (in a file ${key})`;

/** What is left of an environment without these settings, for who gives them anew: another name of theirs must not say otherwise. */
export function environmentWithout(
  settings: readonly Setting<unknown>[],
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const names = new Set(settings.flatMap(variablesOf));
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || names.has(name) ? [] : [[name, value] as const],
    ),
  );
}

/** All variables a setting may come from. */
export const variablesOf = ({ variable, aliases, secret }: Setting<unknown>): string[] =>
  [variable, ...aliases].flatMap((name) => (secret ? [name, fileVariable(name)] : [name]));
