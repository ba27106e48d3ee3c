import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { PeopleStatement } from "../../domain/people-statement.ts";
import { olapStatement, type OlapRequest } from "../olap-sql.ts";
import { createParams } from "../params.ts";
import { keyAliases } from "../source-sql.ts";

/** Place of what tells about an answer. */
export const HEAD_PLACE = -1;

/** The first place of members that are kept for the pages of an answer; the others stand below it. */
const FIRST_MEMBER_PLACE = -2;

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

/** Members that are copied: which, under what id, and how many at most; one more tells that there are more. */
export interface MembersCopy {
  readonly id: string;
  readonly members: PeopleStatement;
  /** Whether people stand for all numbers that count as theirs now, so that events are theirs whatever is linked later. */
  readonly whole: "AS_STORED" | "WITH_LINKED";
  readonly most: number;
}

/** Copies the members of a cohort: their numbers, as rows of no answer. */
export const copyMembersStatement = ({ id, members, whole, most }: MembersCopy, tenantId: string): StoreStatement => {
  const params = createParams();
  const tenant = params.place("String", tenantId);
  const linked =
    `SELECT person FROM worker_people WHERE tenant_id = ${tenant} ` +
    `GROUP BY person HAVING argMax(canonical, version) IN (${members(params)})`;
  const people = [`SELECT person FROM (${members(params)})`, ...(whole === "WITH_LINKED" ? [linked] : [])];
  const text = [
    "INSERT INTO tessera.worker_answer_rows (tenant_id, answer_id, place, row)",
    `SELECT ${tenant}, ${params.place("UUID", id)}, ${FIRST_MEMBER_PLACE} - toInt64(rowNumberInAllBlocks()), toString(person)`,
    `FROM (SELECT DISTINCT person FROM (${people.join(" UNION ALL ")}) LIMIT ${params.place("UInt64", most + 1)})`,
  ].join("\n");
  return { name: "copy-members", text, params: params.values };
};

/** The members of a copy, as a statement that gives the number of each once. */
export const copiedMembersSql =
  (tenantId: string, id: string): PeopleStatement =>
  (params) =>
    `SELECT toUInt64(row) AS person FROM worker_answer_rows WHERE tenant_id = ${params.place("String", tenantId)} ` +
    `AND answer_id = ${params.place("UUID", id)} AND place <= ${FIRST_MEMBER_PLACE}`;

/** How many members of a copy are there. */
export const copiedMembersStatement = (tenantId: string, id: string): StoreStatement => {
  const params = createParams();
  const text = `SELECT count() AS rows FROM (${copiedMembersSql(tenantId, id)(params)})`;
  return { name: "copied-members", text, params: params.values };
};
