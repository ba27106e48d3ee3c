import type { StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { AttributionBehind, AttributionCell, JourneyModel } from "../../domain/behind/attribution-cell.ts";
import type { BehindEventsPage } from "../../domain/behind/behind-page.ts";
import { stepsSql } from "../attribution-sql.ts";
import { createParams, type Params } from "../params.ts";
import type { BehindSql } from "./behind-sql.ts";

/** Who asks for what is behind a number of attribution. */
export interface AttributionReader {
  readonly tenantId: string;
  readonly stitched: boolean;
}

/** Weight of each touchpoint by a model; credit is in proportion, and even where there is none. */
const weightsSql = (model: JourneyModel, directLabels: readonly string[], params: Params): string => {
  const at = (place: string): string => `arrayMap(place -> toFloat64(place = ${place}), arrayEnumerate(steps))`;
  const number = (value: number): string => params.place("Float64", value);
  switch (model.kind) {
    case "FIRST":
      return at("1");
    case "LAST":
      return at("length(steps)");
    case "LAST_NON_DIRECT": {
      const last = `arrayLastIndex(step -> NOT has(${params.place("Array(String)", directLabels)}, step), steps)`;
      return at(`if(${last} = 0, length(steps), ${last})`);
    }
    case "LINEAR":
      return "arrayMap(step -> toFloat64(1), steps)";
    case "POSITION": {
      const between = `${number(model.middle)} / (length(steps) - 2)`;
      const weight = `multiIf(length(steps) = 1, 1, place = 1, ${number(model.first)}, place = length(steps), ${number(model.last)}, ${between})`;
      return `arrayMap(place -> toFloat64(${weight}), arrayEnumerate(steps))`;
    }
    case "POSITION_DECAY":
      return `arrayMap(place -> exp2((toInt64(place) - toInt64(length(steps))) / ${number(model.halfLifeSteps)}), arrayEnumerate(steps))`;
    case "TIME_DECAY":
      return `arrayMap(age -> exp2((ages[-1] - age) / ${number(model.halfLifeMs)}), ages)`;
    case "SHAPLEY":
      return "arrayMap(step -> 1 / countEqual(steps, step), steps)";
  }
};

/** The credit of each touchpoint of a journey, and of the label that is asked about or of all. */
const creditSql = ({ model, label }: AttributionCell, directLabels: readonly string[], params: Params): string => {
  if (model === null) return "CAST([], 'Array(Float64)') AS shares, toFloat64(0) AS credit";
  const even = "arrayMap(weight -> 1 / length(weights), weights)";
  const shares = `if(arraySum(weights) > 0, arrayMap(weight -> weight / arraySum(weights), weights), ${even})`;
  const own = label === null ? "share" : `if(step = ${params.place("String", label)}, share, 0)`;
  return [
    `${weightsSql(model, directLabels, params)} AS weights`,
    `${shares} AS shares`,
    `arraySum(arrayMap((share, step) -> ${own}, shares, steps)) AS credit`,
  ].join(", ");
};

const cellSql = ({ label, role, model, path }: AttributionCell, params: Params): readonly string[] => {
  const of = params.place("String", label ?? "");
  const roles = {
    ANY: `has(steps, ${of})`,
    FIRST: `steps[1] = ${of}`,
    LAST: `steps[-1] = ${of}`,
    ASSISTED: `has(steps, ${of}) AND steps[-1] != ${of}`,
  };
  return [
    ...(label === null ? [] : ["notEmpty(steps)", roles[role]]),
    ...(model === null ? [] : ["credit > 0"]),
    ...(path === null ? [] : [`steps = ${params.place("Array(String)", path)}`]),
  ];
};

/** A row for each journey a number counts, named by the conversion it ended in, or by its last touchpoint: `journey`. */
const journeysSql = (
  { question, cell }: AttributionBehind,
  { tenantId, stitched }: AttributionReader,
  params: Params,
): string => {
  const request = { question, of: cell.of, table: "events", stitched, slice: null, listed: true } as const;
  const credit = creditSql(cell, question.directLabels, params);
  const converted = cell.outcome === "CONVERTED";
  const where = [`outcome = ${converted ? 1 : 0}`, ...cellSql(cell, params)].join(" AND ");
  return `SELECT *, ${converted ? "won_id" : "step_ids[-1]"} AS journey, ${credit} FROM (${stepsSql(request, tenantId, params)}) WHERE ${where}`;
};

/** The conversions that a number of `attribution` counts, or the touchpoints of the journeys that ended in none. */
export const attributionBehindSql =
  (behind: AttributionBehind, reader: AttributionReader): BehindSql =>
  (params) => {
    const shown =
      behind.cell.outcome === "CONVERTED"
        ? "[(won_by, ended, won_id)]"
        : "arrayZip(step_persons, arrayMap(age -> ended - age, ages), step_ids)";
    return (
      "SELECT journey AS unit, event.1 AS person, event.2 AS at, event.3 AS id " +
      `FROM (SELECT journey, arrayJoin(${shown}) AS event FROM (${journeysSql(behind, reader, params)}))`
    );
  };

/** One row: the conversions and the value that a model gives to what is asked about. */
export const creditsBehindStatement = (behind: AttributionBehind, reader: AttributionReader): StoreStatement => {
  const params = createParams();
  const text = `SELECT sum(credit) AS all_credit, sum(credit * worth) AS credited_value FROM (${journeysSql(behind, reader, params)})`;
  return { name: "behind-credits", text, params: params.values };
};

const creditsRow = z
  .object({ all_credit: z.coerce.number(), credited_value: z.coerce.number() })
  .transform(({ all_credit, credited_value }) => ({ credit: all_credit, creditedValue: credited_value }));
/** Reads the row of {@link creditsBehindStatement}. */
export const creditsBehindOf = (row: unknown) => creditsRow.parse(row);

/** A page of journeys, the latest end first, and one more to tell whether it goes on. */
export const journeysBehindStatement = (
  behind: AttributionBehind,
  reader: AttributionReader,
  { first, after }: BehindEventsPage,
): StoreStatement => {
  const params = createParams();
  const journeys = journeysSql(behind, reader, params);
  const older =
    after === null
      ? ""
      : ` WHERE (ended, journey) < (${params.place("Int64", after.timeMs)}, ${params.place("UUID", after.key)})`;
  const columns =
    "toString(journey) AS key, ended, worth, credit, steps, shares, ages, arrayMap(id -> toString(id), step_ids) AS ids";
  const limit = params.place("UInt64", first + 1);
  const text = `SELECT ${columns} FROM (${journeys})${older} ORDER BY ended DESC, journey DESC LIMIT ${limit}`;
  return { name: "behind-journeys", text, params: params.values };
};

const number = z.coerce.number();
const journeyRow = z.object({
  ...{ key: z.string(), ended: number, worth: number, credit: number },
  ...{ steps: z.array(z.string()), shares: z.array(number), ages: z.array(number), ids: z.array(z.string()) },
});
/** Reads a row of {@link journeysBehindStatement}: its touchpoints in order, each with its age at the end in milliseconds. */
export const journeyBehindOf = (row: unknown) => {
  const { key, ended, steps, shares, ages, ids, ...numbers } = journeyRow.parse(row);
  return {
    ...{ ...numbers, key, endMs: ended },
    touchpoints: steps.map((label, place) => ({
      ...{ label, eventId: ids[place] ?? "", timeMs: ended - (ages[place] ?? 0) },
      credit: shares[place] ?? null,
    })),
  };
};
