// A plan for the model: what it is, how the day stands before and after, each move with its reason, what stays and why.

import { isObject, listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { spanText } from "./describe-ticket.ts";
import { quoted, wordAt as at } from "./result-text.ts";
import { leftOut } from "./left-out.ts";

/** As many moves as a chat can hold; plan.get has the rest. */
const shownMoves = 25;
const shownUnserved = 10;

/** The number by which people call it; its id where the plan is from before that was kept. */
const ticketName = (one: unknown): string => at(one, textAt(one, "number") === null ? "ticket_id" : "number");

const figure = (value: unknown, key: string): string => String(numberAt(value, key) ?? 0);

/** Nothing when the body holds no plan. */
export function planLines(body: JsonObject): (string | null)[] {
  const plan = objectAt(body, "plan");
  if (textAt(plan, "id") === null) return [];
  const moves = listAt(plan, "moves");
  const unserved = listAt(plan, "unserved");
  return [
    planLine(plan),
    ...["before", "after"].map((when) => (isObject(plan[when]) ? figuresLine(when, plan[when]) : null)),
    isObject(plan["after"]) && moves.length === 0 ? "nothing better was found: no visit would move" : null,
    ...moves.slice(0, shownMoves).map(moveLine),
    moves.length > shownMoves ? `and ${moves.length - shownMoves} more moves` : null,
    ...unserved
      .slice(0, shownUnserved)
      .map(
        (one) =>
          `without a visit: ticket ${ticketName(one)} ${at(one, "priority")}: ${quoted(textAt(one, "detail"), 120)}`,
      ),
    unserved.length > shownUnserved ? `and ${unserved.length - shownUnserved} more without a visit` : null,
    ...listAt(plan, "stays").map((one) => `stays as it is: ${figure(one, "count")} ${at(one, "reason")}`),
    ...leftOut(listAt(plan, "left_out")),
    ...listAt(body, "moved")
      .map(
        (one) =>
          `moved ticket ${ticketName(one)} to tech_id ${at(one, "tech_id")} ` +
          `${at(one, "scheduled_start")} receipt ${at(one, "receipt_id")}`,
      )
      .slice(0, shownMoves),
  ];
}

/** One plan on one line, for lists too. */
export function planLine(plan: unknown): string {
  const until = textAt(plan, "expires_at");
  const progress =
    textAt(plan, "status") === "RUNNING" ? ` ${Math.round(100 * (numberAt(plan, "progress") ?? 0))} % searched` : "";
  const zone = textAt(plan, "zone");
  return (
    `plan_id ${at(plan, "id")} ${at(plan, "status")}${progress} for ${at(plan, "day")} ` +
    `(${at(plan, "time_zone")}${zone === null ? "" : `, zone ${quoted(zone, 40)}`})${until === null ? "" : ` holds until ${until}`}`
  );
}

const figuresLine = (when: string, figures: unknown): string =>
  `${when}: ${figure(figures, "served")} visits, ${figure(figures, "unserved")} tickets without ` +
  `one, ${figure(figures, "late")} late, ${figure(figures, "travel_minutes")} min driving, ` +
  `${figure(figures, "overtime_minutes")} min overtime`;

const startText = (visit: JsonObject): string => spanText({ ...visit, end: null, end_local: null });

/** The lead, and who goes along. */
const peopleText = (visit: JsonObject): string =>
  [visit, ...listAt(visit, "helpers")].map((one) => quoted(textAt(one, "tech_name"), 40)).join(" with ");

function moveLine(move: unknown, index: number): string {
  const from =
    isObject(move) && isObject(move["from"]) ? `${peopleText(move["from"])} ${startText(move["from"])}` : "no time";
  const to = objectAt(move, "to");
  return (
    `${index + 1}. ticket ${ticketName(move)} ${at(move, "priority")} ` +
    `${quoted(textAt(move, "summary"), 60)}: ${from} -> ${peopleText(to)} ` +
    `${startText(to)}. ${quoted(textAt(move, "reason"), 120)}`
  );
}
