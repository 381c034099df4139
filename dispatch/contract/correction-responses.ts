// What corrections and additions answer with.

import { answeredId, oneOf, Type } from "./fields.ts";
import type { TicketId } from "./ids.ts";

export { ticket } from "./responses.ts";

export const note = Type.Object({
  ticket_id: answeredId<TicketId>(),
  text: Type.String(),
  visibility: oneOf(["internal", "customer"]),
  created_by: Type.String(),
  created_at: Type.String({ format: "date-time" }),
});
