import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { AnomalyRoom } from "./anomaly-room.ts";

const changed = z.object({
  payload: z.object({
    ...{ ruleName: z.string(), group: z.array(z.object({ value: z.string() })), anomalyId: z.string().nullable() },
    ...{ from: z.string(), to: z.string(), atMs: z.number(), sinceMs: z.number().nullable(), notify: z.boolean() },
    ...{ reason: z.string(), severity: z.string() },
  }),
});
/** An episode of an alert, as far as the evaluator and a simulation both tell it. */
export interface Episode {
  readonly series: string;
  readonly severity: string;
  readonly from: string;
  readonly toldAt: string | null;
  readonly until: string | null;
  readonly endedBy: string | null;
  readonly tellings: number;
}
const text = (ms: number): string => new Date(ms).toISOString();
const inOrder = (episodes: readonly Episode[]): readonly Episode[] =>
  episodes.toSorted((a, b) => `${a.series} ${a.from}`.localeCompare(`${b.series} ${b.from}`));
const isOpen = (state: string): boolean => ["FIRING", "ACKNOWLEDGED", "RESOLVING"].includes(state);

/** What the evaluator has said of a rule by its name, episode by episode, read off the event log. */
export const evaluatedEpisodes = async (
  { engines }: Pick<AnomalyRoom, "engines">,
  tenantId: TenantId,
  rule: string,
): Promise<readonly Episode[]> => {
  const { rows } = await engines.owner.query(
    "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = 'alert.changed' AND payload->>'ruleName' = $2 ORDER BY transaction_id, sequence",
    [tenantId, rule],
  );
  const steps = rows.map((row) => changed.parse(row).payload);
  const ids = [...new Set(steps.flatMap(({ anomalyId }) => (anomalyId === null ? [] : [anomalyId])))];
  return inOrder(
    ids.flatMap((id): Episode[] => {
      const own = steps.filter(({ anomalyId }) => anomalyId === id);
      const opening = own.find(({ from, to }) => !isOpen(from) && isOpen(to));
      if (opening === undefined) return [];
      const ending = own.find(({ from, to }) => isOpen(from) && !isOpen(to));
      const told = own.filter(({ notify }) => notify);
      return [
        {
          ...{ series: opening.group[0]?.value ?? "", severity: own.findLast(({ to }) => isOpen(to))?.severity ?? "" },
          ...{ from: text(opening.sinceMs ?? opening.atMs), toldAt: told[0] === undefined ? null : text(told[0].atMs) },
          ...{ until: ending === undefined ? null : text(ending.atMs), endedBy: ending?.reason ?? null },
          tellings: told.length,
        },
      ];
    }),
  );
};

const SIMULATE = `query ($rule: ID!, $from: DateTime!, $to: DateTime!) { result: simulateRule(rule: $rule, from: $from, to: $to) {
  episodes { group { value } severity from toldAt until endedBy tellings } } }`;
const answer = z.object({
  result: z.object({
    episodes: z.array(
      z.object({
        ...{ group: z.array(z.object({ value: z.string() })), severity: z.string(), from: z.string() },
        ...{ toldAt: z.string().nullable(), until: z.string().nullable(), endedBy: z.string().nullable() },
        tellings: z.number(),
      }),
    ),
  }),
});
/** What a simulation of a rule says of a range, in the same order. */
export const simulatedEpisodes = async (
  { ask }: { readonly ask: (document: string, variables: object) => Promise<{ readonly data?: unknown }> },
  rule: string,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly Episode[]> => {
  const asked = await ask(SIMULATE, { rule, from: text(range.fromMs), to: text(range.toMs) });
  return inOrder(
    answer.parse(asked.data).result.episodes.map(({ group, ...same }) => ({ series: group[0]?.value ?? "", ...same })),
  );
};
