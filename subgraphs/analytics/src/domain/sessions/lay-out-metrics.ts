import { estimated, standardErrorOf, type Part } from "../asked-part.ts";
import { formatInZone } from "../zone.ts";
import {
  moneyText,
  type SessionGroup,
  type SessionMeasures,
  type SessionMetricsAnswer,
  type SessionPageUse,
  type SessionSums,
} from "./session-answer.ts";
import type { SessionMetricsQuestion } from "./sessions.ts";

/** Numbers over the sessions of a group, a bucket, both or neither, as the store tells them. */
export interface SessionLine {
  /** Values of the breakdown, `=` and the value, or the empty text for none; null for all together. */
  readonly values: readonly string[] | null;
  /** Start of the bucket, seconds since the epoch; null for all together. */
  readonly bucket: number | null;
  readonly sums: SessionSums;
}

/** A page as the store counts it. */
export interface PageLine {
  readonly page: string;
  readonly sessions: number;
  readonly pageViews: number;
  readonly entries: number;
  readonly exits: number;
  readonly bounced: number;
  /** Pages there are in all. */
  readonly pages: number;
}

const NONE: SessionSums = {
  ...{
    sessions: 0,
    squares: 0,
    people: 0,
    units: 0,
    events: 0,
    pageViews: 0,
    durationMs: 0,
    durationsMs: [],
    activeMs: 0,
  },
  ...{ bounced: 0, engaged: 0, converted: 0, money: 0n },
};

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

const upMoney = ({ fraction }: Part, money: bigint): bigint =>
  fraction === 1 ? money : BigInt(Math.round(Number(money) / fraction));

const measuresOf = (question: SessionMetricsQuestion, sums: SessionSums): SessionMeasures => {
  const { sessions } = sums;
  const { part: of } = question;
  const perSession = (part: number): number | null => ratio(part, sessions);
  const up = (count: number): number => estimated(of, count);
  return {
    ...{ sessions: up(sessions), sessionsError: standardErrorOf(of, sums.squares) },
    ...{ people: up(sums.people), units: up(sums.units), events: up(sums.events), pageViews: up(sums.pageViews) },
    eventsPerSession: perSession(sums.events),
    pagesPerSession: perSession(sums.pageViews),
    meanDurationSeconds: perSession(sums.durationMs / 1_000),
    durationQuantilesSeconds: question.levels.map((_level, place) => {
      const time = sums.durationsMs[place];
      return sessions === 0 || time === undefined ? null : time / 1_000;
    }),
    meanActiveSeconds: perSession(sums.activeMs / 1_000),
    ...{ bounced: up(sums.bounced), bounceRate: perSession(sums.bounced) },
    ...{ engaged: up(sums.engaged), engagementRate: perSession(sums.engaged) },
    converted: question.conversion === null ? null : up(sums.converted),
    conversionRate: question.conversion === null ? null : perSession(sums.converted),
    revenue: question.currency === null ? null : moneyText(upMoney(of, sums.money)),
    revenuePerSession: question.currency === null ? null : perSession(Number(sums.money) / 10_000),
  };
};

const valueOf = (text: string): string | null => (text === "" ? null : text.slice(1));

const byKey = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Lays the numbers of sessions out: together, over time, and by group, the groups of most sessions first. */
export const layOutMetrics = (
  question: SessionMetricsQuestion,
  lines: readonly SessionLine[],
): Pick<SessionMetricsAnswer, "total" | "buckets" | "series" | "groups" | "groupCount"> => {
  const starts = question.buckets?.startsMs ?? [];
  const keyOf = (values: readonly string[] | null): string => JSON.stringify(values);
  const found = new Map(lines.map((line) => [`${line.bucket ?? ""} ${keyOf(line.values)}`, line.sums]));
  const measures = (values: readonly string[] | null, bucket: number | null): SessionMeasures =>
    measuresOf(question, found.get(`${bucket ?? ""} ${keyOf(values)}`) ?? NONE);
  const series = (values: readonly string[] | null): readonly SessionMeasures[] =>
    starts.map((start) => measures(values, start / 1_000));
  const groups = lines
    .filter(({ values, bucket }) => values !== null && bucket === null)
    .toSorted((a, b) => b.sums.sessions - a.sums.sessions || byKey(keyOf(a.values), keyOf(b.values)));
  return {
    total: measures(null, null),
    buckets: starts.map((start) => formatInZone(start, question.offsetAt)),
    series: series(null),
    groups: groups.slice(0, question.first).map(({ values }): SessionGroup => ({
      values: (values ?? []).map(valueOf),
      measures: measures(values, null),
      series: series(values),
    })),
    groupCount: groups.length,
  };
};

/** Lays out what pages are to sessions, of which there are so many in all, from the pages of a part of the persons. */
export const layOutPages = (
  { part }: Pick<SessionMetricsQuestion, "part">,
  lines: readonly PageLine[],
  sessions: number,
): Pick<SessionMetricsAnswer, "pages" | "pageCount"> => ({
  pageCount: lines[0]?.pages ?? 0,
  pages: lines.map(({ pages: _pages, ...line }): SessionPageUse => ({
    ...line,
    ...{ sessions: estimated(part, line.sessions), pageViews: estimated(part, line.pageViews) },
    ...{ entries: estimated(part, line.entries), exits: estimated(part, line.exits) },
    bounced: estimated(part, line.bounced),
    entryRate: ratio(estimated(part, line.entries), sessions),
    exitRate: line.exits / line.sessions,
    bounceRate: ratio(line.bounced, line.entries),
  })),
});
