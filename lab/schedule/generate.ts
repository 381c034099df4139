// Made-up problems, the same for the same seed: delivery-like ones with capacities and windows, and technicians' days with
// skills, tools, parts and a depot. What the planner is tuned on and compared with greedy on; nothing here is a known instance.

import type { Problem, Technician, Visit } from "../../dispatch/planner/problem.ts";
import { Random } from "../../dispatch/planner/random.ts";

export type DeliveryShape = {
  readonly customers: number;
  readonly spread: "random" | "clustered" | "mixed";
  /** Short days hold about ten stops per route, long ones thirty and more. */
  readonly day: "short" | "long";
  /** Mean width of the windows, as a share of the day. */
  readonly windowShare: number;
  /** Share of customers that have a window at all. */
  readonly windowed: number;
};

/** A vehicle-routing problem with time windows: least distance, everybody served. */
export function generateDeliveries(seed: number, shape: DeliveryShape): Problem {
  const random = new Random(seed);
  const day = shape.day === "short" ? 240 : 1000;
  const capacity = shape.day === "short" ? 200 : 1000;
  const points = places(random, shape.customers, shape.spread);
  const visits = points.map(({ x, y }, i): Visit => {
    const home = Math.hypot(x - 50, y - 50);
    const windowed = random.fraction() < shape.windowed;
    const width = Math.max(10, Math.round(day * shape.windowShare * (0.6 + 0.8 * random.fraction())));
    const earliest = Math.ceil(home);
    const latest = Math.floor(day - home - 10);
    const middle = earliest + Math.floor(random.fraction() * Math.max(1, latest - earliest));
    const from = windowed ? Math.max(earliest, middle - Math.floor(width / 2)) : 0;
    const to = windowed ? Math.max(from, Math.min(latest, middle + Math.floor(width / 2))) : latest;
    return { id: `c${i + 1}`, at: { x, y }, duration: 10, windows: [[from, to]], demand: 5 + random.below(26) };
  });
  return {
    schema: "dispatch.schedule.problem/1",
    name: `deliveries ${shape.customers} ${shape.spread} ${shape.day} ${shape.windowShare}/${shape.windowed} #${seed}`,
    objective: "distance",
    unservedPenalty: null,
    travel: { kind: "euclidean", rounding: { mode: "floor", decimals: 1 } },
    technicians: Array.from({ length: Math.max(5, Math.ceil(shape.customers / 4)) }, (_, i) => ({
      id: `v${i + 1}`,
      start: { x: 50, y: 50 },
      shift: { from: 0, to: day },
      capacity,
    })),
    visits,
  };
}

export type DayShape = {
  readonly technicians: number;
  readonly visits: number;
  /** "cost" of a day with priorities and unserved visits, or shortest duration with everybody served. */
  readonly aim: "desk" | "duration";
};

const skills = ["doors", "glazing", "locks", "access", "hydraulics"];
const tools = ["lift", "welder", "suction", "borescope", "press"];
const parts = ["closer", "hinge", "pane", "cylinder", "operator"];

/** A day of field service: minutes and kilometres, homes spread over the town, one depot. */
export function generateDay(seed: number, { technicians, visits, aim }: DayShape): Problem {
  const random = new Random(seed);
  const homes = places(random, technicians, "random");
  const sites = places(random, visits, "mixed");
  return {
    schema: "dispatch.schedule.problem/1",
    name: `day ${technicians}x${visits} ${aim} #${seed}`,
    objective: "cost",
    weights:
      aim === "desk" ? { distance: 1, duration: 0.5, technician: 20 } : { distance: 0, duration: 1, technician: 0 },
    unservedPenalty: aim === "desk" ? 300 : null,
    travel: { kind: "euclidean", speed: 0.8 },
    technicians: homes.map((start, i) => technicianOf(random, `t${i + 1}`, start, aim)),
    visits: sites.map((at, i) => visitOf(random, `w${i + 1}`, at, aim)),
    depot: { at: { x: 50, y: 50 }, duration: 10, window: [0, 600], restock: { tools: "all", parts: "unlimited" } },
  };
}

function technicianOf(random: Random, id: string, start: { x: number; y: number }, aim: DayShape["aim"]): Technician {
  const from = aim === "desk" ? random.below(3) * 60 : 0;
  return {
    id,
    start,
    shift: { from, to: from + (aim === "desk" ? 540 : 600) },
    skills: some(random, skills, 0.6),
    tools: some(random, tools, 0.6),
    parts: Object.fromEntries(parts.map((part) => [part, random.below(4)])),
  };
}

function visitOf(random: Random, id: string, at: { x: number; y: number }, aim: DayShape["aim"]): Visit {
  const width = [60, 120, 240, 600][random.below(4)] ?? 600;
  const from = random.below(Math.max(1, 540 - width));
  return {
    id,
    at,
    duration: 15 + 5 * random.below(aim === "desk" ? 12 : 6),
    windows: [[from, Math.min(600, from + width)]],
    skills: random.fraction() < 0.7 ? [skills[random.below(skills.length)] ?? ""] : [],
    tools: random.fraction() < 0.3 ? [tools[random.below(tools.length)] ?? ""] : [],
    parts: random.fraction() < 0.5 ? { [parts[random.below(parts.length)] ?? ""]: 1 + random.below(2) } : {},
    priority: 1 + random.below(5),
  };
}

const some = (random: Random, names: readonly string[], chance: number): string[] => {
  const chosen = names.filter(() => random.fraction() < chance);
  return chosen.length > 0 ? chosen : names.slice(0, 1);
};

function places(random: Random, count: number, spread: DeliveryShape["spread"]): { x: number; y: number }[] {
  const centres = Array.from({ length: Math.max(2, Math.round(count / 12)) }, () => ({
    x: 10 + random.below(81),
    y: 10 + random.below(81),
  }));
  return Array.from({ length: count }, (_, i) => {
    const clustered = spread === "clustered" || (spread === "mixed" && i % 2 === 0);
    const centre = centres[random.below(centres.length)];
    if (!clustered || !centre) return { x: random.below(101), y: random.below(101) };
    return { x: centre.x + random.below(11) - 5, y: centre.y + random.below(11) - 5 };
  });
}
