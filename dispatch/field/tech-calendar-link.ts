// tech.calendar_link: makes the secret address of a technician's calendar, or ends it. It is in this answer and nowhere else.

import { deskCommand } from "../kernel/desk-chain.ts";
import { Refusal } from "../kernel/refusal.ts";
import { lockAndReadTechnician, requireTechnician } from "../workforce/technicians.ts";
import {
  calendarHash,
  calendarPath,
  endCalendarLink,
  newCalendarSecret,
  replaceCalendarLink,
  selectCalendarLink,
} from "./calendar-link.ts";

export const techCalendarLink = deskCommand({
  name: "tech.calendar_link",
  async load(tx, { ids: { technicianId }, clockTime }) {
    const [known, link] = await Promise.all([
      lockAndReadTechnician(tx, technicianId, clockTime),
      tx.row(selectCalendarLink, [technicianId]),
    ]);
    return { known, link };
  },
  decide({ desk: { settings }, ids: { technicianId }, input, now }, { known, link }) {
    const { id, active } = requireTechnician(known, technicianId);
    const isWithdrawn = input.withdraw === true;
    if (!active && !isWithdrawn) throw new Refusal("TECH_UNAVAILABLE", { tech_id: id, reason: "INACTIVE" });
    const secret = isWithdrawn ? null : newCalendarSecret();
    const base = settings.apiPublicUrl ?? `http://${settings.apiHost}:${settings.apiPort}`;
    return {
      payload: { technician_id: id, withdrawn: isWithdrawn, ended_previous: link !== null },
      write: (tx) => [
        secret === null ? tx.row(endCalendarLink, [id]) : tx.row(replaceCalendarLink, [id, calendarHash(secret), now]),
      ],
      body: () => ({
        technician_id: id,
        url: secret === null ? null : new URL(calendarPath(secret), base).href,
        made_at: secret === null ? null : now,
        ended_previous: link !== null,
      }),
      kept: (body) => ({ ...body, url: null }),
    };
  },
});
