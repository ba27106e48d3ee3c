import { Type } from "typebox";
import { provenanceSchema } from "../../answers/provenance.ts";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { from } from "../../http/graphql-annotation.ts";
import { toldRangeSchema } from "../../http/question-parts.ts";
import { creditsSchema } from "./attribution.ts";

const number = (coordinate: string) => Type.Number(from(coordinate));
const maybe = (coordinate: string) => orNull(Type.Number(), from(coordinate));
const whole = (coordinate: string) => wholeNumber(from(coordinate));
const interval = (coordinate: string) =>
  Type.Object({ low: number("FunnelInterval.low"), high: number("FunnelInterval.high") }, from(coordinate));
const test = (coordinate: string) => Type.Enum(["chi_square", "fisher"], from(coordinate));

const times = (coordinate: string) =>
  Type.Object(
    {
      count: whole("FunnelTimes.count"),
      mean_seconds: maybe("FunnelTimes.meanSeconds"),
      quantiles_seconds: Type.Array(orNull(Type.Number()), from("FunnelTimes.quantilesSeconds")),
      histogram: Type.Array(
        Type.Object(
          {
            from_seconds: number("FunnelTimeBin.fromSeconds"),
            to_seconds: maybe("FunnelTimeBin.toSeconds"),
            count: whole("FunnelTimeBin.count"),
          },
          from("FunnelTimeBin"),
        ),
        from("FunnelTimes.histogram"),
      ),
    },
    from(coordinate),
  );

const stepSchema = Type.Object(
  {
    number: Type.Integer(from("FunnelStep.number")),
    label: Type.String(from("FunnelStep.label")),
    optional: Type.Boolean(from("FunnelStep.optional")),
    reached: whole("FunnelStep.reached"),
    dropped_off: orNull(wholeNumber(), from("FunnelStep.droppedOff")),
    from_previous: maybe("FunnelStep.fromPrevious"),
    from_first: maybe("FunnelStep.fromFirst"),
    from_first_interval: orNull(interval("FunnelStep.fromFirstInterval")),
    time_from_previous: orNull(times("FunnelStep.timeFromPrevious")),
  },
  from("FunnelStep"),
);

const result = (coordinate: string) =>
  Type.Object(
    {
      steps: Type.Array(stepSchema, from("FunnelResult.steps")),
      entered: whole("FunnelResult.entered"),
      converted: whole("FunnelResult.converted"),
      conversion: maybe("FunnelResult.conversion"),
      conversion_interval: orNull(interval("FunnelResult.conversionInterval")),
      time_to_convert: times("FunnelResult.timeToConvert"),
    },
    from(coordinate),
  );

const groupSchema = Type.Object(
  {
    value: orNull(Type.String(), from("FunnelGroup.value")),
    cohort: orNull(
      Type.Object({ id: Type.String(from("Cohort.id")), name: Type.String(from("Cohort.name")) }),
      from("FunnelGroup.cohort"),
    ),
    segment: orNull(
      Type.Object({
        name: Type.String(from("DefinitionUse.name")),
        version: Type.Integer(from("DefinitionUse.version")),
      }),
      from("FunnelGroup.segment"),
    ),
    result: result("FunnelGroup.result"),
    versus_rest: orNull(
      Type.Object(
        {
          difference: number("FunnelContrast.difference"),
          interval: orNull(interval("FunnelContrast.interval")),
          test: test("FunnelContrast.test"),
          p: number("FunnelContrast.p"),
          p_adjusted: number("FunnelContrast.pAdjusted"),
        },
        from("FunnelGroup.versusRest"),
      ),
    ),
  },
  from("FunnelGroup"),
);

const trendSchema = Type.Object(
  {
    buckets: Type.Array(moment(), from("FunnelTrend.buckets")),
    complete: Type.Array(Type.Boolean(), from("FunnelTrend.complete")),
    steps: Type.Array(
      Type.Object(
        {
          number: Type.Integer(from("FunnelTrendStep.number")),
          label: Type.String(from("FunnelTrendStep.label")),
          reached: Type.Array(wholeNumber(), from("FunnelTrendStep.reached")),
        },
        from("FunnelTrendStep"),
      ),
      from("FunnelTrend.steps"),
    ),
    conversion: Type.Array(orNull(Type.Number()), from("FunnelTrend.conversion")),
  },
  from("FunnelAnswer.trend"),
);

const dropOffSchema = Type.Object(
  {
    step: Type.Integer(from("FunnelDropOff.step")),
    label: Type.String(from("FunnelDropOff.label")),
    dropped_off: whole("FunnelDropOff.droppedOff"),
    next: Type.Array(
      Type.Object(
        { name: orNull(Type.String(), from("FunnelNextEvent.name")), units: whole("FunnelNextEvent.units") },
        from("FunnelNextEvent"),
      ),
      from("FunnelDropOff.next"),
    ),
    others: whole("FunnelDropOff.others"),
    paths: Type.Array(
      Type.Object({
        events: Type.Array(Type.String(), from("FunnelDropOffPath.events")),
        units: whole("FunnelDropOffPath.units"),
        ended: whole("FunnelDropOffPath.ended"),
        others: whole("FunnelDropOffPath.others"),
      }),
      from("FunnelDropOff.paths"),
    ),
  },
  from("FunnelDropOff"),
);

const correlateSchema = Type.Object(
  {
    kind: Type.Enum(["event", "field"], from("FunnelCorrelate.kind")),
    field: orNull(Type.String(), from("FunnelCorrelate.field")),
    value: orNull(Type.String(), from("FunnelCorrelate.value")),
    converted_with: whole("FunnelCorrelate.convertedWith"),
    converted_without: whole("FunnelCorrelate.convertedWithout"),
    not_converted_with: whole("FunnelCorrelate.notConvertedWith"),
    not_converted_without: whole("FunnelCorrelate.notConvertedWithout"),
    odds_ratio: number("FunnelCorrelate.oddsRatio"),
    odds_ratio_interval: interval("FunnelCorrelate.oddsRatioInterval"),
    test: test("FunnelCorrelate.test"),
    p: number("FunnelCorrelate.p"),
    p_adjusted: number("FunnelCorrelate.pAdjusted"),
  },
  from("FunnelCorrelate"),
);

/** What the funnel route answers. */
export const funnelAnswerSchema = Type.Object(
  {
    range: toldRangeSchema("FunnelAnswer.range"),
    result: result("FunnelAnswer.result"),
    groups: Type.Array(groupSchema, from("FunnelAnswer.groups")),
    group_count: Type.Integer(from("FunnelAnswer.groupCount")),
    others: orNull(result("FunnelAnswer.others")),
    groups_test: orNull(
      Type.Object(
        {
          chi_square: number("FunnelGroupsTest.chiSquare"),
          degrees_of_freedom: Type.Integer(from("FunnelGroupsTest.degreesOfFreedom")),
          p: number("FunnelGroupsTest.p"),
        },
        from("FunnelAnswer.groupsTest"),
      ),
    ),
    trend: orNull(trendSchema),
    drop_offs: Type.Array(dropOffSchema, from("FunnelAnswer.dropOffs")),
    correlation: Type.Array(correlateSchema, from("FunnelAnswer.correlation")),
    attribution: orNull(creditsSchema, from("FunnelAnswer.attribution")),
    cut_units: Type.Integer(from("FunnelAnswer.cutUnits")),
    provenance: provenanceSchema,
    warnings: warningsSchema,
  },
  { ...from("FunnelAnswer"), title: "FunnelAnswer" },
);
