import { Chain, type Member } from "../chain.ts";

/** What an attempt needs of the deadlines it stands in. */
export interface Waiting extends Member<Waiting> {
  /** When it has waited long enough, in milliseconds of `performance.now()`. */
  readonly deadlineMs: number;
  /** Called once when it has. */
  expire(): void;
}

/**
 * The deadlines of one connection. All wait equally long, so the oldest is due first and one timer serves them all: a timer for each fetch
 * would nearly always be made in vain.
 */
export class Deadlines {
  readonly timeoutMs: number;
  readonly #waiting = new Chain<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  /** Begins to wait; the last to begin has the latest deadline. */
  add(waiting: Waiting): void {
    const wasIdle = this.#waiting.first === null;
    this.#waiting.add(waiting);
    if (this.#timer === undefined) this.#arm(this.timeoutMs);
    else if (wasIdle) this.#timer.ref();
  }

  /** Ends the waiting; nothing happens when it has ended before. */
  delete(waiting: Waiting): void {
    if (this.#waiting.delete(waiting) && this.#waiting.first === null) this.#timer?.unref(); // nothing is waited for
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#sweep(), ms);
  }

  #sweep(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (let oldest = this.#waiting.first; oldest !== null; oldest = this.#waiting.first) {
      if (oldest.deadlineMs > nowMs) {
        this.#arm(Math.ceil(oldest.deadlineMs - nowMs));
        return;
      }
      this.#waiting.delete(oldest);
      oldest.expire();
    }
  }
}
