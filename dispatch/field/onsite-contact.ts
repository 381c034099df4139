// Whom to ask for on site, as SQL: the contact the ticket names, else of the site's own first who may ask for work, then by
// escalation level, then the oldest.

/**
 * @param site the site's id, as SQL
 * @param contact the id of the contact the ticket names, as SQL; null where it names none
 * @returns an expression with name, phone and role as JSON; null where nobody is on record
 */
export const onsiteContact = (site: string, contact: string): string => `(
  SELECT jsonb_build_object('name', c.name, 'phone', c.phone, 'role', c.role)
  FROM contacts c WHERE c.site_id = ${site} OR c.id = ${contact}
  ORDER BY c.id = ${contact} DESC NULLS LAST, c.is_authorized_requester DESC, c.escalation_level NULLS LAST, c.created_at, c.id
  LIMIT 1)`;

export type OnsiteContact = { name: string; phone: string | null; role: string | null };
