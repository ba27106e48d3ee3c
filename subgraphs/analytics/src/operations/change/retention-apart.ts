import type { Caller } from "@tessera/contracts/caller";
import { accessIn } from "../../domain/access-in.ts";
import { accessOf } from "../../domain/access.ts";
import { behaviourRules } from "../../domain/behaviour-rules.ts";
import type { CountedStarts } from "../../domain/change/behaviour-measure.ts";
import { EVERYTHING_SINCE_MS } from "../../domain/cohort-window.ts";
import { parseRevealedField, type FieldAccess } from "../../domain/fields.ts";
import { provenanceOf, type Provenance } from "../../domain/provenance.ts";
import { parseRetention, RETENTION_LIMITS, type RetentionInput, type RetentionQuery } from "../../domain/retention.ts";
import { retentionLineFrom, type StoredStarts } from "../../domain/retention-cells.ts";
import type { Values } from "../../domain/change/slice-measure.ts";
import { namedMembers } from "../cohort-people.ts";
import type { BehaviourDeps } from "../query-retention.ts";

/** Starts to tell of, field by field. */
export interface StartsAsked {
  readonly input: RetentionInput;
  /** The cohort whose people's starts they are; null: everybody's. */
  readonly cohort: string | null;
  /** Fields of the start's event that they are told by. */
  readonly fields: readonly string[];
  /** Values, one list for each of the first fields, of which the start has one; null: it has none. */
  readonly held: readonly (readonly (string | null)[])[];
  /** The first period of the column that is counted. */
  readonly period: number;
  readonly signal: AbortSignal | undefined;
}

/** Starts of one column together, and by each field. */
export interface StartsApart {
  readonly whole: CountedStarts;
  readonly fields: readonly Values<CountedStarts>[];
  readonly provenance: Provenance;
}

/** A row of starts is told in one part for each number of periods that had ended since. */
const MAX_PARTS = 24;

const NONE: CountedStarts = { size: 0, eligible: 0, returned: 0 };
const plus = (one: CountedStarts, other: CountedStarts): CountedStarts => ({
  size: one.size + other.size,
  eligible: one.eligible + other.eligible,
  returned: one.returned + other.returned,
});

/** The starts of a field's values; of a field of which some part did not tell all values, those that every such part tells, so that each is told in full. */
const valuesOf = (
  stored: readonly StoredStarts[],
  countOf: (line: StoredStarts) => CountedStarts,
): Values<CountedStarts> => {
  const parts = new Map<string, StoredStarts[]>();
  for (const line of stored) {
    const key = `${line.row} ${line.ended}`;
    parts.set(key, [...(parts.get(key) ?? []), line]);
  }
  const counts = new Map<string, CountedStarts>();
  for (const line of stored) {
    const value = line.dimensions[1] ?? "";
    counts.set(value, plus(counts.get(value) ?? NONE, countOf(line)));
  }
  const cut = [...parts.values()].filter(({ length }) => length === RETENTION_LIMITS.apartValues);
  const inFull = (value: string): boolean =>
    cut.every((lines) => lines.some(({ dimensions }) => dimensions[1] === value));
  return {
    values: new Map(
      [...counts].flatMap(([value, count]) => (inFull(value) ? [[value === "" ? null : value, count] as const] : [])),
    ),
    cut: cut.length > 0,
  };
};

const apartOf = (query: RetentionQuery, { fields, held }: StartsAsked, access: FieldAccess): RetentionQuery => ({
  ...query,
  splitBy: fields.map((name, index) => parseRevealedField(name, `input.dimensions.${index}`, access)),
  apart: { most: RETENTION_LIMITS.apartValues, held: held.map((values) => values.map((value) => value ?? "")) },
});

/** Tells how many began, had all their time and came back, of all starts and by each of some fields, in one reading of the events. Refuses what `retention` refuses. */
export const retentionApart =
  (deps: BehaviourDeps) =>
  async (caller: Caller, asked: StartsAsked): Promise<StartsApart> => {
    const whole = { ...asked.input, splitBy: [], cohorts: [] };
    const access = accessIn(accessOf(caller), { meanings: asked.input.meanings });
    const query = apartOf(parseRetention(whole, accessOf(caller), deps.nowMs()), asked, access);
    const named = { unit: query.unit, where: "input.where.0.values.0" };
    const members = asked.cohort === null ? null : await namedMembers(deps, caller, asked.cohort, named);
    const source = behaviourRules.retentionSource(query, caller.dataPolicy);
    const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy };
    const most = (1 + asked.fields.length * RETENTION_LIMITS.apartValues) * MAX_PARTS;
    const { statements, eventStore } = deps;
    const { rows, statistics } = await eventStore.query(
      caller,
      statements.retentionStatement(query, scope, members, most),
      statements.storedStartsOf,
      asked.signal === undefined ? {} : { signal: asked.signal },
    );
    const column = query.columns.findIndex(({ from }) => from === asked.period);
    const countOf = (stored: StoredStarts): CountedStarts => {
      const { size, eligible, returned } = retentionLineFrom(query, stored);
      return { size, eligible: eligible[column] ?? 0, returned: returned[column] ?? 0 };
    };
    const of = (field: string): readonly StoredStarts[] => rows.filter(({ dimensions }) => dimensions[0] === field);
    const fromMs = query.startAt === "FIRST_EVER" ? EVERYTHING_SINCE_MS : query.range.fromMs;
    const part = { table: source.table, fromMs, toMs: Math.max(query.asOfMs, fromMs) };
    return {
      whole: of("").map(countOf).reduce(plus, NONE),
      fields: asked.fields.map((_name, index) => valuesOf(of(String(index)), countOf)),
      provenance: provenanceOf(
        { parts: [part], rejected: source.rejected, approximations: [] },
        ...([[statistics], query.asOfMs, query.timeZone, caller.dataPolicy, null] as const),
      ),
    };
  };
