import { PATH_LIMITS } from "./paths.ts";

type Numbers = Int32Array | Uint32Array | Float64Array | Uint8Array;

/** A kind of numbers: room for so many, or a view of the first ones of what has been made. */
interface Kind<List extends Numbers> {
  new (length: number): List;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): List;
}

/** A list of numbers of which it is not known how many they will be. */
export interface Growing<List extends Numbers> {
  /** Adds a number; throws when there are as many as the list may hold. */
  add(value: number): void;
  /** The numbers that were added, and nothing behind them: a view, to be taken when all are added. */
  readonly list: List;
  readonly length: number;
}

/** Numbers that there is room for at first. */
const FIRST_ROOM = 1_024;
/** Numbers a list may hold: twice what is told of all paths together, since the last unit is added before its steps are held to that. */
const MAX_NUMBERS = 2 * PATH_LIMITS.toldSteps;

/** A list that doubles when it is full. */
export const growing = <List extends Numbers>(kind: Kind<List>, most: number = MAX_NUMBERS): Growing<List> => {
  let values = new kind(Math.min(FIRST_ROOM, most));
  let length = 0;
  return {
    add: (value) => {
      if (length === most) throw new RangeError(`A list holds at most ${most} numbers.`);
      if (length === values.length) {
        const longer = new kind(Math.min(length * 2, most));
        longer.set(values);
        values = longer;
      }
      values[length] = value;
      length += 1;
    },
    get list() {
      return new kind(values.buffer, 0, length);
    },
    get length() {
      return length;
    },
  };
};
