import type { Attempt } from "./attempt.ts";
import { groupsOf } from "./funnel-groups.ts";
import { FUNNEL_LIMITS, readRange, type Funnel } from "./funnel.ts";
import { textAt, type UnitRow } from "./unit-columns.ts";

/** Units by the value a field has at their entry. */
export interface EntryValues {
  /** Each value with how many units reached each step, the most entered first; null: entries without one. */
  readonly values: readonly (readonly [string | null, readonly number[]])[];
  /** Whether there were more values than are told; those that are told are counted in full. */
  readonly cut: boolean;
}

/** Units that entered in time and with the values that were asked for. */
export interface EntryCounts {
  /** How many reached each step. */
  readonly reached: readonly number[];
  /** The same by each field, in their order. */
  readonly fields: readonly EntryValues[];
}

/** Counts units by what their entry was. */
export interface EntryCount {
  readonly add: (row: UnitRow, attempt: Attempt) => void;
  readonly result: () => EntryCounts | null;
}

/** The digit of the breakdown's first cohort or segment. */
const FIRST_MEMBER = "0";

const valueOf = (text: string): string | null => (text === "" ? null : text.slice(1));

const told = (counts: ReadonlyMap<string, readonly number[]>, full: boolean): EntryValues => {
  const { entryValues } = FUNNEL_LIMITS;
  const ordered = [...counts].toSorted(([a, one], [b, other]) => (other[0] ?? 0) - (one[0] ?? 0) || (a < b ? -1 : 1));
  return {
    values: ordered.slice(0, entryValues).map(([text, reached]) => [valueOf(text), reached]),
    cut: full || counts.size > entryValues,
  };
};

/** Makes the count of a funnel's entries; it counts nothing where they are not asked for. */
export const createEntryCount = ({ entries, steps, correlation, ...funnel }: Funnel): EntryCount => {
  if (entries === null) return { add: () => undefined, result: () => null };
  const offset = correlation?.fields.length ?? 0;
  const beforeMs = entries.beforeMs - readRange(funnel).fromMs;
  const reached = steps.map(() => 0);
  const fields = entries.fields.map(() => ({ counts: new Map<string, number[]>(), full: false }));
  const count = (into: number[], { reachedAt }: Attempt): void =>
    reachedAt.forEach((at, step) => {
      if (at !== null) into[step] = (into[step] ?? 0) + 1;
    });
  return {
    add: (row, attempt) => {
      if ((row.times[attempt.entry] ?? 0) >= beforeMs) return;
      if (entries.ofMember === true && !groupsOf(funnel, attempt, row).includes(FIRST_MEMBER)) return;
      const texts = fields.map((_field, index) =>
        textAt(row.fieldValues[offset + index] ?? null, attempt.places[0] ?? -1),
      );
      if (!entries.held.every((values, index) => values.includes(valueOf(texts[index] ?? "")))) return;
      count(reached, attempt);
      fields.forEach((field, index) => {
        const text = texts[index] ?? "";
        const known = field.counts.get(text);
        // A value that finds no place any more is not counted at all, so that each that has one is counted in full.
        if (known === undefined && field.counts.size === FUNNEL_LIMITS.distinctGroups) {
          field.full = true;
          return;
        }
        const into = known ?? steps.map(() => 0);
        count(into, attempt);
        if (known === undefined) field.counts.set(text, into);
      });
    },
    result: () => ({ reached, fields: fields.map(({ counts, full }) => told(counts, full)) }),
  };
};
