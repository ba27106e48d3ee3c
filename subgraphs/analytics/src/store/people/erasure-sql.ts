import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Rewriting } from "@tessera/platform/store/rewrite-rows";
import { z } from "zod";
import type { ErasureStep } from "../../domain/people/erasure.ts";
import { createParams, type Params } from "../params.ts";
import { momentSql } from "../time-sql.ts";

/** Whose rows are erased, and up to when they came. */
export interface ErasedPerson {
  readonly numbers: readonly string[];
  /** All ids of the person. */
  readonly ids: readonly string[];
  /** Those of the person's ids that are of visitors. */
  readonly visitorIds: readonly string[];
  /** What was received until then. */
  readonly cutOffMs: number;
  /** What was said or computed until then; null in the first pass, for all of it. */
  readonly saidUntilMs: number | null;
}

/** Numbers are digits that were checked when they were read. */
const numbersSql = (numbers: readonly string[]): string => {
  if (numbers.length === 0 || !numbers.every((number) => /^\d{1,20}$/.test(number)))
    throw new Error("A person has numbers.");
  return `(${numbers.join(", ")})`;
};

type Where = (person: ErasedPerson, params: Params) => string;

const ofPerson: Where = ({ numbers }) => `person IN ${numbersSql(numbers)}`;
const received: Where = ({ cutOffMs }, params) => `received_at <= ${momentSql(cutOffMs, params)}`;
const said: Where = ({ saidUntilMs }, params) =>
  saidUntilMs === null ? "1" : `at <= ${momentSql(saidUntilMs, params)}`;
const all =
  (...parts: readonly Where[]): Where =>
  (person, params) =>
    parts.map((part) => part(person, params)).join(" AND ");

const visitors: Where = ({ visitorIds }, params) => `anonymous_id IN ${params.place("Array(String)", visitorIds)}`;

interface Place {
  readonly table: string;
  readonly where: Where;
  readonly blank?: Rewriting["blank"];
}

const PLACES: Partial<Readonly<Record<ErasureStep, Place>>> = {
  events: { table: "events", where: all(ofPerson, received) },
  // A device that somebody else used as well: the event is theirs, the id is not.
  idsInEventsOfOthers: { table: "events", where: all(visitors, received), blank: { anonymous_id: "''" } },
  eventsByPerson: { table: "events_by_person", where: all(ofPerson, received) },
  eventsInSample: { table: "events_sample", where: all(ofPerson, received) },
  idsInSampleOfOthers: { table: "events_sample", where: all(visitors, received), blank: { anonymous_id: "''" } },
  // The id of an event stays known, so that it is not taken again; whose it was and what it was called are not.
  eventIds: { table: "event_ids", where: all(ofPerson, received), blank: { person: "0", name: "''" } },
  traits: { table: "worker_traits", where: all(ofPerson, said) },
  cohortFacts: { table: "worker_cohort_changes", where: all(ofPerson, said) },
  cohortLists: { table: "worker_cohort_list", where: all(ofPerson, said) },
  linksInEventStore: {
    table: "worker_people",
    where: ({ numbers }) => `person IN ${numbersSql(numbers)} OR canonical IN ${numbersSql(numbers)}`,
  },
  // Of a tenant's own rollups: a property may hold an id, written with '=' in front.
  rollupRows: {
    table: "worker_rollup_rows",
    where: ({ ids }, params) =>
      `hasAny([k0, k1, k2, k3, k4, k5], ${params.place("Array(String)", [...ids, ...ids.map((id) => `=${id}`)])})`,
  },
  // They are computed again when they are asked for.
  keptAnswers: { table: "worker_answer_rows", where: () => "1" },
};

/** What a step of an erasure does in the event store; null for a step that does nothing there. */
export const erasureRewriting = (step: ErasureStep, person: ErasedPerson): Rewriting | null => {
  const place = PLACES[step];
  if (place === undefined) return null;
  const params = createParams();
  const where = place.where(person, params);
  return {
    table: place.table,
    where,
    params: params.values,
    ...(place.blank === undefined ? {} : { blank: place.blank }),
  };
};

/** Removes the results of jobs. */
export const jobResultsRewriting = (jobIds: readonly string[]): Rewriting => {
  const params = createParams();
  return { table: "job_results", where: `job_id IN ${params.place("Array(UUID)", jobIds)}`, params: params.values };
};

/** Jobs of a tenant whose results hold one of the texts. */
export const jobsTellingStatement = (tenantId: string, texts: readonly string[], most: number): StoreStatement => {
  const params = createParams();
  const text = `SELECT DISTINCT toString(job_id) AS id FROM job_results
    WHERE tenant_id = ${params.place("String", tenantId)} AND arrayExists(one -> position(row, one) > 0, ${params.place("Array(String)", texts)})
    LIMIT ${Math.trunc(most)}`;
  return { name: "jobs-telling-of-person", text, params: params.values };
};

/** Those among events that are the person's, or that were erased before. */
export const erasedAmongStatement = (
  tenantId: string,
  person: Pick<ErasedPerson, "numbers" | "cutOffMs">,
  eventIds: readonly string[],
): StoreStatement => {
  const params = createParams();
  const text = `SELECT DISTINCT toString(event_id) AS id FROM event_ids WHERE tenant_id = ${params.place("String", tenantId)}
    AND event_id IN ${params.place("Array(UUID)", eventIds)}
    AND (name = '' OR (person IN ${numbersSql(person.numbers)} AND received_at <= ${momentSql(person.cutOffMs, params)}))`;
  return { name: "erased-among-events", text, params: params.values };
};

/** Tells whether anything of the person was received after the cut-off. */
export const newerEventsStatement = (
  tenantId: string,
  person: Pick<ErasedPerson, "numbers" | "cutOffMs">,
): StoreStatement => {
  const params = createParams();
  const text = `SELECT '' AS id FROM events_by_person WHERE tenant_id = ${params.place("String", tenantId)}
    AND person IN ${numbersSql(person.numbers)} AND received_at > ${momentSql(person.cutOffMs, params)} LIMIT 1`;
  return { name: "newer-events-of-person", text, params: params.values };
};

const ids = z.object({ id: z.string() }).transform(({ id }) => id);
const idRow = (row: unknown): string => ids.parse(row);

/** How the erasure of a person is written to the event store. */
export const erasureStatements = {
  ...{ erasureRewriting, jobResultsRewriting, jobsTellingStatement, erasedAmongStatement, newerEventsStatement, idRow },
};

/** What the job is handed to write it. */
export type ErasureStatements = typeof erasureStatements;
