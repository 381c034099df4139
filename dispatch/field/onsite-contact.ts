// Whom to ask for on site, as SQL: the contact the ticket names, else of the site's own first who may ask for work, then by
// escalation level, then the oldest. Who was put away is nobody's contact any more, but for the ticket that names them.

/**
 * @param site the site's id, as SQL
 * @param contact the id of the contact the ticket names, as SQL; null where it names none
 * @returns an expression with name, phone and role as JSON; null where nobody is on record
 */
export const onsiteContact = (site: string, contact: string): string => `(
  SELECT jsonb_build_object('name', c.name, 'phone', c.phone, 'role', c.role)
  FROM contacts c WHERE c.id = ${contact} OR (c.site_id = ${site} AND c.archived_at IS NULL)
  ORDER BY c.id = ${contact} DESC NULLS LAST, c.is_authorized_requester DESC, c.escalation_level NULLS LAST, c.created_at, c.id
  LIMIT 1)`;

export type OnsiteContact = { name: string; phone: string | null; role: string | null };

type Person = { readonly name: string; readonly phone: string | null };
type Called = { readonly customer_name: string | null; readonly customer_phone: string | null };

/** Whom to call: the contact, else who called; of the two the one whose number is known. */
export function whomToCall<C extends Person>(contact: C | null, called: Called): C | Person | null {
  const { customer_name: name, customer_phone: phone } = called;
  if (contact !== null && (contact.phone !== null || phone === null)) return contact;
  if (name !== null) return { name, phone };
  return contact && { ...contact, phone };
}
