// The rules a plan is checked against, and how a broken one is reported.

export const rules = [
  "PLAN_OF_ANOTHER_PROBLEM",
  "UNKNOWN_TECHNICIAN",
  "TECHNICIAN_TWICE",
  "EMPTY_ROUTE",
  "UNKNOWN_VISIT",
  "VISIT_TWICE",
  "VISIT_MISSING",
  "UNSERVED_NOT_ALLOWED",
  "DEPARTS_BEFORE_SHIFT",
  "RETURNS_AFTER_SHIFT",
  "WRONG_ARRIVAL",
  "STARTS_BEFORE_ARRIVAL",
  "OUTSIDE_WINDOWS",
  "WRONG_LEAVE",
  "WORKS_IN_BREAK",
  "SKILL_MISSING",
  "TOOL_MISSING",
  "PARTS_SHORT",
  "OVER_CAPACITY",
  "PINNED_TO_ANOTHER",
  "PINNED_START_MISSED",
  "CREW_APART",
  "CREW_INCOMPLETE",
  "NO_DEPOT",
  "RESTOCK_PLACE",
  "RESTOCK_OUTSIDE_WINDOW",
  "WRONG_TERMS",
  "WRONG_COST",
] as const;

export type Violation = {
  readonly rule: (typeof rules)[number];
  /** Where in the plan, as a JSON pointer. */
  readonly path: string;
  /** A sentence with the figures. */
  readonly detail: string;
};

/** Takes down one broken rule. */
export type Report = (rule: Violation["rule"], path: string, detail: string) => void;
