/** A list of numbers that grows, 8 bytes each. */
export interface NumberList {
  add(value: number): void;
  /** The numbers from small to great; the list keeps its own order. */
  sorted(): Float64Array;
  readonly length: number;
}

/** Makes an empty list. */
export const createNumberList = (): NumberList => {
  let values = new Float64Array(4);
  let length = 0;
  return {
    add: (value) => {
      if (length === values.length) {
        const longer = new Float64Array(length * 2);
        longer.set(values);
        values = longer;
      }
      values[length] = value;
      length += 1;
    },
    sorted: () => values.slice(0, length).toSorted(),
    get length() {
      return length;
    },
  };
};
