// The values that the contract's examples share. The ids exist nowhere: whoever copies one is told so, and no real site
// gets a ticket that was meant for another.

import {
  knownId,
  type AccountId,
  type ApprovalId,
  type RoomId,
  type SiteId,
  type SnapshotId,
  type TechnicianId,
} from "./ids.ts";

export const account = knownId<AccountId>("4b1f0c52-7d3e-4c8a-9e61-2f5a8d90c3b7");
export const site = knownId<SiteId>("c9a2e6d4-15f8-4b07-8c3d-6e71b0f2a948");
export const technician = knownId<TechnicianId>("8e5d3b1a-92c6-4f70-a1d8-0b7c4e6f2935");
export const approval = knownId<ApprovalId>("f03a7c8e-64b1-4d25-b9e0-5c1d8a2f7e46");
export const room = knownId<RoomId>("d41a7b90-5c2e-4f86-9a13-7e08c6f2b5d1");
export const hold = "27d9e4b0-3a5c-4e81-9f62-d8b1c7a0e5f3";
export const snapshot = knownId<SnapshotId>("5c80f1d7-e2b9-4a36-8d04-71f6e3c9b2a5");
export const sha256 = "9f2c6b1e0d4a8375c1e6f0b29d7a4e583c8b6d1f7205e9a4b3c86d0f1e72a594";

export const time = {
  dayStart: "2026-11-23T08:00:00-08:00",
  start: "2026-11-23T09:00:00-08:00",
  end: "2026-11-23T11:00:00-08:00",
  afterwards: "2026-11-23T12:00:00-08:00",
  dayEnd: "2026-11-23T18:00:00-08:00",
} as const;
