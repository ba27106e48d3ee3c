import { AsyncLocalStorage } from "node:async_hooks";
import type { Allowance } from "./allowance.ts";

/** What was done for one execution so far: what the event store read and how long it worked, and how many events were taken in. */
export interface Meter {
  rowsRead: number;
  bytesRead: number;
  storeMs: number;
  events: number;
}

interface Scope {
  readonly meter: Meter;
  readonly allowance: Allowance | null;
  readonly beganMs: number | null;
}

const scope = new AsyncLocalStorage<Scope>();
/** Work on a meter that was given up and whose cost is still being asked for. */
const unfinished = new WeakMap<Meter, Set<Promise<void>>>();

/** A meter at zero. */
export const newMeter = (): Meter => ({ rowsRead: 0, bytesRead: 0, storeMs: 0, events: 0 });

/**
 * Runs `work`; what the event store does in everything it awaits is counted on the meter, and reads no more than the allowance. `beganMs` (of
 * `performance.now()`) is when the execution began that somebody waits for: its queries have what is left of its time; null where nobody waits.
 */
export const metered = <T>(
  meter: Meter,
  work: () => T,
  allowance: Allowance | null = null,
  beganMs: number | null = null,
): T => scope.run({ meter, allowance, beganMs }, work);

/** Milliseconds since the running execution began; 0 where nobody waits for it. */
export const msSinceBegun = (): number => {
  const beganMs = scope.getStore()?.beganMs ?? null;
  return beganMs === null ? 0 : performance.now() - beganMs;
};

/** What the running work may still read; null when nothing bounds it. */
export const currentAllowance = (): Allowance | null => {
  const running = scope.getStore();
  if (running === undefined || running.allowance === null) return null;
  const { meter, allowance } = running;
  return { ...allowance, rows: Math.max(0, allowance.rows - meter.rowsRead) };
};

/** Adds to the meter of the running work; work outside any meter is not counted. */
export const countOnMeter = (rowsRead: number, bytesRead: number, storeMs: number): void => {
  const meter = scope.getStore()?.meter;
  if (meter === undefined) return;
  meter.rowsRead += rowsRead;
  meter.bytesRead += bytesRead;
  meter.storeMs += storeMs;
};

/** Tells that the cost of given-up work will be on the meter when `counted` resolves; it must not reject. */
export const countLater = (counted: Promise<void>): void => {
  const meter = scope.getStore()?.meter;
  if (meter === undefined) return;
  const open = unfinished.get(meter) ?? new Set();
  unfinished.set(meter, open.add(counted));
  void counted.then(() => open.delete(counted));
};

/** Resolves when the cost of all given-up work is on the meter; at once, with nothing, when there is none. */
export const whenCounted = (meter: Meter): Promise<unknown> | null => {
  const open = unfinished.get(meter);
  return open === undefined || open.size === 0 ? null : Promise.all(open);
};

/** Adds accepted events to the meter of the running work. */
export const countEventsOnMeter = (events: number): void => {
  const meter = scope.getStore()?.meter;
  if (meter !== undefined) meter.events += events;
};

/** Header in which a subgraph in another process tells its caller what a call used. */
export const METER_HEADER = "x-tessera-meter";

/** A meter as header text: rows, bytes, milliseconds, events. */
export const meterText = ({ rowsRead, bytesRead, storeMs, events }: Meter): string =>
  `${rowsRead},${bytesRead},${storeMs.toFixed(3)},${events}`;

const METER_TEXT = /^(\d{1,16}),(\d{1,16}),(\d{1,12}(?:\.\d{1,6})?),(\d{1,16})$/;

/** Adds a meter's header text to a meter; text that is none changes nothing. */
export const addMeterText = (meter: Meter, text: string): void => {
  const [, rows, bytes, ms, events] = METER_TEXT.exec(text) ?? [];
  if (rows === undefined || bytes === undefined || ms === undefined || events === undefined) return;
  meter.rowsRead += Number(rows);
  meter.bytesRead += Number(bytes);
  meter.storeMs += Number(ms);
  meter.events += Number(events);
};
