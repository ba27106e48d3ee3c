import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { fieldsOfUnit } from "../domain/analysis-unit.ts";
import { accessOf } from "../domain/access.ts";
import { approximationOf } from "../domain/asked-part.ts";
import { behaviourSource, type BehaviourSource } from "../domain/behaviour-source.ts";
import { fieldsOfMatcher } from "../domain/event-matcher.ts";
import { parseField } from "../domain/fields.ts";
import type { Field } from "../domain/field.ts";
import { fieldsOf as fieldsOfFilter } from "../domain/filter.ts";
import type { Approximation } from "../domain/planner.ts";
import { provenanceOf, type Cost } from "../domain/provenance.ts";
import type { Sampling } from "../domain/sampling.ts";
import { layOutMetrics, layOutPages } from "../domain/sessions/lay-out-metrics.ts";
import { parseSessionMetrics, parseSessions } from "../domain/sessions/parse-sessions.ts";
import {
  moneyText,
  type Session,
  type SessionConnection,
  type SessionMetricsAnswer,
} from "../domain/sessions/session-answer.ts";
import { formatSessionPlace, parseSessionPage, type SessionPage } from "../domain/sessions/session-page.ts";
import type { SessionMetricsInput, SessionsInput } from "../domain/sessions/sessions-input.ts";
import { reachOf, SESSION_LIMITS, sessionMarks, type SessionsQuestion } from "../domain/sessions/sessions.ts";
import { fromPart } from "./asked-part.ts";
import { atRange, tellRange, type Asked, type TellsRange } from "./at-range.ts";
import type { SessionsPlaceOfReading, StoredSession } from "../store/sessions-store.ts";
import {
  inSlices,
  readPageSlices,
  readSessionSlices,
  type ReadingSessions,
  type SessionNumbers,
  type SessionSlicesDeps,
} from "./read-session-slices.ts";

/** What questions about sessions need. */
export type SessionsDeps = SessionSlicesDeps;

const CAMPAIGN_FIELDS = ["utmSource", "utmMedium", "utmCampaign"];

/** Fields that sessions are made and filtered by. */
export const fieldsOfSessions = (question: SessionsQuestion): readonly Field[] => {
  const { definition, currency, filter } = question;
  const unit = definition.kind === "GAP" ? fieldsOfUnit(definition.unit) : [];
  const named = [
    ...(definition.kind === "SENT" ? ["sessionId"] : []),
    ...(definition.kind === "GAP" && definition.bySource ? ["source"] : []),
    ...(definition.kind === "GAP" && definition.cutAtCampaign ? CAMPAIGN_FIELDS : []),
    ...(currency === null ? [] : ["revenue", "currency"]),
  ];
  return [
    ...named.map((name) => parseField(name, "input")),
    ...unit,
    ...fieldsOfFilter(filter),
    ...sessionMarks(question).matchers.flatMap(fieldsOfMatcher),
  ];
};

const refuseTooManyLines = (lines: number): void => {
  if (lines <= SESSION_LIMITS.lines) return;
  throw refuse(
    "BAD_INPUT",
    `The groups and buckets make more than ${SESSION_LIMITS.lines.toLocaleString("en-US")} lines: break down by fewer fields, or take wider buckets.`,
    { field: "input.breakdown" },
  );
};

const placeOf = (question: SessionsQuestion, table: SessionsPlaceOfReading["table"]): SessionsPlaceOfReading => ({
  ...{ table, marks: sessionMarks(question), reach: reachOf(question.range) },
});

/** Refuses with QUERY_TOO_COSTLY sessions of more events than may be looked at. */
export const refuseTooManySessions = (events: number): void => {
  if (events <= SESSION_LIMITS.events) return;
  throw refuse(
    "QUERY_TOO_COSTLY",
    `The sessions would be made of ${events.toLocaleString("en-US")} events, more than ${SESSION_LIMITS.events.toLocaleString("en-US")}: take a shorter range, or a \`filter\` that leaves fewer events.`,
    { field: "input.range", events, limit: SESSION_LIMITS.events },
  );
};

/** Who is told, and how sure the answer is. */
interface Told {
  readonly caller: Caller;
  readonly approximations: readonly Approximation[];
  readonly sampling: Sampling | null;
}

const provenance = (
  question: SessionsQuestion,
  sources: readonly BehaviourSource[],
  costs: readonly Cost[],
  asOfMs: number,
  { caller, approximations, sampling }: Told,
) => {
  const tables = [...new Set(sources.map(({ table }) => table))];
  const rejected = new Map(sources.flatMap((source) => source.rejected).map((one) => [one.reason, one]));
  const facts = {
    parts: tables.map((table) => ({ table, ...reachOf(question.range) })),
    rejected: [...rejected.values()],
    approximations,
  };
  return provenanceOf(facts, costs, asOfMs, question.timeZone, caller.dataPolicy, sampling);
};

const toSession = (question: SessionsQuestion, { money, converted, ...stored }: StoredSession): Session => ({
  ...stored,
  converted: question.conversion === null ? null : converted,
  revenue: question.currency === null ? null : moneyText(money),
});

/** A question for a page of sessions, whose range may be relative to now. */
export interface SessionsAsked {
  readonly input: Asked<SessionsInput>;
  readonly first?: number;
  readonly after?: string | null | undefined;
}

/** Finds which sessions are on a page and one more: at once, or of many events in slices of their units. */
const readPlaces = async (
  deps: SessionsDeps,
  reading: Parameters<typeof readPageSlices>[1],
  page: SessionPage,
  events: number,
): ReturnType<typeof readPageSlices> => {
  if (inSlices(deps, events)) return readPageSlices(deps, reading, page, events);
  const { caller, question, place, signal } = reading;
  const { rows, statistics } = await deps.sessions.page(caller, question, place, page, signal);
  return { rows, costs: [statistics] };
};

/** Answers `sessions`: one page of them, newest first; which they are is read first, then what is told of them. */
export const querySessions =
  (deps: SessionsDeps) =>
  async (
    caller: Caller,
    { input: given, ...page }: SessionsAsked,
    signal?: AbortSignal,
  ): Promise<SessionConnection & TellsRange> => {
    const asOfMs = deps.nowMs();
    const input = atRange<SessionsInput>(given, asOfMs);
    const asked = parseSessionPage(page);
    const question = parseSessions(input, accessOf(caller));
    const source = behaviourSource(fieldsOfSessions(question), caller.dataPolicy);
    const place = placeOf(question, source.table);
    const size = await deps.sessions.size(caller, question, place, signal);
    const found = await readPlaces(deps, { caller, question, place, signal }, asked, size.rows[0] ?? 0);
    const shown = found.rows.slice(0, asked.first);
    const of = { units: [...new Set(shown.map(({ unit }) => unit))], ids: shown.map(({ id }) => id) };
    const details =
      shown.length === 0
        ? null
        : await deps.sessions.details(caller, question, placeOf(question, "events"), of, signal);
    const edges = (details?.rows ?? []).map((stored) => ({
      cursor: formatSessionPlace(stored),
      node: toSession(question, stored),
    }));
    const costs = [size.statistics, ...found.costs, ...(details === null ? [] : [details.statistics])];
    const told: BehaviourSource = { table: "events", rejected: [] };
    const connection = {
      edges,
      pageInfo: {
        hasNextPage: found.rows.length > asked.first,
        hasPreviousPage: asked.after !== null,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
      provenance: provenance(question, [source, told], costs, asOfMs, { caller, approximations: [], sampling: null }),
    };
    return tellRange(connection, input);
  };

/** Reads numbers over sessions: at once, or of many events in slices of their units. */
const readNumbers = async (deps: SessionsDeps, reading: ReadingSessions, events: number): Promise<SessionNumbers> => {
  const { caller, question, place, pagesPlace, signal } = reading;
  if (inSlices(deps, events)) return readSessionSlices(deps, reading, events);
  const [metrics, pages] = await Promise.all([
    deps.sessions.metrics(caller, question, place, SESSION_LIMITS.lines, signal),
    question.pages === 0 ? null : deps.sessions.pages(caller, question, pagesPlace, signal),
  ]);
  refuseTooManyLines(metrics.rows.length);
  const costs = [metrics.statistics, ...(pages === null ? [] : [pages.statistics])];
  return { lines: metrics.rows, pages: pages?.rows ?? null, costs, approximations: [] };
};

/** Answers `sessionMetrics`: numbers over sessions, over time and by group, and what pages are to them. */
export const querySessionMetrics =
  (deps: SessionsDeps) =>
  async (caller: Caller, input: SessionMetricsInput, signal?: AbortSignal): Promise<SessionMetricsAnswer> => {
    const asked = parseSessionMetrics(input, accessOf(caller));
    const fields = [...fieldsOfSessions(asked), ...asked.breakdown];
    const source = behaviourSource(fields, caller.dataPolicy);
    const pageSource = behaviourSource([...fields, asked.page], caller.dataPolicy);
    const asOfMs = deps.nowMs();
    const looked = { table: source.table, range: reachOf(asked.range), matchers: [{ names: [], filter: null }] };
    const drawn = await fromPart(deps.sessions, { caller, asked: asked.asked, looked, signal }, async (part) => {
      const question = { ...asked, part };
      const place = placeOf(question, source.table);
      // A part that was chosen by how much there is to read needs no counting.
      const size = part.exactRows === null ? await deps.sessions.size(caller, question, place, signal) : null;
      const events = size === null ? (part.exactRows ?? 0) * part.fraction : (size.rows[0] ?? 0);
      const reading = { caller, question, place, pagesPlace: placeOf(question, pageSource.table), signal };
      const numbers = await readNumbers(deps, reading, events);
      return { question, size, numbers };
    });
    const { question, size, numbers } = drawn.answer;
    const { lines, pages } = numbers;
    const answer = layOutMetrics(question, lines);
    const costs = [...(size === null ? [] : [size.statistics]), ...numbers.costs];
    const all = lines.find(({ values, bucket }) => values === null && bucket === null)?.sums;
    const drawing = approximationOf(drawn.part, "sessions", all?.sessions ?? 0, all?.squares ?? 0);
    const told = { caller, approximations: [...drawing, ...numbers.approximations], sampling: drawn.sampling };
    return {
      ...answer,
      ...(pages === null ? { pages: [], pageCount: null } : layOutPages(question, pages, answer.total.sessions)),
      provenance: provenance(
        question,
        pages === null ? [source] : [source, pageSource],
        [...costs, ...drawn.costs],
        ...([asOfMs, told] as const),
      ),
    };
  };
