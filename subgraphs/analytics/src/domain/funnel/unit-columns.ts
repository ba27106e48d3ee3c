/** Numbers of one column, one per event. */
export type NumberColumn = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Texts of one column by their number in a list, one per event; 0 is the empty text. */
export interface TextColumn {
  readonly codes: Uint32Array;
  readonly texts: readonly string[];
}

/** The events of a slice's units as the store gives them: in order of their units and then of time, one column beside the other. */
export interface UnitColumns {
  readonly rows: number;
  /** The unit of each event as a number of 64 bits in two words, the lower first. */
  readonly units: Uint32Array;
  /** Milliseconds from the start of the range. */
  readonly times: NumberColumn;
  readonly marks: NumberColumn;
  /** Value of the breakdown's field: `=` and the value, or the empty text for none; null without a breakdown. */
  readonly values: TextColumn | null;
  /** The event's name; null unless next events are asked for. */
  readonly names: TextColumn | null;
  /** Which event of the correlation it is, from 1, 0 for none; null without a correlation of events. */
  readonly candidates: NumberColumn | null;
  /** Values of each field of the correlation, as in `values`. */
  readonly fieldValues: readonly TextColumn[];
  /** Label of a touchpoint, the empty text for events that are none; null without an attribution. */
  readonly labels: TextColumn | null;
}

/** One unit: its events in order, and beside each what the parts of the question need; columns of equal length, which hold the unit until the next one is handed over. */
export interface UnitRow {
  /** The unit's number of 64 bits in two words; 0 where it is not known. */
  readonly unitLow: number;
  readonly unitHigh: number;
  /** True when the unit had more events than are looked at. */
  readonly cut: boolean;
  readonly times: NumberColumn | readonly number[];
  readonly marks: NumberColumn | readonly number[];
  readonly values: TextColumn | null;
  /** Name of the unit's very next event, the empty text for none; null unless next events are asked for. */
  readonly following: TextColumn | null;
  /** Names of the events after that one, one column for each of so many as are asked for. */
  readonly later: readonly TextColumn[];
  readonly candidates: NumberColumn | null;
  readonly fieldValues: readonly TextColumn[];
  readonly labels: TextColumn | null;
}

/** The text of the event at a place; empty where there is none. */
export const textAt = (column: TextColumn | null, place: number): string =>
  column === null ? "" : (column.texts[column.codes[place] ?? 0] ?? "");

/** How units are cut out of columns. */
export interface UnitCut {
  /** Events of one unit that are looked at, its first ones. */
  readonly most: number;
  /** Whether events that no step is about stay: STRICT asks what came between. */
  readonly keepAll: boolean;
  /** Names of events after the very next one that are told. */
  readonly later?: number;
}

/** A column of the same kind for so many numbers. */
const emptyLike = (column: NumberColumn, length: number): NumberColumn => {
  if (column instanceof Uint8Array) return new Uint8Array(length);
  if (column instanceof Uint16Array) return new Uint16Array(length);
  return column instanceof Uint32Array ? new Uint32Array(length) : new Float64Array(length);
};

const pick = <Column extends NumberColumn>(column: Column, places: Uint32Array, into: Column): Column => {
  for (let index = 0; index < places.length; index += 1) into[index] = column[places[index] ?? 0] ?? 0;
  return into;
};

const pickNumbers = (column: NumberColumn, places: Uint32Array): NumberColumn =>
  pick(column, places, emptyLike(column, places.length));

const pickTexts = ({ codes, texts }: TextColumn, places: Uint32Array): TextColumn => ({
  codes: pick(codes, places, new Uint32Array(places.length)),
  texts,
});

const pickUnits = (units: Uint32Array, places: Uint32Array): Uint32Array => {
  const into = new Uint32Array(2 * places.length);
  places.forEach((place, index) => {
    into[2 * index] = units[2 * place] ?? 0;
    into[2 * index + 1] = units[2 * place + 1] ?? 0;
  });
  return into;
};

/** Where the unit of the event at a place ends: the place of the next unit's first event. */
const endOfUnit = ({ rows, units }: UnitColumns, from: number): number => {
  const [low, high] = [units[2 * from], units[2 * from + 1]];
  let end = from + 1;
  while (end < rows && units[2 * end] === low && units[2 * end + 1] === high) end += 1;
  return end;
};

/** Events that something is asked about, each with the name of its unit's very next event, and which units had more events than are looked at. */
interface Followed {
  readonly columns: UnitColumns;
  readonly following: TextColumn;
  readonly later: readonly TextColumn[];
  /** Places of the first events of units that were cut. */
  readonly cutAt: ReadonlySet<number>;
}

/** Leaves out the events that nothing is asked about, now that what comes next is known of the others. */
const followed = (columns: UnitColumns, names: TextColumn, { most, keepAll, later = 0 }: UnitCut): Followed => {
  const { rows, marks, candidates, labels } = columns;
  const [places, next, cutAt] = [new Uint32Array(rows), new Uint32Array(rows), new Set<number>()];
  const ahead = Array.from({ length: later }, () => new Uint32Array(rows));
  let count = 0;
  for (let from = 0; from < rows;) {
    const end = endOfUnit(columns, from);
    const looked = Math.min(end, from + most);
    const first = count;
    for (let place = from; place < looked; place += 1) {
      const isCandidate = candidates !== null && candidates[place] !== 0;
      const isTouch = labels !== null && labels.codes[place] !== 0;
      if (!keepAll && marks[place] === 0 && !isCandidate && !isTouch) continue;
      next[count] = place + 1 < looked ? (names.codes[place + 1] ?? 0) : 0;
      for (const [index, codes] of ahead.entries())
        codes[count] = place + index + 2 < looked ? (names.codes[place + index + 2] ?? 0) : 0;
      places[count] = place;
      count += 1;
    }
    if (end > looked && count > first) cutAt.add(first);
    from = end;
  }
  const kept = places.subarray(0, count);
  return {
    cutAt,
    following: { codes: next.subarray(0, count), texts: names.texts },
    later: ahead.map((codes) => ({ codes: codes.subarray(0, count), texts: names.texts })),
    columns: {
      rows: count,
      units: pickUnits(columns.units, kept),
      times: pickNumbers(columns.times, kept),
      marks: pickNumbers(columns.marks, kept),
      values: columns.values === null ? null : pickTexts(columns.values, kept),
      names: null,
      candidates: candidates === null ? null : pickNumbers(candidates, kept),
      fieldValues: columns.fieldValues.map((column) => pickTexts(column, kept)),
      labels: labels === null ? null : pickTexts(labels, kept),
    },
  };
};

const textsFrom = (column: TextColumn | null, from: number, to: number): TextColumn | null =>
  column === null ? null : { codes: column.codes.subarray(from, to), texts: column.texts };

const eachOf = (
  columns: UnitColumns,
  { following, later }: Pick<UnitRow, "following" | "later">,
  isCut: (from: number, end: number) => boolean,
  { most, take }: { readonly most: number; readonly take: (row: UnitRow) => void },
): void => {
  for (let from = 0; from < columns.rows;) {
    const end = endOfUnit(columns, from);
    const to = Math.min(end, from + most);
    take({
      unitLow: columns.units[2 * from] ?? 0,
      unitHigh: columns.units[2 * from + 1] ?? 0,
      cut: isCut(from, end),
      times: columns.times.subarray(from, to),
      marks: columns.marks.subarray(from, to),
      values: textsFrom(columns.values, from, to),
      following: textsFrom(following, from, to),
      later: later.map(({ codes, texts }) => ({ codes: codes.subarray(from, to), texts })),
      candidates: columns.candidates?.subarray(from, to) ?? null,
      fieldValues: columns.fieldValues.map(({ codes, texts }) => ({ codes: codes.subarray(from, to), texts })),
      labels: textsFrom(columns.labels, from, to),
    });
    from = end;
  }
};

/** Hands over the units of a slice one after another, each with its first events up to the most that are looked at. */
export const eachUnit = (columns: UnitColumns, cut: UnitCut, take: (row: UnitRow) => void): void => {
  const { most } = cut;
  if (columns.names === null) {
    eachOf(columns, { following: null, later: [] }, (from, end) => end - from > most, { most, take });
    return;
  }
  const own = followed(columns, columns.names, cut);
  eachOf(own.columns, own, (from) => own.cutAt.has(from), { most, take });
};
