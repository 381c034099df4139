// Invoices and credit notes for the model: how one stands, and what is on it.

import { listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { moneyAt, quoted, sentence, wordAt } from "./result-text.ts";

/** One invoice or credit note of a list. */
export function documentLine(one: unknown): string {
  const credited = numberAt(one, "credited_cents") ?? 0;
  return [
    `${wordAt(one, "kind")} ${wordAt(one, "number")} invoice_id ${wordAt(one, "id")} ${wordAt(one, "status")}`,
    `total ${moneyAt(one, "total_cents")}`,
    credited > 0 && `${moneyAt(one, "credited_cents")} credited`,
    textAt(one, "credits_number") !== null && `on ${wordAt(one, "credits_number")}`,
    `issued ${wordAt(one, "issued_on")}`,
    textAt(one, "due_on") !== null && `due ${wordAt(one, "due_on")}`,
    `ticket number ${wordAt(one, "ticket_number")} of ${quoted(textAt(one, "account_name"), 80)}`,
  ]
    .filter(Boolean)
    .join("; ");
}

function billedLine(one: unknown, currency: string | null): string {
  const visit = numberAt(one, "visit");
  const credited = numberAt(one, "credited_cents") ?? 0;
  return (
    `${numberAt(one, "line") ?? 0}. ${visit === null ? "" : `visit ${visit} `}${wordAt(one, "kind")} ` +
    `${quoted(textAt(one, "description"), 120)} ${numberAt(one, "quantity") ?? 0} ${wordAt(one, "unit")} at ` +
    `${moneyAt(one, "list_price_cents", currency)}: ${moneyAt(one, "price_cents", currency)}, ` +
    `tax ${moneyAt(one, "tax_cents", currency)}${credited > 0 ? `, ${moneyAt(one, "credited_cents", currency)} of it credited` : ""}`
  );
}

/** One with its lines. */
export const documentLines = (one: unknown): (string | false)[] => [
  documentLine(one),
  textAt(one, "reason") !== null && `because ${quoted(textAt(one, "reason"), 200)}`,
  ...listAt(one, "lines").map((line) => billedLine(line, textAt(one, "currency"))),
  `tax ${moneyAt(one, "tax_cents")}, total ${moneyAt(one, "total_cents")}`,
  ...listAt(one, "credit_notes").map(
    (note) =>
      `credited by ${wordAt(note, "number")} of ${wordAt(note, "issued_on")}: ${moneyAt(note, "total_cents", textAt(one, "currency"))}`,
  ),
];

/** What an export comes to: its rows are for a program, and no reading for a model. */
export const exportLines = (body: JsonObject): string[] => {
  const content = objectAt(body, "content");
  const sums = listAt(body, "sums").map(
    (one) =>
      `${wordAt(one, "kind")}: ${numberAt(one, "documents") ?? 0} with ${numberAt(one, "lines") ?? 0} lines, ` +
      `total ${moneyAt(one, "total_cents")} (tax ${moneyAt(one, "tax_cents")})`,
  );
  return [
    `issued ${wordAt(body, "from")} to ${wordAt(body, "to")}`,
    ...(sums.length > 0 ? sums : ["no invoice and no credit note"]),
    `${wordAt(content, "media_type")}; whoever has a token of the desk opens it at GET ${wordAt(content, "path")}`,
  ];
};

/** The file of one: its bytes are no reading for a model. */
export const documentFile = (body: JsonObject): string[] => {
  const content = objectAt(body, "content");
  const named = `${wordAt(body, "number")} invoice_id ${wordAt(body, "invoice_id")}`;
  const missing = listAt(body, "missing").map(
    (one) => `missing ${wordAt(one, "field")}: ${sentence(textAt(one, "way_out") ?? "")}`,
  );
  if (missing.length > 0)
    return [named, "no file, since the document was issued without what it must have", ...missing];
  return [
    named,
    `${wordAt(content, "media_type")} of ${numberAt(content, "size_bytes") ?? 0} bytes; whoever has a token of the desk opens it at ` +
      `GET ${wordAt(content, "path")}`,
  ];
};
