// The people who write to the bot of the tests.

import { demoTechnicianId } from "../../../dispatch/ops/bootstrap/demo-rows.ts";
import type { ChannelPerson } from "../../../dispatch/ops/gateway/granted-person.ts";

export const dana = 1001;
export const ana = 1002;
export const stranger = 1003;
const everywhere = { accounts: ["*"], sites: ["*"] };

/** Whom the desk knows of those who write to the bot. */
export const peopleOnTelegram: readonly ChannelPerson[] = [
  { channel: "telegram", senderId: String(dana), actor: "dana", roles: ["dispatcher"], ...everywhere },
  {
    channel: "telegram",
    senderId: String(ana),
    actor: "ana",
    roles: ["tech"],
    techId: demoTechnicianId,
    ...everywhere,
  },
];
