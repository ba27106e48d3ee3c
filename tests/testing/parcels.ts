import { randomUUID } from "node:crypto";
import { expect } from "@jest/globals";
import { CORRELATION_MATCHED } from "@tessera/contracts/events/correlation-matched";
import type { EngineConnections } from "@tessera/platform/engines/embedded-engines";
import pg from "pg";
import { z } from "zod";
import type { SenderTarget } from "./event-senders.ts";
import { eventually, pause } from "./eventually.ts";
import type { TesseraClient } from "./tessera-client.ts";

/** Milliseconds between two requests of events. */
const PAUSE_MS = 60;
/** Milliseconds in which a number of requests are sent on a machine that is busy with other tests. */
const PATIENCE_FOR_ALL_MS = 120_000;
/** Lateness and windows of the rules; events come up to 2.5 s late, and each fifteenth too late. */
const [LATENESS, WINDOW_MS] = ["PT3S", 4_000];

interface MatchRange {
  readonly from: string;
  readonly to: string;
}

const PARTS = [
  { name: "handed", events: ["parcel_handed"], key: ["properties.parcel"] },
  { name: "received", events: ["parcel_received"], key: ["properties.parcel"] },
] as const;
const PATTERNS = [
  { kind: "SEQUENCE", parts: PARTS, window: "PT4S", lateness: LATENESS },
  { kind: "ABSENCE", parts: [PARTS[0], { ...PARTS[1], absent: true }], window: "PT2S", lateness: LATENESS },
];

const runShape = z.object({ since: z.string() });
const ruleShape = z.object({ correlationRule: z.object({ run: runShape }) });
const runOf = async (client: TesseraClient, id: string) =>
  (await client.ask(ruleShape, "query ($id: ID!) { correlationRule(id: $id) { run { since } } }", { id }))
    .correlationRule.run;

/** Rules over what becomes of parcels: a sequence and an absence; answers from when on both run. */
export const defineParcelRules = async (
  client: TesseraClient,
): Promise<{ readonly ids: readonly string[]; readonly sinceMs: number }> => {
  const shape = z.object({ defineCorrelationRule: z.object({ rule: z.object({ id: z.string() }) }) });
  const text =
    "mutation ($input: DefineCorrelationRuleInput!) { defineCorrelationRule(input: $input) { ... on CorrelationRuleDefined { rule { id } } } }";
  const ids: string[] = [];
  for (const pattern of PATTERNS) {
    const input = { name: `parcels_${pattern.kind.toLowerCase()}`, pattern };
    ids.push((await client.ask(shape, text, { input })).defineCorrelationRule.rule.id);
  }
  const since = await Promise.all(ids.map(async (id) => Date.parse((await runOf(client, id)).since)));
  return { ids, sinceMs: Math.max(...since) };
};

/** Sends what becomes of parcels from a moment on: out of order, some of it never, some too late. */
export const sendParcels = (target: SenderTarget, sinceMs: number) => {
  let [parcel, running] = [0, true];
  const eventOf = (name: string, of: number, delayMs: number) => ({
    ...{ id: randomUUID(), name, userId: `sender-${of % 7}`, properties: { parcel: `p${of}` } },
    time: new Date(Date.now() - delayMs).toISOString(),
  });
  const post = async (events: readonly object[]): Promise<void> => {
    const answer = await fetch(`${target.url()}/api/v2/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${target.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(20_000),
    });
    expect(answer.status).toBe(200);
  };
  const send = async (): Promise<void> => {
    // What happened before the run began is none of it, and would only wait.
    while (Date.now() < sinceMs + 3_000) await pause(PAUSE_MS);
    for (; running; parcel += 1) {
      const events = [eventOf("parcel_handed", parcel, 1_000 + ((parcel * 37) % 1_500))];
      if (parcel % 3 !== 0)
        events.unshift(eventOf("parcel_received", parcel, parcel % 15 === 1 ? 8_000 : (parcel * 53) % 900));
      // Sent again with the same ids until they are taken: a busy machine may have no room for a moment.
      await eventually(() => post(events));
      await pause(PAUSE_MS);
    }
  };
  const sending = send();
  return {
    /** Resolves after so many more requests. */
    more: async (requests: number): Promise<void> => {
      const goal = parcel + requests;
      await eventually(() => expect(parcel).toBeGreaterThanOrEqual(goal), PATIENCE_FOR_ALL_MS);
    },
    /** Ends the stream; answers a moment by which every window has ended. */
    stop: async (): Promise<number> => {
      running = false;
      await sending;
      return Date.now() + WINDOW_MS;
    },
  };
};

/** Ids of the matches that were found live, page by page. */
export const liveMatches = async (
  client: TesseraClient,
  rule: string,
  range: MatchRange,
): Promise<readonly string[]> => {
  const shape = z.object({
    correlationMatches: z.object({
      edges: z.array(z.object({ node: z.object({ id: z.string() }) })),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    }),
  });
  const text = `query ($rule: ID!, $range: TimeRangeInput, $after: Cursor) { correlationMatches(rule: $rule, range: $range, first: 37, after: $after) {
    edges { node { id } } pageInfo { hasNextPage endCursor } } }`;
  const pageAfter = async (after: string | null): Promise<readonly string[]> => {
    const { edges, pageInfo } = (await client.ask(shape, text, { rule, range, after })).correlationMatches;
    const ids = edges.map(({ node }) => node.id);
    return pageInfo.hasNextPage ? [...ids, ...(await pageAfter(pageInfo.endCursor))] : ids;
  };
  return pageAfter(null);
};

/** Ids of the matches that a backtest over stored events finds. */
export const storedMatches = async (
  client: TesseraClient,
  rule: string,
  range: MatchRange,
): Promise<readonly string[]> => {
  const shape = z.object({
    backtestCorrelationRule: z.object({ total: z.number(), matches: z.array(z.object({ id: z.string() })) }),
  });
  const text =
    "query ($input: BacktestCorrelationRuleInput!) { backtestCorrelationRule(input: $input) { total matches { id } } }";
  const { total, matches } = (await client.ask(shape, text, { input: { rule, range, first: 1_000 } }))
    .backtestCorrelationRule;
  expect(matches).toHaveLength(total);
  return matches.map(({ id }) => id);
};

/** Ids of the matches of a rule that the event log tells of, in order of the ids; one that is told twice is there twice. */
export const toldMatches = async (
  { postgres }: EngineConnections,
  tenantId: string,
  rule: string,
): Promise<readonly string[]> => {
  const owner = new pg.Client({ connectionString: postgres.ownerUrl });
  await owner.connect();
  try {
    const { rows } = await owner.query<{ id: string }>(
      "SELECT payload->>'matchId' AS id FROM event_log WHERE tenant_id = $1 AND topic = $2 AND payload->>'ruleId' = $3 ORDER BY 1",
      [tenantId, CORRELATION_MATCHED, rule],
    );
    return rows.map(({ id }) => id).toSorted();
  } finally {
    await owner.end();
  }
};
