import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { setTimeout as wait } from "node:timers/promises";
import type { Cost } from "../domain/provenance.ts";

/** Events up to which a question is answered whatever time it takes: less than a second of two cores. */
export const EASY_EVENTS = 5_000_000;
/** Milliseconds in which a question about more events is answered, or refused: somebody waits for it. */
export const ASKED_MS = 8_000;
/** Milliseconds after which its slices tell how long all of them will take; the first are the slowest. */
const TELLING_MS = 1_500;
/** How much longer than it may take a question has to look before all its slices were tried: the first ones mislead. */
const SURELY = 1.5;
/** Events that a question may look at when it is asked: more than can be read in the time it has. */
const ASKED_EVENTS = 100_000_000;
/** Events a job may look at: what is counted in the time it has, at a million a second. */
export const JOB_EVENTS = 500_000_000;

/** What is to be said of a question about too many events. */
export interface TooMany {
  /** What would look at them, as a sentence begins: `The funnel would look at`. */
  readonly what: string;
  /** What makes it look at fewer: `take a shorter range`. */
  readonly narrower: string;
  /** Whether `fast` answers it. */
  readonly fast: boolean;
  /** Whether a job answers it; one does unless it says otherwise. */
  readonly job?: boolean;
  /** Part of the persons that is looked at now; null where no part can be taken. */
  readonly sample: number | null;
}

/** How far a question about many events has come. */
export interface Pace {
  /** Takes what one more slice took; throws where the question takes too long. */
  readonly read: (cost: Cost) => void;
}

/** How much a question may look at, and who is told how far it has come. */
export interface Effort {
  readonly maxEvents: number;
  /** Events one slice is meant to hold; null: what suits the question. */
  readonly sliceEvents: number | null;
  /** Begins a question about so many events in so many slices. */
  begin(events: number, slices: number, tooMany: TooMany): Pace;
  /** Asks the store for one slice. */
  ask<Answer>(read: () => Promise<Answer>): Promise<Answer>;
}

const told = (events: number): string => Math.round(events).toLocaleString("en-US");

/** Refuses with QUERY_TOO_COSTLY a question about more events than an effort may look at, and says what would fit. */
export const refuseBeyond = ({ maxEvents }: Pick<Effort, "maxEvents">, events: number, tooMany: TooMany): void => {
  if (events <= maxEvents) return;
  const share = tooMany.sample === null ? 0 : Math.floor((tooMany.sample * maxEvents * 1_000) / events) / 1_000;
  const ways = [...(tooMany.fast ? ["ask `fast`"] : []), ...(share > 0 ? [`take a \`sample\` of ${share}`] : [])];
  throw refuse(
    "QUERY_TOO_COSTLY",
    `${tooMany.what} ${told(events)} events, more than ${told(maxEvents)}: ${[tooMany.narrower, ...ways].join(", or ")}.`,
    { field: "input.range", events, limit: maxEvents },
  );
};

const tooSlow = (events: number, { what, narrower, fast, job = true }: TooMany): Refusal =>
  refuse(
    "QUERY_TOO_COSTLY",
    `${what} ${told(events)} events, which takes longer than the ${ASKED_MS / 1_000} seconds a question has: ` +
      `${[...(fast ? ["ask `fast`"] : []), ...(job ? ["start it as a job by `startQuery`"] : []), narrower].join(", or ")}.`,
    { field: "input.range", events, seconds: ASKED_MS / 1_000, fast, ...(job ? { job: "startQuery" } : {}) },
  );

/** A question that somebody waits for: one about many events is refused as soon as it is seen to take longer than {@link ASKED_MS}. */
export const askedEffort = (nowMs: NowMs): Effort => {
  let tooSlowNow: Refusal | null = null;
  return {
    ...{ maxEvents: ASKED_EVENTS, sliceEvents: null },
    ask: async (read) => {
      try {
        return await read();
      } catch (error) {
        if (error instanceof Refusal && error.code === "QUERY_TIMEOUT" && tooSlowNow !== null) throw tooSlowNow;
        throw error;
      }
    },
    begin: (events, slices, tooMany) => {
      const startedMs = nowMs();
      if (events > EASY_EVENTS) tooSlowNow = tooSlow(events, tooMany);
      let done = 0;
      return {
        read: () => {
          done += 1;
          const spent = nowMs() - startedMs;
          if (tooSlowNow === null || done >= slices || spent < TELLING_MS) return;
          if (spent > ASKED_MS || (spent / done) * slices > SURELY * ASKED_MS) throw tooSlowNow;
        },
      };
    },
  };
};

/** Slices of all there are, and what the store has read for them. */
export interface SlicesRead {
  readonly slices: number;
  readonly of: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
}

/** Times a job asks for a slice again while the store has no room for it: half a minute of a busy tenant. */
const ASK_AGAIN = 60;
const ASK_AGAIN_MS = 500;

/** A job, which has time: it waits for room in the store, and tells after each slice how far it is. */
export const jobEffort = (onSlice: (read: SlicesRead) => void, signal: AbortSignal): Effort => ({
  ...{ maxEvents: JOB_EVENTS, sliceEvents: null },
  ask: async (read) => {
    for (let again = 0; ; again += 1) {
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== "OVERLOADED" || again === ASK_AGAIN) throw error;
        await wait(ASK_AGAIN_MS, undefined, { signal });
      }
    }
  },
  begin: (_events, of) => {
    let [slices, rowsRead, bytesRead] = [0, 0, 0];
    return {
      read: (cost) => {
        slices += 1;
        rowsRead += cost.rowsRead;
        bytesRead += cost.bytesRead;
        onSlice({ slices, of, rowsRead, bytesRead });
        // Slices that are read already are not counted for a job that was cancelled.
        signal.throwIfAborted();
      },
    };
  },
});
