// One row of a file as what it says of a customer, a place, a person and a thing: the fields of the contract, by which key each is
// found again, and what of the row cannot be used. Pure; nothing of the desk is known here.

import { idFrom } from "../../contract/ids.ts";
import { canonicalSha256 } from "../../policy/canonical-json.ts";
import { readCell, type CellFault, type CellValue } from "./cell-readings.ts";
import { importFieldNamed, importKinds, type ImportField, type ImportKind } from "./import-fields.ts";
import { numbersIn, readPhoneCell } from "./phone-cell.ts";

export type Problem = CellFault & {
  readonly row: number;
  /** Of importFields. */
  readonly field: string;
};

type Reference = { readonly source: string; readonly id: string };

export type Draft = {
  readonly kind: ImportKind;
  /** Tells it from any other of its kind in the file, and stays the same from one run to the next. */
  readonly key: string;
  /** Dispatch's own id, where the file has it. */
  readonly id: string | null;
  /** As it is kept in Dispatch; null where the file has Dispatch's own id and nothing else. */
  readonly ref: Reference | null;
  /** Whether the file names it and says no more: what is on the desk under that name is meant. */
  readonly onlyNamed: boolean;
  readonly name: string;
  /** As the contract has them, but for what it belongs to. */
  readonly fields: Readonly<Record<string, CellValue>>;
};

export type RowDrafts = {
  readonly row: number;
  readonly drafts: Readonly<Partial<Record<ImportKind, Draft>>>;
  /** What keeps the row from being used. */
  readonly refused: readonly Problem[];
  /** What of it is left out. */
  readonly notes: readonly Problem[];
};

export type DraftOptions = {
  /** The kind that each row must have one of. */
  readonly kind: ImportKind;
  readonly source: string;
  /** In which country a phone number is read where the row names none. */
  readonly phoneRegion: (country: string | null) => string;
};

/** A field with the cells that are mapped to it, in the order of their columns. */
export type FieldCells = ReadonlyMap<string, readonly string[]>;

type Values = Map<string, CellValue>;

/** @param cells those of the row that are not empty */
export function draftsOf(row: number, cells: FieldCells, options: DraftOptions): RowDrafts {
  const refused: Problem[] = [];
  const notes: Problem[] = [];
  const values: Values = new Map();
  for (const [name, texts] of cells) {
    const field = importFieldNamed(name);
    if (!field || field.reading === "phone") continue;
    const read = readCell(joined(field, texts), field.reading);
    // A street of several lines has the building or floor below it.
    if (name === "site.address1" && "value" in read && !cells.has("site.address2")) {
      const [street = "", ...below] = String(read.value).split(/\s*\n\s*/);
      values.set(name, street);
      if (below.length > 0) values.set("site.address2", below.join(", "));
      continue;
    }
    if ("fault" in read) refused.push({ row, field: name, ...read.fault });
    else if (name.endsWith(".id") && idFrom(String(read.value)) === null)
      refused.push({ row, field: name, rule: "uuid", message: `${JSON.stringify(read.value)} is no id of Dispatch` });
    else
      values.set(
        name,
        typeof read.value === "string" && !manyLined.has(name) ? read.value.replaceAll(/\s*\n\s*/g, ", ") : read.value,
      );
  }
  readPhones(row, cells, values, options, { refused, notes });
  readEmails(row, values, notes);
  fillIn(values, options.kind);
  const drafts = new RowKeys(values, options).drafts();
  for (const [missing, message] of missingIn(drafts, options.kind))
    refused.push({ row, field: missing, rule: "required", message });
  return { row, drafts, refused, notes };
}

/** Several columns of one field: lines of an address and notes are all kept, of anything else the first. */
const manyLined: ReadonlySet<string> = new Set([
  "account.notes",
  "asset.notes",
  "account.billing_address",
  "site.access_instructions",
]);
const joined = ({ name }: ImportField, texts: readonly string[]): string =>
  name === "contact.email" ? texts.join(";") : manyLined.has(name) ? texts.join("\n") : (texts[0] ?? "");

type Problems = { readonly refused: Problem[]; readonly notes: Problem[] };

function readPhones(
  row: number,
  cells: FieldCells,
  values: Values,
  { phoneRegion }: DraftOptions,
  { refused, notes }: Problems,
): void {
  const field = "contact.phone";
  const texts = cells.get(field);
  if (!texts) return;
  const region = phoneRegion(textIn(values, "site.country"));
  const { phone, valid, others } = readPhoneCell(texts.join("; "), region);
  if (phone === null) {
    refused.push({
      row,
      field,
      rule: "phone",
      message: `${JSON.stringify(texts.join("; ").slice(0, 60))} holds no phone number`,
    });
    return;
  }
  values.set(field, phone);
  if (!valid)
    notes.push({
      row,
      field,
      rule: "phone",
      message: `${phone} is no valid number of ${region}; kept as it is written`,
    });
  const numbers = new Set(others.filter((other) => other !== phone));
  if (numbers.size > 0)
    notes.push({ row, field, rule: "one-number", message: `${phone} is kept; left out: ${[...numbers].join(", ")}` });
}

function readEmails(row: number, values: Values, notes: Problem[]): void {
  const field = "contact.email";
  const [first, ...others] = (textIn(values, field) ?? "")
    .split(/\s*(?:[;,\n]|:::)\s*/)
    .filter((email) => email !== "");
  if (first === undefined) return;
  values.set(field, first);
  const left = [...new Set(others)].filter((other) => other.toLowerCase() !== first.toLowerCase());
  if (left.length > 0)
    notes.push({ row, field, rule: "one-address", message: `${first} is kept; left out: ${left.join(", ")}` });
}

const textIn = (values: Values, name: string): string | null => {
  const value = values.get(name);
  return typeof value === "string" && value !== "" ? value : null;
};

const listOf = (values: Values, names: readonly string[], between: string): string =>
  names.flatMap((name) => textIn(values, name) ?? []).join(between);

/** Names that a row leaves to be understood. */
function fillIn(values: Values, kind: ImportKind): void {
  const set = (name: string, value: string | null) => {
    if (value !== null && value !== "" && !values.has(name)) values.set(name, value);
  };
  set("contact.name", listOf(values, ["contact.first_name", "contact.last_name"], " "));
  // A household is its own customer.
  if (!["account.id", "account.external_id"].some((name) => values.has(name)))
    set("account.name", textIn(values, "contact.name"));
  if (values.has("contact.phone") || values.has("contact.email")) set("contact.name", textIn(values, "account.name"));
  const hasPlace = ["site.address1", "site.city", "site.postal_code"].some((name) => values.has(name));
  if (hasPlace || kind === "site")
    set("site.name", textIn(values, "site.address1") ?? (hasPlace ? textIn(values, "account.name") : null));
  if (kind === "asset" || values.has("asset.serial"))
    set(
      "asset.name",
      listOf(values, ["asset.make", "asset.model"], " ") ||
        (textIn(values, "asset.kind") ?? textIn(values, "asset.serial")),
    );
  const town = listOf(values, ["account.billing_postal_code", "account.billing_city"], " ");
  const region = textIn(values, "account.billing_region");
  const lines = [
    ...["account.billing_address", "account.billing_street", "account.billing_street2"].flatMap(
      (name) => textIn(values, name) ?? [],
    ),
    ...[[town, region].filter(Boolean).join(", ")].filter(Boolean),
    ...["account.billing_country"].flatMap((name) => textIn(values, name) ?? []),
  ];
  if (lines.length > 0) values.set("account.billing_address", lines.join("\n"));
}

/** How the contract calls what has another place there. */
const nested: Readonly<Record<string, readonly [outer: string, inner: string]>> = {
  "account.billing_name": ["billing", "name"],
  "account.billing_email": ["billing", "email"],
  "account.billing_address": ["billing", "address"],
  "account.purchase_order_required": ["billing", "purchase_order_required"],
  "contact.notify_sms": ["notify", "sms"],
  "contact.notify_email": ["notify", "email"],
};
/** What is no field of the contract: it has gone into others. */
const consumed: ReadonlySet<string> = new Set([
  ...importKinds.flatMap((kind) => [`${kind}.id`, `${kind}.external_source`, `${kind}.external_id`]),
  ...["street", "street2", "city", "region", "postal_code", "country"].map((part) => `account.billing_${part}`),
  "contact.first_name",
  "contact.last_name",
]);

/** By a field of the contract, as its violations name it, the field of an import. */
export const importFieldAt = (kind: ImportKind, path: string): string => {
  const [outer = "", inner] = path.split(/[./]/);
  const known = Object.entries(nested).find(
    ([name, place]) => name.startsWith(`${kind}.`) && place[0] === outer && place[1] === inner,
  );
  if (known) return known[0];
  if (outer === "account_id" || outer === "site_id")
    return outer === `${kind}_id` ? `${kind}.id` : `${outer.slice(0, -3)}.name`;
  return outer === "external_ref" ? `${kind}.external_id` : `${kind}.${outer}`;
};

/** The keys of a row's records, which build on each other: a place is one of a customer. */
class RowKeys {
  readonly #values: Values;
  readonly #options: DraftOptions;

  constructor(values: Values, options: DraftOptions) {
    this.#values = values;
    this.#options = options;
  }

  drafts(): RowDrafts["drafts"] {
    const account = this.#draft("account", this.#accountIdentity(), this.#isOnlyNamed("account"));
    const of = account?.key ?? "";
    const site = this.#draft("site", [of, ...this.#siteIdentity()], this.#isOnlyNamed("site"));
    const at = [of, site?.key ?? ""];
    const contact = this.#draft("contact", [...at, this.#plain("contact.name")], false);
    const asset = this.#draft("asset", [...at, this.#plain("asset.serial") || this.#plain("asset.name")], false);
    return { ...(account && { account }), ...(site && { site }), ...(contact && { contact }), ...(asset && { asset }) };
  }

  #draft(kind: ImportKind, identity: readonly string[], onlyNamed: boolean): Draft | null {
    const own = [...this.#values].filter(([name]) => name.startsWith(`${kind}.`));
    const id = textIn(this.#values, `${kind}.id`);
    const external = textIn(this.#values, `${kind}.external_id`);
    const name = textIn(this.#values, `${kind}.name`) ?? "";
    if (own.length === 0 || (name === "" && id === null && external === null)) return null;
    const source = textIn(this.#values, `${kind}.external_source`) ?? this.#options.source;
    const ref =
      external === null ? (id === null ? rowReference(source, kind, identity) : null) : { source, id: external };
    const key = id === null ? `${ref?.source}\n${ref?.id}` : id.toLowerCase();
    return { kind, key, id: id && id.toLowerCase(), ref, onlyNamed, name, fields: fieldsOf(own) };
  }

  /** A company is its name; a person's name is many people's, so what else tells them apart counts. */
  #accountIdentity(): string[] {
    const name = this.#plain("account.name");
    if (name === "" || name !== this.#plain("contact.name")) return [name];
    const [phone = ""] = numbersIn(textIn(this.#values, "contact.phone") ?? "");
    const email = this.#plain("contact.email");
    return [name, email || phone.replaceAll(/\D/g, "") || this.#siteIdentity().join("|")];
  }

  #siteIdentity(): string[] {
    const street = this.#plain("site.address1");
    const rest = ["site.address2", "site.postal_code", "site.city"].map((name) => this.#plain(name));
    return street === "" ? [this.#plain("site.name"), ...rest] : [street, ...rest];
  }

  /** By its name, or by Dispatch's own id; what another system says of its own it may say anew. */
  #isOnlyNamed(kind: ImportKind): boolean {
    if (this.#options.kind === kind) return false;
    const names = [`${kind}.name`, `${kind}.id`];
    return [...this.#values.keys()].every((name) => !name.startsWith(`${kind}.`) || names.includes(name));
  }

  #plain(name: string): string {
    return (textIn(this.#values, name) ?? "").normalize("NFKC").toLowerCase().replaceAll(/\s+/g, " ").trim();
  }
}

/** What a file gives no id: found again by what it is, under a source of its own. */
const rowReference = (source: string, kind: ImportKind, identity: readonly string[]): Reference => ({
  source: `${source} rows`,
  id: `${kind}-${canonicalSha256(identity).slice(0, 32)}`,
});

function fieldsOf(values: readonly (readonly [name: string, value: CellValue])[]): Record<string, CellValue> {
  const fields: Record<string, CellValue> = {};
  const inner = new Map<string, Record<string, CellValue>>();
  for (const [name, value] of values) {
    if (consumed.has(name)) continue;
    const [outer, at] = nested[name] ?? [];
    if (outer === undefined || at === undefined) fields[name.slice(name.indexOf(".") + 1)] = value;
    else inner.set(outer, { ...inner.get(outer), [at]: value });
  }
  return { ...fields, ...Object.fromEntries(inner) };
}

function missingIn(drafts: RowDrafts["drafts"], kind: ImportKind): [field: string, message: string][] {
  const missing: [string, string][] = [];
  if (!drafts[kind]) missing.push([`${kind}.name`, `is required: the row names no ${kind}`]);
  else if (kind !== "account" && !drafts.account && drafts[kind].id === null)
    missing.push(["account.name", `is required: the row does not say whose ${kind} it is`]);
  if (drafts.asset && !drafts.site && drafts.asset.id === null)
    missing.push(["site.name", "is required: the row does not say where the asset is"]);
  return missing;
}
