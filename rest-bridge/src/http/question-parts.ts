import { Type, type Static } from "typebox";
import { moment } from "../answers/schemas.ts";
import type { CalendarRangeEnd, CalendarUnit, Granularity, TimeRangeInput } from "../generated/graphql.ts";
import { from } from "./graphql-annotation.ts";

/** The tenant a question names: the caller's own, or it is refused. */
export const tenantIdSchema = Type.Optional(
  Type.String({
    format: "uuid",
    description: "The caller's own tenant, which is also the default; another is refused.",
  }),
);

/** Units of a calendar, by REST's words. */
export const CALENDAR_UNITS = {
  minute: "MINUTE",
  hour: "HOUR",
  day: "DAY",
  week: "WEEK",
  month: "MONTH",
  quarter: "QUARTER",
  year: "YEAR",
} as const satisfies Record<string, CalendarUnit>;

/** How wide buckets are, by REST's words. */
export const GRANULARITIES = { none: "NONE", ...CALENDAR_UNITS } as const satisfies Record<string, Granularity>;

const ENDINGS = {
  before_current: "BEFORE_CURRENT",
  now: "NOW",
  with_current: "WITH_CURRENT",
} as const satisfies Record<string, CalendarRangeEnd>;

/** Characters of a zone's name or a duration. */
const MAX_TEXT = 100;
/** Units of a calendar a range holds or lies back: what the graph takes. */
const MAX_UNITS = 5_000;

const calendarSchema = Type.Object(
  {
    unit: Type.Enum(["minute", "hour", "day", "week", "month", "quarter", "year"], from("CalendarRangeInput.unit")),
    count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_UNITS, default: 1, ...from("CalendarRangeInput.count") }),
    ),
    ending: Type.Optional(
      Type.Enum(["before_current", "now", "with_current"], {
        default: "before_current",
        ...from("CalendarRangeInput.ending"),
      }),
    ),
    ago: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_UNITS, default: 0, ...from("CalendarRangeInput.ago") })),
    time_zone: Type.Optional(Type.String({ maxLength: MAX_TEXT, ...from("CalendarRangeInput.timeZone") })),
  },
  { additionalProperties: false, ...from("TimeRangeInput.calendar") },
);

/** A range of time, described as the graph describes the input it stands for. */
export const rangeSchema = (coordinate: string) =>
  Type.Object(
    {
      from: Type.Optional(moment(from("TimeRangeInput.from"))),
      to: Type.Optional(moment(from("TimeRangeInput.to"))),
      calendar: Type.Optional(calendarSchema),
      sliding: Type.Optional(Type.String({ maxLength: MAX_TEXT, ...from("TimeRangeInput.sliding") })),
    },
    { additionalProperties: false, ...from(coordinate) },
  );

/** A range in the graph's words; what is wrong with it as a whole, the graph says. */
export const toRange = ({ calendar, ...rest }: Static<ReturnType<typeof rangeSchema>>): TimeRangeInput => {
  if (calendar === undefined) return rest;
  const { unit, ending, time_zone: timeZone, ...units } = calendar;
  return {
    ...rest,
    calendar: {
      ...units,
      unit: CALENDAR_UNITS[unit],
      ...(ending === undefined ? {} : { ending: ENDINGS[ending] }),
      ...(timeZone === undefined ? {} : { timeZone }),
    },
  };
};

/** The moments of the range an answer is about. */
export const toldRangeSchema = (coordinate: string) =>
  Type.Object({ from: moment(from("TimeRange.from")), to: moment(from("TimeRange.to")) }, from(coordinate));

/** The part of the persons an answer is to be from, described as the graph describes the input it stands for. */
export const sampleSchemas = (input: string) => ({
  sample: Type.Optional(Type.Number({ default: 1, ...from(`${input}.sample`) })),
  fast: Type.Optional(Type.Boolean({ default: false, ...from(`${input}.fast`) })),
});

/** The part of the persons in the graph's words. */
export const toSample = ({
  sample,
  fast,
}: {
  readonly sample?: number | undefined;
  readonly fast?: boolean | undefined;
}): { readonly sample?: number; readonly fast?: boolean } => ({
  ...(sample === undefined ? {} : { sample }),
  ...(fast === undefined ? {} : { fast }),
});

/** Whether names that were never sent may be asked about, described as the graph describes the input it stands for. */
export const allowUnknownSchema = (input: string) =>
  Type.Optional(Type.Boolean({ default: false, ...from(`${input}.allowUnknown`) }));

/** Whether names that were never sent may be asked about, in the graph's words. */
export const toAllowUnknown = ({
  allow_unknown: allowUnknown,
}: {
  readonly allow_unknown?: boolean | undefined;
}): { readonly allowUnknown?: boolean } => (allowUnknown === undefined ? {} : { allowUnknown });

/** How old an answer may be. */
export const maxStalenessSchema = Type.Optional(
  Type.String({ maxLength: MAX_TEXT, default: "PT0S", ...from("Query.olap.maxStaleness") }),
);

/** How old an answer may be, as a variable of the graph. */
export const toMaxStaleness = ({
  max_staleness: maxStaleness,
}: {
  readonly max_staleness?: string | undefined;
}): { readonly maxStaleness?: string } => (maxStaleness === undefined ? {} : { maxStaleness });
