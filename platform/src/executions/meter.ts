import { AsyncLocalStorage } from "node:async_hooks";

/** What was done for one execution so far: what the event store read and how long it worked, and how many events were taken in. */
export interface Meter {
  rowsRead: number;
  bytesRead: number;
  storeMs: number;
  events: number;
}

const scope = new AsyncLocalStorage<Meter>();

/** A meter at zero. */
export const newMeter = (): Meter => ({ rowsRead: 0, bytesRead: 0, storeMs: 0, events: 0 });

/** Runs `work`; what the event store does in everything it awaits is counted on the meter. */
export const metered = <T>(meter: Meter, work: () => T): T => scope.run(meter, work);

/** Adds to the meter of the running work; work outside any meter is not counted. */
export const countOnMeter = (rowsRead: number, bytesRead: number, storeMs: number): void => {
  const meter = scope.getStore();
  if (meter === undefined) return;
  meter.rowsRead += rowsRead;
  meter.bytesRead += bytesRead;
  meter.storeMs += storeMs;
};

/** Adds accepted events to the meter of the running work. */
export const countEventsOnMeter = (events: number): void => {
  const meter = scope.getStore();
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
