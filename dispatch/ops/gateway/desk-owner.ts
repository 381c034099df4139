// Whom the demo's dashboard and its tool calls speak for: Dana, who runs the whole desk of the demo and may act in every
// role of its story.

import { demoTechnicianId } from "../bootstrap/demo-rows.ts";
import type { GrantedPerson } from "./granted-person.ts";

export const deskOwner: GrantedPerson = {
  actor: "dana",
  roles: ["dispatcher", "agent", "tech", "qa", "approver", "finance"],
  accounts: ["*"],
  sites: ["*"],
  // In the role tech she speaks for Ana Alvarez, and for nobody else.
  techId: demoTechnicianId,
};
