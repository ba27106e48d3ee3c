import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { AnalyticQuery } from "../domain/query.ts";
import type { CoarserGroups } from "../domain/subtotals.ts";
import { bodyOf, havingSql, orderSql, type OlapRequest } from "./olap-sql.ts";
import { createParams, type Params } from "./params.ts";
import { mergedOwnParts } from "./rollups/own-source-sql.ts";
import { keyAliases, mergedParts } from "./source-sql.ts";

/** Keys that remain in coarser groups, by their aliases in the question's statement. */
const remainingKeys = ({ query, kept }: CoarserGroups): readonly string[] => [
  ...(query.buckets === null ? [] : ["b"]),
  ...kept.map((place) => `d${place}`),
];

/** What `grouping` answers for some of the keys: a bit for each that is left out, the first key's the highest. */
const maskOf = (aliases: readonly string[], remaining: readonly string[]): number =>
  aliases.reduce((mask, alias) => 2 * mask + (remaining.includes(alias) ? 0 : 1), 0);

/** The number by which rows of coarser groups are known in the column `total` of {@link olapSetsStatement}. */
export const setOf = (query: AnalyticQuery, groups: CoarserGroups): number =>
  maskOf(keyAliases(query), remainingKeys(groups));

/** The number of the row over everything. */
export const totalSetOf = (query: AnalyticQuery): number => maskOf(keyAliases(query), []);

/** The keys of each set of groups but the question's own: the coarser ones', and none over everything. */
export const coarserSets = ({ coarser = [] }: Pick<OlapRequest, "coarser">): readonly string[] => [
  ...new Set([...coarser.map((groups) => remainingKeys(groups).join(", ")), ""]),
];

/**
 * Rows of a rollup are merged to the question's groups once, of which the coarser ones are made: sums, greatest and least values and sketches of sketches are what they are of the rows
 * themselves. Without it each row's sketches would be merged into each set.
 */
const sourceOf = ({ query, plan }: OlapRequest, from: string, params: Params): string => {
  if (plan.rollup === null) return from;
  const merged = plan.own === undefined ? mergedParts(query, plan.sketchBits) : mergedOwnParts(plan.own, params);
  if (merged === null) return from;
  const keys = [...keyAliases(query), ...merged.groups];
  return `(SELECT ${[...keys, ...merged.columns].join(", ")} FROM ${from} AS parts GROUP BY ${keys.join(", ")})`;
};

/**
 * One statement for a question's groups, fewer of them, and totals, over one reading of the tables: rows have `total` (0 for the question's groups, else {@link setOf}), the keys `b`, `d0` ... and
 * the measures `m0` ... . Of each set one row more than the limit tells that there is more.
 */
export const olapSetsStatement = (request: OlapRequest, tenantId: string): StoreStatement => {
  const params = createParams();
  const { query, limit } = request;
  const { keys, from, measures } = bodyOf(request, tenantId, params);
  const aliases = keyAliases(query);
  const text = [
    `SELECT grouping(${aliases.join(", ")}) AS total, ${[...keys, ...measures.map(({ select }, index) => `${select} AS m${index}`)].join(", ")}`,
    `FROM ${sourceOf(request, from, params)}`,
    `GROUP BY GROUPING SETS (${[aliases.join(", "), ...coarserSets(request)].map((set) => `(${set})`).join(", ")})`,
    ...havingSql(request.having, "total != 0", measures, params),
    `ORDER BY total DESC, ${orderSql(request, measures)}`,
    `LIMIT ${params.place("UInt64", limit + 1)} BY total`,
  ].join("\n");
  return { name: "olap-sets", text, params: params.values };
};
