// The solver's routes: each is a row of nodes, start and end included, with what constant-time insertion tests need to know
// about every position. There are twice as many rows as technicians, so that a change can be tried beside what it replaces.

import { int, num } from "./arrays.ts";
import { backwardByCalendar, forwardByCalendar } from "./calendar-times.ts";
import type { Compiled } from "./compiled.ts";
import { backwardPlain, durationsAfter, durationsBefore, forwardPlain } from "./plain-times.ts";
import { allKept, type RowTimes } from "./row-times.ts";
import { Timetable } from "./timetable.ts";

export class Routes implements RowTimes {
  readonly compiled: Compiled;
  readonly timetable: Timetable;
  readonly stride: number;
  readonly node: Int32Array;
  readonly leave: Float64Array;
  readonly latest: Float64Array;
  /** Length of the leg to the next position; 0 in an unused row, which costs nothing. */
  readonly leg: Float64Array;
  readonly before: Float64Array;
  readonly beforeLatest: Float64Array;
  readonly after: Float64Array;
  readonly afterEarliest: Float64Array;
  readonly length: Int32Array;
  readonly cost: Float64Array;
  readonly duration: Float64Array;
  /** Driving and service alone, without waiting: no schedule of the row is shorter. */
  readonly busy: Float64Array;
  readonly load: Float64Array;
  /** By row: position of the call at the depot, 0 for none. */
  readonly callAt: Int32Array;
  /** [row * partKinds + kind]: parts used before the call, or at all without one. */
  readonly partsUsed: Float64Array;
  /** Changes whenever the row does; what was computed under a stamp holds while the stamp stands. */
  readonly stamp: Float64Array;
  #stamps = 0;

  constructor(compiled: Compiled) {
    const rows = 2 * compiled.technicians;
    this.compiled = compiled;
    this.timetable = new Timetable(compiled);
    this.stride = compiled.visits + 3;
    const positions = rows * this.stride;
    this.node = new Int32Array(positions);
    this.leave = new Float64Array(positions);
    this.latest = new Float64Array(positions);
    this.leg = new Float64Array(positions);
    const durations = compiled.weights.duration > 0 && compiled.plainTime ? positions : 0;
    this.before = new Float64Array(durations);
    this.beforeLatest = new Float64Array(durations);
    this.after = new Float64Array(durations);
    this.afterEarliest = new Float64Array(durations);
    this.length = new Int32Array(rows);
    this.cost = new Float64Array(rows);
    this.duration = new Float64Array(rows);
    this.busy = new Float64Array(rows);
    this.load = new Float64Array(rows);
    this.callAt = new Int32Array(rows);
    this.partsUsed = new Float64Array(rows * compiled.partKinds);
    this.stamp = new Float64Array(rows);
  }

  /** Puts a node after the position `gap`. The row must be measured before it is read again. */
  insert(row: number, gap: number, node: number): void {
    const base = row * this.stride;
    const length = int(this.length, row);
    for (let i = base + length; i > base + gap + 1; i--) this.node[i] = int(this.node, i - 1);
    this.node[base + gap + 1] = node;
    this.length[row] = length + 1;
  }

  /** Takes the node at a position out. The row must be measured before it is read again. */
  remove(row: number, position: number): void {
    const base = row * this.stride;
    const length = int(this.length, row) - 1;
    for (let i = base + position; i < base + length; i++) this.node[i] = int(this.node, i + 1);
    this.length[row] = length;
  }

  clear(row: number, technician: number): void {
    const base = row * this.stride;
    this.node[base] = int(this.compiled.startNode, technician);
    this.node[base + 1] = int(this.compiled.endNode, technician);
    this.length[row] = 2;
  }

  /** Makes row `to` the same as row `from`, measured if that is. */
  copy(from: number, to: number): void {
    const source = from * this.stride;
    const target = to * this.stride;
    const length = int(this.length, from);
    const durations = this.before.length > 0;
    for (let i = 0; i < length; i++) {
      this.node[target + i] = int(this.node, source + i);
      this.leave[target + i] = num(this.leave, source + i);
      this.latest[target + i] = num(this.latest, source + i);
      this.leg[target + i] = num(this.leg, source + i);
      if (!durations) continue;
      this.before[target + i] = num(this.before, source + i);
      this.beforeLatest[target + i] = num(this.beforeLatest, source + i);
      this.after[target + i] = num(this.after, source + i);
      this.afterEarliest[target + i] = num(this.afterEarliest, source + i);
    }
    this.length[to] = length;
    this.cost[to] = num(this.cost, from);
    this.duration[to] = num(this.duration, from);
    this.busy[to] = num(this.busy, from);
    this.load[to] = num(this.load, from);
    this.callAt[to] = int(this.callAt, from);
    const kinds = this.compiled.partKinds;
    for (let kind = 0; kind < kinds; kind++)
      this.partsUsed[to * kinds + kind] = num(this.partsUsed, from * kinds + kind);
  }

  /** Recomputes everything about a row. Answers allKept, or the first position whose time cannot be kept. */
  measure(row: number, technician: number): number {
    this.#stamps += 1;
    this.stamp[row] = this.#stamps;
    this.#measureStock(row);
    const late = this.compiled.plainTime
      ? forwardPlain(this, row, technician, 1, false)
      : forwardByCalendar(this, row, technician);
    if (late !== allKept) return late;
    if (this.compiled.plainTime) backwardPlain(this, row, technician, int(this.length, row) - 2, false);
    else backwardByCalendar(this, row, technician);
    this.#measureCost(row, technician);
    return allKept;
  }

  /** Puts a node after the position `gap` of a measured row and measures what changes. Answers as `measure` does. */
  insertMeasured(row: number, technician: number, gap: number, node: number): number {
    const c = this.compiled;
    if (!c.plainTime || node === c.call || int(this.callAt, row) > 0) {
      this.insert(row, gap, node);
      return this.measure(row, technician);
    }
    this.#stamps += 1;
    this.stamp[row] = this.#stamps;
    this.#shift(row, gap);
    this.node[row * this.stride + gap + 1] = node;
    this.length[row] = int(this.length, row) + 1;
    this.load[row] = num(this.load, row) + num(c.demand, node);
    for (let kind = 0; kind < c.partKinds; kind++) {
      this.partsUsed[row * c.partKinds + kind] =
        num(this.partsUsed, row * c.partKinds + kind) + num(c.partsNeeded, node * c.partKinds + kind);
    }
    const late = forwardPlain(this, row, technician, gap + 1, true);
    if (late !== allKept) return late;
    backwardPlain(this, row, technician, gap + 1, true);
    this.#costInserted(row, technician, gap);
    return allKept;
  }

  /** Makes room behind `gap` in all that is known by position. */
  #shift(row: number, gap: number): void {
    const base = row * this.stride;
    const durations = this.before.length > 0;
    for (let i = base + int(this.length, row); i > base + gap + 1; i--) {
      this.node[i] = int(this.node, i - 1);
      this.leave[i] = num(this.leave, i - 1);
      this.latest[i] = num(this.latest, i - 1);
      this.leg[i] = num(this.leg, i - 1);
      if (!durations) continue;
      this.before[i] = num(this.before, i - 1);
      this.beforeLatest[i] = num(this.beforeLatest, i - 1);
      this.after[i] = num(this.after, i - 1);
      this.afterEarliest[i] = num(this.afterEarliest, i - 1);
    }
    // No value that could be taken for unchanged.
    this.leave[base + gap + 1] = Number.NaN;
    this.latest[base + gap + 1] = Number.NaN;
  }

  #costInserted(row: number, technician: number, gap: number): void {
    const c = this.compiled;
    const base = row * this.stride;
    const length = int(this.length, row);
    const node = int(this.node, base + gap + 1);
    const toNode = num(c.distance.from, node * c.nodes + int(this.node, base + gap));
    const onward = num(c.distance.to, node * c.nodes + int(this.node, base + gap + 2));
    let cost = num(this.cost, row) + c.weights.distance * (toNode + onward - num(this.leg, base + gap));
    this.leg[base + gap] = toNode;
    this.leg[base + gap + 1] = onward;
    if (length === 3) cost += c.weights.technician;
    if (c.weights.duration > 0) {
      durationsBefore(this, row, technician, gap + 1);
      durationsAfter(this, row, technician, gap + 1);
      const duration = num(this.before, base + length - 1);
      cost += c.weights.duration * (duration - num(this.duration, row));
      this.busy[row] = num(this.busy, row) + this.#extraBusy(row, technician, gap);
      this.duration[row] = duration;
    }
    this.cost[row] = cost;
  }

  /** Load, place of the call, and parts used before it. */
  #measureStock(row: number): void {
    const c = this.compiled;
    const base = row * this.stride;
    const last = int(this.length, row) - 1;
    const kinds = c.partKinds;
    let load = 0;
    let call = 0;
    for (let kind = 0; kind < kinds; kind++) this.partsUsed[row * kinds + kind] = 0;
    for (let i = 1; i < last; i++) {
      const node = int(this.node, base + i);
      if (node === c.call) {
        call = i;
        continue;
      }
      load += num(c.demand, node);
      if (call > 0) continue;
      for (let kind = 0; kind < kinds; kind++) {
        this.partsUsed[row * kinds + kind] =
          num(this.partsUsed, row * kinds + kind) + num(c.partsNeeded, node * kinds + kind);
      }
    }
    this.load[row] = load;
    this.callAt[row] = call;
  }

  #measureCost(row: number, technician: number): void {
    const c = this.compiled;
    const base = row * this.stride;
    const last = int(this.length, row) - 1;
    let distance = 0;
    for (let i = 0; i < last; i++) {
      const leg =
        last === 1 ? 0 : num(c.distance.to, int(this.node, base + i) * c.nodes + int(this.node, base + i + 1));
      this.leg[base + i] = leg;
      distance += leg;
    }
    if (c.weights.duration > 0) this.#measureDuration(row, technician);
    const used = last > 1 ? c.weights.technician : 0;
    this.cost[row] =
      c.weights.distance * distance +
      (c.weights.duration > 0 ? c.weights.duration * num(this.duration, row) : 0) +
      used;
  }

  /** What the node after `gap`, just put in, adds to driving and service. */
  #extraBusy(row: number, technician: number, gap: number): number {
    const c = this.compiled;
    const at = row * this.stride + gap;
    const { to, from } = c.times[technician] ?? c.distance;
    const line = int(this.node, at + 1) * c.nodes;
    const direct = int(this.length, row) === 3 ? 0 : num(to, int(this.node, at) * c.nodes + int(this.node, at + 2));
    return (
      num(from, line + int(this.node, at)) +
      num(to, line + int(this.node, at + 2)) +
      num(c.service, int(this.node, at + 1)) -
      direct
    );
  }

  #measureDuration(row: number, technician: number): void {
    const c = this.compiled;
    const base = row * this.stride;
    const length = int(this.length, row);
    let busy = 0;
    const driving = (c.times[technician] ?? c.distance).to;
    for (let i = base + 1; length > 2 && i < base + length; i++) {
      const node = int(this.node, i);
      busy += num(driving, int(this.node, i - 1) * c.nodes + node) + num(c.service, node);
    }
    this.busy[row] = busy;
    if (!c.plainTime) {
      this.duration[row] = length === 2 ? 0 : this.timetable.shortest(technician, this.node, base, length);
      return;
    }
    durationsBefore(this, row, technician, 1);
    durationsAfter(this, row, technician, length - 2);
    this.duration[row] = length === 2 ? 0 : num(this.before, base + length - 1);
  }
}
