// roster.list: who there is, when they work, and who takes no new work.

import { deskQuery } from "../kernel/answer-query.ts";
import { selectTechnicians } from "./technicians.ts";

const normalLimit = 200;

export const rosterList = deskQuery("roster.list", async ({ desk, input, now }) => {
  const { tech_id = null, zone = null, skill = null, status = null, limit = normalLimit } = input;
  return {
    technicians: await desk.db.rows(selectTechnicians, [tech_id, now, zone, skill, status, limit]),
    generated_at: now,
  };
});
