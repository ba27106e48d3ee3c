import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Drawing } from "../domain/sampling.ts";
import { linesOfEvents, olapStatement, type OlapRequest } from "./olap-sql.ts";
import { createParams } from "./params.ts";
import { drawnSql, sampleStatement } from "./sample-sql.ts";
import { partWhere, stitchedReads } from "./source-sql.ts";

/** Something of each row that no part of the index tells, so that rows are what is estimated. */
const EACH_ROW = "countIf(notEmpty(name))";

/** Tables whose rows are found by conditions alone: the engine keeps `events_by_person` in two orders and chooses by what is asked for. */
const foundByConditions = ({ plan }: OlapRequest, drawing: Drawing | null): boolean =>
  drawing === null ? plan.own === undefined : drawing.sample.table !== "events_by_person";

/**
 * A statement that leaves the same rows to be read as a request, all of it or a sample, for the engine to estimate: laid out in 7 ms of processor time for each table, without
 * the groups, measures and orders that the statement which answers has beside.
 */
export const readsStatement = (request: OlapRequest, drawing: Drawing | null, tenantId: string): StoreStatement => {
  if (!foundByConditions(request, drawing))
    return drawing === null ? olapStatement(request, tenantId) : sampleStatement(request, drawing, tenantId);
  const params = createParams();
  const { query, plan, lines } = request;
  const of = (table: string, where: readonly string[]): string =>
    `SELECT ${EACH_ROW} FROM ${table} WHERE ${where.join(" AND ")}`;
  const ofEvents = (): readonly string[] =>
    plan.parts.map((part) =>
      of("events", [partWhere(part, query.filter, tenantId, params), ...linesOfEvents(query, lines, params)]),
    );
  const reads =
    drawing !== null
      ? [of(drawing.sample.table, [drawnSql(request, drawing.sample, tenantId, params)])]
      : plan.rollup === null
        ? ofEvents()
        : stitchedReads(query, plan, tenantId, params);
  return { name: "olap-reads", text: reads.join("\nUNION ALL\n"), params: params.values };
};
