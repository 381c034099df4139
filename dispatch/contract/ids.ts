// Ids that know their noun, so that a technician's id where a ticket's is wanted does not compile. In memory, in JSON and in
// Postgres they are plain texts. A text becomes such an id in four places only: in a request's fields (fields.ts), in a path,
// in idFrom below, and where an id is made (kernel/clock.ts); rows of statements are declared with them.

export const uuidPattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

const numberPattern = "^[Tt]-[0-9]{1,15}$";
/** How a request names a ticket: by its id, or by its number as people say it. The API puts the id in a number's place. */
export const ticketIdPattern = `${uuidPattern}|${numberPattern}`;

/** How a request names a room: by its id, its name or an alias; a control room by the name that its owner gives it. */
export const roomRefPattern = "^[^\\p{Cc}\\p{Cs}/]{1,250}$";

/** Exists for the compiler alone. */
declare const noun: unique symbol;

export type Id<Noun extends string = string> = string & { readonly [noun]: Noun };

// A noun is here when its id is handed from function to function, beside other ids. What is made, kept and told by one
// command (bookings, holds, invoices, evidence, uploads) has texts for ids.
export type TicketId = Id<"ticket">;
export type TechnicianId = Id<"technician">;
/** The firm a technician belongs to. */
export type ProviderId = Id<"provider">;
export type AccountId = Id<"account">;
export type SiteId = Id<"site">;
export type PlanId = Id<"plan">;
export type TaskId = Id<"task">;
/** Where a worker sits and can be told something. */
export type RoomId = Id<"room">;
/** One thing told to a room, however often it is sent. */
export type PushId = Id<"push">;
export type ApprovalId = Id<"approval">;
/** A recommendation as it was given. */
export type SnapshotId = Id<"snapshot">;
/** Of an audit event, whose receipt is read back by the same id. */
export type ReceiptId = Id<"receipt">;

/** The ids of paths by the names the paths give them; under any other name stands a text. */
type NamedInPaths = {
  readonly ticketId: TicketId;
  readonly technicianId: TechnicianId;
  readonly planId: PlanId;
  readonly taskId: TaskId;
  readonly roomId: RoomId;
  readonly pushId: PushId;
  readonly receiptId: ReceiptId;
  readonly accountId: AccountId;
  readonly siteId: SiteId;
};
export type IdInPath<Name extends string> = Name extends keyof NamedInPaths ? NamedInPaths[Name] : string;

/** A text that is no noun's id yet: what is a ticket's already is not made a technician's. */
type Text = string & { readonly [noun]?: never };

const uuid = new RegExp(uuidPattern);

/** The id that a text from outside is, in lower case; null when it is none. */
export const idFrom = <I extends Id>(text: Text): I | null => (uuid.test(text) ? (text.toLowerCase() as I) : null);

/**
 * As idFrom, where anything else is a mistake of ours.
 * @throws RangeError
 */
export function knownId<I extends Id>(text: Text): I {
  const id = idFrom<I>(text);
  if (id === null) throw new RangeError(`no id: ${text}`);
  return id;
}

const ticketNumber = new RegExp(numberPattern);

/** A ticket's number as the database keeps it, of one written in any case and with any zeros; null when it is none. */
export function ticketNumberFrom(text: string): string | null {
  const written = text.trim();
  if (!ticketNumber.test(written)) return null;
  return `T-${written.slice(2).replace(/^0+/, "").padStart(6, "0")}`;
}
