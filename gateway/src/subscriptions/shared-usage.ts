import { newMeter, type Meter } from "@tessera/platform/executions/meter";

/** Shares of whole units that differ by one at most and add up to all of them; the first readers have one more. */
const whole = (all: number, readers: number, index: number): number =>
  Math.floor(all / readers) + (index < all % readers ? 1 : 0);

/** What each of so many readers of one stream is charged of what was read for them together: the shares add up to it. */
export const sharesOf = (meter: Meter, readers: number): readonly Meter[] =>
  Array.from({ length: readers }, (_, index) => ({
    rowsRead: whole(meter.rowsRead, readers, index),
    bytesRead: whole(meter.bytesRead, readers, index),
    storeMs: meter.storeMs / readers,
    events: whole(meter.events, readers, index),
  }));

/** Adds a share to a reader's own meter. */
export const addShare = (meter: Meter, share: Meter): void => {
  meter.rowsRead += share.rowsRead;
  meter.bytesRead += share.bytesRead;
  meter.storeMs += share.storeMs;
  meter.events += share.events;
};

/** Charges readers what the meter holds, which is at zero then; with nobody to charge it is left as it is. */
export const settleShares = (meter: Meter, readers: readonly { readonly used: (share: Meter) => void }[]): void => {
  for (const [index, share] of sharesOf(meter, readers.length).entries()) readers[index]?.used(share);
  if (readers.length > 0) Object.assign(meter, newMeter());
};
