import type { StoreStatement } from "@tessera/platform/store/event-store";
import { olapStatement, type OlapRequest } from "../olap-sql.ts";
import { keyAliases } from "../source-sql.ts";

/** Place of what tells about an answer. */
export const HEAD_PLACE = -1;

/** What a row of an answer consists of, by the names `olapStatement` gives it, in the order in which it is kept. */
export const keptColumns = ({ query }: Pick<OlapRequest, "query">): readonly string[] => [
  ...["total", ...keyAliases(query)],
  ...query.measures.map((_measure, index) => `m${index}`),
];

/** Computes all rows of an answer and keeps them in its order, totals first: the place of a row is its number in that order. */
export const keepAnswerStatement = (request: OlapRequest, tenantId: string, answerId: string): StoreStatement => {
  const { text, params } = olapStatement(request, tenantId);
  return {
    name: "keep-answer",
    text: [
      "INSERT INTO tessera.worker_answer_rows (tenant_id, answer_id, place, row)",
      "SELECT {answer_tenant: String}, {answer: UUID}, rowNumberInAllBlocks(),",
      `  toJSONString(tuple(${keptColumns(request).join(", ")}))`,
      `FROM (\n${text}\n)`,
    ].join("\n"),
    params: { ...params, answer_tenant: tenantId, answer: answerId },
  };
};

/** What tells about an answer, its totals, and the rows behind a place. */
export const answerPageStatement = (
  tenantId: string,
  answerId: string,
  after: number,
  first: number,
): StoreStatement => ({
  name: "answer-page",
  text: [
    "SELECT place, row FROM worker_answer_rows",
    "WHERE tenant_id = {tenant: String} AND answer_id = {answer: UUID}",
    "  AND (place < 1 OR (place > {after: Int64} AND place <= {last: Int64}))",
    "ORDER BY place",
  ].join("\n"),
  params: { tenant: tenantId, answer: answerId, after, last: after + first },
});

/** How many rows are kept of a tenant's answers. */
export const keptRowsStatement = (tenantId: string): StoreStatement => ({
  name: "kept-answer-rows",
  text: "SELECT count() AS rows FROM worker_answer_rows WHERE tenant_id = {tenant: String}",
  params: { tenant: tenantId },
});
