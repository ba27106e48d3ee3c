type Numbers = Int32Array | Uint32Array | Float64Array | Uint8Array;

/** A list of numbers of which it is not known how many they will be. */
export interface Growing<List extends Numbers> {
  add(value: number): void;
  readonly list: List;
  readonly length: number;
}

/** A list that doubles when it is full. */
export const growing = <List extends Numbers>(make: (length: number) => List): Growing<List> => {
  let values = make(1_024);
  let length = 0;
  return {
    add: (value) => {
      if (length === values.length) {
        const longer = make(length * 2);
        longer.set(values);
        values = longer;
      }
      values[length] = value;
      length += 1;
    },
    get list() {
      return values;
    },
    get length() {
      return length;
    },
  };
};
