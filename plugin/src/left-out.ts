// Who was left out and why, for the model.

import { textAt } from "./json.ts";
import { plainOrQuoted, quoted, wordAt } from "./result-text.ts";

/** Everyone left out, by reason, so that "why not the one next door?" has its answer at hand. */
export function leftOut(rejected: readonly unknown[]): string[] {
  const byReason = Map.groupBy(rejected, (one) => textAt(one, "reason") ?? "?");
  return [...byReason].map(([reason, all]) => {
    const who = all.slice(0, 6).map((one) => {
      const detail = textAt(one, "detail");
      return `${wordAt(one, "tech_id")}${detail === null ? "" : ` ${quoted(detail, 60)}`}`;
    });
    return `left out, ${plainOrQuoted(reason)}: ${who.join("; ")}${all.length > 6 ? ` and ${all.length - 6} more` : ""}`;
  });
}

