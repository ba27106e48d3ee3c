import { Type, type Static } from "typebox";
import type { DefineReportInput, ReportFormat, ReportPeriod, ReportWeekday } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { rangeSchema, tenantIdSchema, toRange } from "../../http/question-parts.ts";

const FORMATS = { html: "HTML", csv: "CSV", xlsx: "XLSX" } as const satisfies Record<string, ReportFormat>;
const PERIODS = { day: "DAY", week: "WEEK", month: "MONTH" } as const satisfies Record<string, ReportPeriod>;
const WEEKDAYS = {
  ...{ monday: "MONDAY", tuesday: "TUESDAY", wednesday: "WEDNESDAY", thursday: "THURSDAY", friday: "FRIDAY" },
  ...{ saturday: "SATURDAY", sunday: "SUNDAY" },
} as const satisfies Record<string, ReportWeekday>;

/** Characters of a name, a cron expression, a zone, and of a value of a variable. */
const [MAX_NAME, MAX_TEXT, MAX_VALUE] = [200, 200, 1_000];
/** Variables of a dashboard, texts of a value, and channels that mail a report. */
const [MAX_VARIABLES, MAX_TEXTS, MAX_CHANNELS] = [20, 1_000, 5];

const text = (coordinate: string, maxLength = MAX_TEXT) =>
  Type.Optional(Type.String({ maxLength, ...from(coordinate) }));

const scheduleSchema = Type.Object(
  {
    cron: text("ReportScheduleInput.cron"),
    every: Type.Optional(Type.Enum(["day", "week", "month"], from("ReportScheduleInput.every"))),
    at: text("ReportScheduleInput.at"),
    weekday: Type.Optional(
      Type.Enum(
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
        from("ReportScheduleInput.weekday"),
      ),
    ),
    day: Type.Optional(Type.Integer(from("ReportScheduleInput.day"))),
    time_zone: Type.Optional(
      Type.String({ maxLength: MAX_TEXT, default: "UTC", ...from("ReportScheduleInput.timeZone") }),
    ),
  },
  { additionalProperties: false, ...from("DefineReportInput.schedule") },
);

const variableSchema = Type.Object(
  {
    name: Type.String({ maxLength: MAX_NAME, ...from("DashboardVariableChoiceInput.name") }),
    text: text("DashboardVariableChoiceInput.text", MAX_VALUE),
    texts: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_VALUE }), {
        maxItems: MAX_TEXTS,
        ...from("DashboardVariableChoiceInput.texts"),
      }),
    ),
    number: Type.Optional(Type.Number(from("DashboardVariableChoiceInput.number"))),
    boolean: Type.Optional(Type.Boolean(from("DashboardVariableChoiceInput.boolean"))),
  },
  { additionalProperties: false, ...from("DashboardVariableChoiceInput") },
);

/** A report as REST takes it. */
export const reportDefinitionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    report_id: text("DefineReportInput.id"),
    name: Type.String({ maxLength: MAX_NAME, ...from("DefineReportInput.name") }),
    dashboard_id: text("DefineReportInput.dashboard"),
    saved_query_id: text("DefineReportInput.savedQuery"),
    version: Type.Optional(Type.Integer(from("DefineReportInput.version"))),
    formats: Type.Array(Type.Enum(["html", "csv", "xlsx"]), {
      minItems: 1,
      maxItems: 3,
      ...from("DefineReportInput.formats"),
    }),
    schedule: Type.Optional(scheduleSchema),
    range: Type.Optional(rangeSchema("DefineReportInput.range")),
    variables: Type.Optional(
      Type.Array(variableSchema, { maxItems: MAX_VARIABLES, ...from("DefineReportInput.variables") }),
    ),
    keep_runs: Type.Optional(Type.Integer({ default: 10, ...from("DefineReportInput.keepRuns") })),
    channels: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_TEXT }), {
        maxItems: MAX_CHANNELS,
        ...from("DefineReportInput.channels"),
      }),
    ),
  },
  {
    ...{ additionalProperties: false, title: "ReportDefinition", ...from("DefineReportInput") },
    examples: [
      {
        ...{ name: "Weekly sales", dashboard_id: "0195e2a0-0000-7000-8000-000000000001", formats: ["html", "xlsx"] },
        schedule: { every: "week", weekday: "monday", at: "07:30", time_zone: "Europe/Berlin" },
        range: { calendar: { unit: "week" } },
      },
    ],
  },
);

type Defined = Static<typeof reportDefinitionSchema>;

const toSchedule = ({ every, weekday, time_zone: timeZone, ...rest }: NonNullable<Defined["schedule"]>) => ({
  ...rest,
  ...(every === undefined ? {} : { every: PERIODS[every] }),
  ...(weekday === undefined ? {} : { weekday: WEEKDAYS[weekday] }),
  ...(timeZone === undefined ? {} : { timeZone }),
});

/** A report in the graph's words; what is wrong with it as a whole, the graph says. */
export const toReport = (body: Defined): DefineReportInput => {
  const { report_id: id, dashboard_id: dashboard, saved_query_id: savedQuery, version, keep_runs: keepRuns } = body;
  return {
    ...{ name: body.name, formats: body.formats.map((format) => FORMATS[format]) },
    ...(id === undefined ? {} : { id }),
    ...(dashboard === undefined ? {} : { dashboard }),
    ...(savedQuery === undefined ? {} : { savedQuery }),
    ...(version === undefined ? {} : { version }),
    ...(body.schedule === undefined ? {} : { schedule: toSchedule(body.schedule) }),
    ...(body.range === undefined ? {} : { range: toRange(body.range) }),
    ...(body.variables === undefined ? {} : { variables: body.variables }),
    ...(keepRuns === undefined ? {} : { keepRuns }),
    ...(body.channels === undefined ? {} : { channels: body.channels }),
  };
};
