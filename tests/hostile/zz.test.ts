import { test } from "node:test";
import { startAttackedApi } from "./attacked-api.ts";
import { ticketIn } from "../support/ticket-builder.ts";
test("x", async (t) => {
  const api = await startAttackedApi(t, "pilot");
  const { id } = await ticketIn(api.front, "SCHEDULED");
  for (const [start, end] of [["2026-12-01T00:00:00Z","2026-12-02T00:00:00Z"],["2026-01-01T00:00:00Z","2027-01-01T00:00:00Z"],["2026-01-01T00:00:00Z","2036-01-01T00:00:00Z"],["1900-01-01T00:00:00Z","9000-01-01T00:00:00Z"]]) {
    const from = performance.now();
    const r = await api.front.call("assignment.recommend", { ticket: id, body: { service_type: "DEFAULT", preferred_window: { start, end } } });
    console.log(start, end, r.status, Math.round(performance.now() - from), r.text.slice(0, 300));
  }
});
