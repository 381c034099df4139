// The current solution, a change being tried on it, and the best one so far. A change works on copies of the rows it touches,
// so that taking it back is forgetting them.

import { int, num } from "./arrays.ts";
import { noCrew, type Compiled } from "./compiled.ts";
import type { KnownRoute } from "./route-table.ts";
import { Routes } from "./routes.ts";

/** Of a visit: nobody goes there. */
export const noTechnician = -1;

export class Solution {
  readonly compiled: Compiled;
  readonly routes: Routes;
  /** By technician: the row of the current route, and of the one being tried (the same where nothing changes). */
  readonly row: Int32Array;
  readonly tried: Int32Array;
  /** By visit: the technician in the solution being tried, or noTechnician. */
  readonly servedBy: Int32Array;
  /** Visits that the current solution leaves out, but those of crews: the first `absentCount`. */
  readonly absent: Int32Array;
  absentCount = 0;
  /** How many visits of crews it leaves out. */
  absentOfCrews = 0;
  /** Cost of the current solution, penalties included. */
  cost = 0;
  /** Technicians whose rows the change touches: the first `changedCount`. */
  readonly changed: Int32Array;
  changedCount = 0;
  bestCost = Number.POSITIVE_INFINITY;
  bestAbsentCount = 0;
  readonly #free: Int32Array;
  #freeCount: number;
  readonly #bestNode: Int32Array;
  readonly #bestLength: Int32Array;

  constructor(compiled: Compiled) {
    const { technicians, visits } = compiled;
    this.compiled = compiled;
    this.routes = new Routes(compiled);
    this.row = Int32Array.from({ length: technicians }, (_, technician) => technician);
    this.tried = this.row.slice();
    this.#free = Int32Array.from({ length: technicians }, (_, i) => technicians + i);
    this.#freeCount = technicians;
    this.servedBy = new Int32Array(visits).fill(noTechnician);
    this.absent = Int32Array.from({ length: visits }, (_, visit) => visit);
    this.absentCount = visits;
    this.changed = new Int32Array(technicians);
    this.#bestNode = new Int32Array(technicians * this.routes.stride);
    this.#bestLength = new Int32Array(technicians);
    for (let technician = 0; technician < technicians; technician++) {
      this.routes.clear(technician, technician);
      this.routes.measure(technician, technician);
    }
    this.cost = this.#total();
    this.keepAsBest();
  }

  isChanged(technician: number): boolean {
    return int(this.tried, technician) !== int(this.row, technician);
  }

  /** A row of the technician's own to write the tried route into; its content is arbitrary at first. */
  begin(technician: number): number {
    this.#freeCount -= 1;
    const row = int(this.#free, this.#freeCount);
    this.tried[technician] = row;
    this.changed[this.changedCount++] = technician;
    return row;
  }

  /** The row to change in place; a copy of the current one when this is the first change. */
  writable(technician: number): number {
    if (this.isChanged(technician)) return int(this.tried, technician);
    const row = this.begin(technician);
    this.routes.copy(int(this.row, technician), row);
    return row;
  }

  /** Cost of the tried solution without penalties, less that of the current one without penalties. */
  changeOfRoutes(): number {
    let change = 0;
    for (let i = 0; i < this.changedCount; i++) {
      const technician = int(this.changed, i);
      change += num(this.routes.cost, int(this.tried, technician)) - num(this.routes.cost, int(this.row, technician));
    }
    return change;
  }

  /** The change has led back to where it began. */
  isUnchanged(): boolean {
    const { stride, node, length } = this.routes;
    for (let i = 0; i < this.changedCount; i++) {
      const technician = int(this.changed, i);
      const row = int(this.row, technician);
      const tried = int(this.tried, technician);
      const positions = int(length, row);
      if (positions !== int(length, tried)) return false;
      for (let at = 0; at < positions; at++)
        if (int(node, row * stride + at) !== int(node, tried * stride + at)) return false;
    }
    return true;
  }

  /** The tried solution becomes the current one. */
  accept(): void {
    for (let i = 0; i < this.changedCount; i++) {
      const technician = int(this.changed, i);
      this.#free[this.#freeCount++] = int(this.row, technician);
      this.row[technician] = int(this.tried, technician);
    }
    this.changedCount = 0;
    this.absentCount = 0;
    this.absentOfCrews = 0;
    let ofCrews = 0;
    for (let visit = 0; visit < this.compiled.visits; visit++) {
      if (int(this.servedBy, visit) !== noTechnician) continue;
      if (int(this.compiled.crew, visit) === noCrew) this.absent[this.absentCount++] = visit;
      else {
        this.absentOfCrews += 1;
        ofCrews += num(this.compiled.penalty, visit);
      }
    }
    this.cost = this.#total() + ofCrews;
  }

  /** Back to the current solution. `touched` holds every visit that may have been taken out or put in. */
  reject(touched: Int32Array, touchedCount: number): void {
    for (let i = 0; i < touchedCount; i++) this.servedBy[int(touched, i)] = noTechnician;
    for (let i = 0; i < this.changedCount; i++) {
      const technician = int(this.changed, i);
      const row = int(this.row, technician);
      this.#free[this.#freeCount++] = int(this.tried, technician);
      this.tried[technician] = row;
      this.#markServed(row, technician);
    }
    this.changedCount = 0;
  }

  keepAsBest(): void {
    const { stride, node, length } = this.routes;
    for (let technician = 0; technician < this.compiled.technicians; technician++) {
      const row = int(this.row, technician);
      const positions = int(length, row);
      for (let i = 0; i < positions; i++) this.#bestNode[technician * stride + i] = int(node, row * stride + i);
      this.#bestLength[technician] = positions;
    }
    this.bestCost = this.cost;
    this.bestAbsentCount = this.absentCount + this.absentOfCrews;
  }

  /** The best route of a technician: its nodes, home at both ends. */
  bestRoute(technician: number): Int32Array {
    const from = technician * this.routes.stride;
    return this.#bestNode.slice(from, from + int(this.#bestLength, technician));
  }

  /** Nobody goes anywhere. */
  clear(): void {
    for (let technician = 0; technician < this.compiled.technicians; technician++) {
      const row = this.begin(technician);
      this.routes.clear(row, technician);
      this.routes.measure(row, technician);
    }
    this.servedBy.fill(noTechnician);
    this.accept();
  }

  /** The best solution becomes the current one. */
  returnToBest(): void {
    this.#become((technician) => this.bestRoute(technician));
  }

  /** These routes become the current solution; each is given to a technician of its kind. */
  adopt(routes: readonly KnownRoute[]): void {
    const { startNode, endNode, kind } = this.compiled;
    const left = [...routes];
    this.#become((technician) => {
      const at = left.findIndex((route) => route.kind === kind[technician]);
      const [route] = at < 0 ? [] : left.splice(at, 1);
      return Int32Array.from([int(startNode, technician), ...(route?.stops ?? []), int(endNode, technician)]);
    });
  }

  #become(nodesOf: (technician: number) => Int32Array): void {
    for (let technician = 0; technician < this.compiled.technicians; technician++) {
      const row = this.begin(technician);
      const nodes = nodesOf(technician);
      this.routes.node.set(nodes, row * this.routes.stride);
      this.routes.length[row] = nodes.length;
      this.routes.measure(row, technician);
    }
    this.servedBy.fill(noTechnician);
    for (let technician = 0; technician < this.compiled.technicians; technician++)
      this.#markServed(int(this.tried, technician), technician);
    this.accept();
  }

  #markServed(row: number, technician: number): void {
    const base = row * this.routes.stride;
    const last = int(this.routes.length, row) - 1;
    for (let i = 1; i < last; i++) {
      const node = int(this.routes.node, base + i);
      if (node !== this.compiled.call) this.servedBy[node] = technician;
    }
  }

  #total(): number {
    let cost = 0;
    for (let technician = 0; technician < this.compiled.technicians; technician++)
      cost += num(this.routes.cost, int(this.row, technician));
    for (let i = 0; i < this.absentCount; i++) cost += num(this.compiled.penalty, int(this.absent, i));
    return cost;
  }
}
