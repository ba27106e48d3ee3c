import { partMsOf, WINDOW_PARTS, type BudgetState } from "./budget.ts";

interface Part {
  /** Counts parts since the epoch. */
  readonly at: number;
  units: number;
}

/**
 * What was spent in a sliding window, counted by parts of it (see {@link WINDOW_PARTS}). A unit counts until the whole part it was spent in is older than
 * the window: so in no stretch of time as long as the window is more spent than was allowed.
 */
export class SlidingWindow {
  readonly #partMs: number;
  /** Oldest first; never empty ones. */
  #parts: Part[] = [];
  #spent = 0;

  constructor(windowSeconds: number) {
    this.#partMs = partMsOf(windowSeconds);
  }

  /** Units that count at this moment. */
  spent(nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#partMs) - WINDOW_PARTS;
    let gone = 0;
    for (const part of this.#parts) {
      if (part.at >= oldest) break;
      this.#spent -= part.units;
      gone += 1;
    }
    if (gone > 0) this.#parts = this.#parts.slice(gone);
    return this.#spent;
  }

  /** Counts units as spent now; negative ones are given back, newest first. */
  add(units: number, nowMs: number): void {
    this.spent(nowMs);
    if (units < 0) return this.#giveBack(-units);
    if (units === 0) return;
    const at = Math.floor(nowMs / this.#partMs);
    const last = this.#parts.at(-1);
    // A clock that was set back counts with the newest part: later, never earlier.
    if (last !== undefined && last.at >= at) last.units += units;
    else this.#parts.push({ at, units });
    this.#spent += units;
  }

  /** Where a budget of `limit` units over this window stands for somebody who wants `amount` of them. */
  stateFor(limit: number, amount: number, nowMs: number): BudgetState {
    const spent = this.spent(nowMs);
    const oldest = this.#parts[0];
    return {
      remaining: Math.max(0, limit - spent),
      resetMs: oldest === undefined ? 0 : this.#leavesInMs(oldest, nowMs),
      fitsInMs: amount > limit ? null : this.#fitsInMs(spent + amount - limit, nowMs),
    };
  }

  /** Whether nothing counts any more. */
  isEmpty(nowMs: number): boolean {
    return this.spent(nowMs) === 0;
  }

  #leavesInMs(part: Part, nowMs: number): number {
    return Math.max(1, (part.at + WINDOW_PARTS + 1) * this.#partMs - nowMs);
  }

  #fitsInMs(over: number, nowMs: number): number {
    let left = over;
    if (left <= 0) return 0;
    for (const part of this.#parts) {
      left -= part.units;
      if (left <= 0) return this.#leavesInMs(part, nowMs);
    }
    return 0;
  }

  #giveBack(units: number): void {
    let left = units;
    for (let last = this.#parts.at(-1); last !== undefined && left > 0; last = this.#parts.at(-1)) {
      const taken = Math.min(left, last.units);
      last.units -= taken;
      left -= taken;
      this.#spent -= taken;
      if (last.units === 0) this.#parts.pop();
    }
  }
}
