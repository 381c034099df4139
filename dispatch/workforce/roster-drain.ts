// roster.drain and roster.undrain: stop and resume new work for a technician; what is booked stays.

import type { TechnicianId } from "../contract/ids.ts";
import type { TechnicianBody } from "../contract/roster-responses.ts";
import { deskCommand } from "../kernel/desk-chain.ts";
import type { Session } from "../db/pool.ts";
import { lockAndReadTechnician, requireTechnician, updateDrain } from "./technicians.ts";

type Known = { readonly ids: { readonly technicianId: TechnicianId }; readonly clockTime: string };

const load = (tx: Session, { ids: { technicianId }, clockTime }: Known) =>
  lockAndReadTechnician(tx, technicianId, clockTime);

function decided(
  known: TechnicianBody | null,
  technicianId: TechnicianId,
  drained: Pick<TechnicianBody, "drained_at" | "drain_reason">,
  reason: string | null,
  signedOff: boolean | null,
) {
  const before = requireTechnician(known, technicianId);
  const technician = { ...before, ...drained };
  return {
    payload: {
      technician_id: technician.id,
      reason,
      previous_drained_at: before.drained_at,
      drained_at: technician.drained_at,
    },
    write: (tx: Session) => [
      tx.row(updateDrain, [technician.id, technician.drained_at, technician.drain_reason, signedOff]),
    ],
    body: () => ({ technician }),
  };
}

export const rosterDrain = deskCommand({
  name: "roster.drain",
  load,
  decide: ({ ids: { technicianId }, input, now }, known: TechnicianBody | null) =>
    decided(
      known,
      technicianId,
      { drained_at: known?.drained_at ?? now, drain_reason: input.reason },
      input.reason,
      // Who is signed off stays so.
      null,
    ),
});

export const rosterUndrain = deskCommand({
  name: "roster.undrain",
  load,
  decide: ({ ids: { technicianId }, input }, known: TechnicianBody | null) =>
    decided(known, technicianId, { drained_at: null, drain_reason: null }, input.reason ?? null, false),
});
