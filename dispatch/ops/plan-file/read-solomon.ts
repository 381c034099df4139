// The classical VRPTW text format (Solomon; Gehring & Homberger use it too) as a problem of ours: least distance, identical
// technicians at the depot, every customer served.

import type { Problem, Rounding } from "../../planner/problem.ts";
import { CommandFailure } from "../../process/command-line.ts";

/** @throws CommandFailure naming what the text lacks */
export function readSolomon(text: string, rounding: Rounding): Problem {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const numbers = lines
    .filter((line) => /^[-\d.]+(\s+[-\d.]+)*$/.test(line))
    .map((line) => line.split(/\s+/).map(Number));
  const [fleet, depot, ...customers] = numbers;
  const [name = ""] = lines;
  if (fleet?.length !== 2 || depot?.length !== 7 || customers.some(({ length }) => length !== 7)) {
    throw new CommandFailure(
      `${name || "the file"} is not in Solomon's format: a name, "VEHICLE" with number and capacity, then seven numbers per customer`,
    );
  }
  const [vehicles = 0, capacity = 0] = fleet;
  const [, x = 0, y = 0, , from = 0, to = 0] = depot;
  return {
    schema: "dispatch.schedule.problem/1",
    name,
    objective: "distance",
    unservedPenalty: null,
    travel: { kind: "euclidean", speed: 1, rounding },
    technicians: Array.from({ length: vehicles }, (_, i) => ({
      id: `vehicle-${i + 1}`,
      start: { x, y },
      end: { x, y },
      shift: { from, to },
      skills: [],
      tools: [],
      parts: {},
      capacity,
    })),
    visits: customers.map(([id = 0, cx = 0, cy = 0, demand = 0, ready = 0, due = 0, service = 0]) => ({
      id: String(id),
      at: { x: cx, y: cy },
      duration: service,
      windows: [[ready, due]],
      skills: [],
      tools: [],
      parts: {},
      demand,
    })),
  };
}
