// A clock that stands still until a test moves it, so that no test sleeps.

import type { Clock } from "../../dispatch/kernel/clock.ts";

/** A Monday morning. */
const start = Date.parse("2026-03-02T08:00:00.000Z");

export class TestClock implements Clock {
  #now = start;

  now(): Date {
    return new Date(this.#now);
  }

  get iso(): string {
    return this.now().toISOString();
  }

  advance(minutes: number): void {
    this.advanceMs(minutes * 60_000);
  }

  advanceMs(ms: number): void {
    this.#now += ms;
  }

  set(time: string): void {
    this.#now = Date.parse(time);
  }

  /** The time `minutes` from now. */
  in(minutes: number): string {
    return new Date(this.#now + minutes * 60_000).toISOString();
  }
}
