import type { Provenance } from "../provenance.ts";

/** A session, as in the SDL. */
export interface Session {
  readonly id: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly activeMs: number;
  readonly events: number;
  readonly pageViews: number;
  readonly entryName: string;
  readonly exitName: string;
  readonly entryPage: string | null;
  readonly exitPage: string | null;
  readonly sessionId: string | null;
  readonly source: string | null;
  readonly utmSource: string | null;
  readonly utmMedium: string | null;
  readonly utmCampaign: string | null;
  readonly country: string | null;
  readonly device: string | null;
  readonly bounced: boolean;
  readonly engaged: boolean;
  readonly converted: boolean | null;
  readonly revenue: string | null;
  readonly userId: string | null;
  readonly anonymousId: string | null;
}

/** A page of sessions, as in the SDL. */
export interface SessionConnection {
  readonly edges: readonly { readonly cursor: string; readonly node: Session }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly provenance: Provenance;
}

/** Numbers over a set of sessions as the store adds them up. */
export interface SessionSums {
  readonly sessions: number;
  /** Sum over persons of the square of how many there are, where a part of the persons was looked at; 0 where all were. */
  readonly squares: number;
  readonly people: number;
  readonly units: number;
  readonly events: number;
  readonly pageViews: number;
  readonly durationMs: number;
  readonly durationsMs: readonly number[];
  readonly activeMs: number;
  readonly bounced: number;
  readonly engaged: number;
  readonly converted: number;
  /** In ten-thousandths of the currency. */
  readonly money: bigint;
}

/** Numbers over a set of sessions, as in the SDL. */
export interface SessionMeasures {
  readonly sessions: number;
  /** Standard error of `sessions`; null unless they are estimated. */
  readonly sessionsError: number | null;
  readonly people: number;
  readonly units: number;
  readonly events: number;
  readonly eventsPerSession: number | null;
  readonly pageViews: number;
  readonly pagesPerSession: number | null;
  readonly meanDurationSeconds: number | null;
  readonly durationQuantilesSeconds: readonly (number | null)[];
  readonly meanActiveSeconds: number | null;
  readonly bounced: number;
  readonly bounceRate: number | null;
  readonly engaged: number;
  readonly engagementRate: number | null;
  readonly converted: number | null;
  readonly conversionRate: number | null;
  readonly revenue: string | null;
  readonly revenuePerSession: number | null;
}

/** A page's part in sessions, as in the SDL. */
export interface SessionPageUse {
  readonly page: string;
  readonly sessions: number;
  readonly pageViews: number;
  readonly entries: number;
  readonly entryRate: number | null;
  readonly exits: number;
  readonly exitRate: number;
  readonly bounced: number;
  readonly bounceRate: number | null;
}

/** The sessions of some values, as in the SDL. */
export interface SessionGroup {
  readonly values: readonly (string | null)[];
  readonly measures: SessionMeasures;
  readonly series: readonly SessionMeasures[];
}

/** An answer to `sessionMetrics`, as in the SDL. */
export interface SessionMetricsAnswer {
  readonly total: SessionMeasures;
  readonly buckets: readonly string[];
  readonly series: readonly SessionMeasures[];
  readonly groups: readonly SessionGroup[];
  readonly groupCount: number;
  readonly pages: readonly SessionPageUse[];
  readonly pageCount: number | null;
  readonly provenance: Provenance;
}

const SCALE = 10_000n;

/** Writes ten-thousandths as a decimal without trailing zeros, as the store prints money. */
export const moneyText = (tenThousandths: bigint): string => {
  const absolute = tenThousandths < 0n ? -tenThousandths : tenThousandths;
  const fraction = String(absolute % SCALE)
    .padStart(4, "0")
    .replace(/0+$/, "");
  return `${tenThousandths < 0n ? "-" : ""}${absolute / SCALE}${fraction === "" ? "" : `.${fraction}`}`;
};
