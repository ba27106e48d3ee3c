import { z } from "zod";

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** Values of enums among what is compared here. */
const ENUM_VALUES = new Set([
  "EXACT",
  "APPROXIMATE",
  "EVENT",
  "FIELD",
  "CHI_SQUARE",
  "FISHER",
  "NONE",
  "MISS",
  "HIT",
  "SHARED",
  ...["PASSING", "FAILING", "UNKNOWN"],
  "LINEAR",
  "MARKOV",
  "TEXT",
  "NUMBER",
  "BOOLEAN",
]);
/** The whole difference between the two: snake case for names, lower case for the values of enums. */
export const inRestWords = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inRestWords);
  if (typeof value === "string" && ENUM_VALUES.has(value)) return value.toLowerCase();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [snake(name), inRestWords(part)]));
};
/** What differs between any two askings: the moment, the place in the log (asking is recorded there too), and what the store spent on it. */
const MOMENT = new Set([
  "as_of",
  "cursor",
  "elapsed_ms",
  "rows_read",
  "bytes_read",
  "from",
  "to",
  "series",
  "warnings",
]);
/** An answer without what differs between any two askings. */
export const timeless = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !MOMENT.has(name))
      .map(([name, part]) => [name, timeless(part)]),
  );
};

/** The grouped question with every type of column. */
export const OLAP = `query($input: OlapInput!) {
  olap(input: $input) {
    columns { ...values } totals { ...values } rowCount hasMore provenance { exactness timeZone tables { table } }
  }
}
fragment values on Column {
  name role
  ... on TextColumn { texts } ... on IntegerColumn { integers } ... on NumberColumn { numbers }
  ... on DecimalColumn { decimals } ... on TimeColumn { times } ... on BooleanColumn { booleans }
}`;
const columnShape = z.object({ name: z.string(), role: z.string() }).catchall(z.array(z.unknown()));
/** What {@link OLAP} answers. */
export const olapShape = z.object({
  columns: z.array(columnShape),
  totals: z.array(columnShape),
  rowCount: z.number(),
  hasMore: z.boolean(),
  provenance: z.unknown(),
});
/** Columns of the graph as REST tells them: a dimension by the name it was asked for, values under one name whatever their type. */
export const plain = (columns: readonly z.infer<typeof columnShape>[]) =>
  columns.map(({ name, role, ...values }) => ({
    name: role === "DIMENSION" ? snake(name) : name,
    role: role.toLowerCase(),
    values: Object.values(values)[0] ?? [],
  }));

/** An attribution with every part but whose events were put together and where it comes from. */
export const ATTRIBUTION = `query($input: AttributionInput!) {
  attribution(input: $input) {
    range { from to }
    conversions
    value
    attributedConversions
    attributedValue
    nonConvertingJourneys
    cutJourneys
    excludedPersons
    breakdowns {
      dimension
      models {
        kind
        credits {
          label
          conversions
          value
          share
          conversionsInterval {
            low
            high
          }
          valueInterval {
            low
            high
          }
          standardError
          removalEffect samplingError
          spend
          roas
          cpa
        }
        conservation {
          creditedConversions
          actualConversions
          creditedValue
          actualValue
        }
        chain {
          states
          conversionProbability
        }
        permutations
      }
      roles {
        label
        touchpoints
        conversionsTouched
        firstTouches
        assistedConversions
        assistedValue
        lastTouches
      }
      paths {
        steps
        length
        conversions
        value
        losses
        conversionRate
        meanSecondsToConvert
      }
      pathCount
    }
  }
}`;

/** A funnel with every part but where it comes from. */
export const FUNNEL = `query($input: FunnelInput!) {
  funnel(input: $input) {
    range { from to }
    result { ...outcome } groups { value cohort { id name } segment { name version } result { ...outcome } versusRest { difference interval { low high } test p pAdjusted } }
    groupCount others { ...outcome } groupsTest { chiSquare degreesOfFreedom p }
    trend { buckets complete steps { number label reached } conversion }
    dropOffs { step label droppedOff next { name units } others paths { events units ended others } }
    correlation {
      kind field value convertedWith convertedWithout notConvertedWith notConvertedWithout
      oddsRatio oddsRatioInterval { low high } test p pAdjusted
    }
    attribution {
      conversions attributedConversions nonConvertingJourneys cutJourneys
      breakdown {
        dimension roles { label touchpoints conversionsTouched firstTouches assistedConversions assistedValue lastTouches }
        models {
          kind chain { states conversionProbability } permutations
          credits {
            label conversions value share conversionsInterval { low high } valueInterval { low high }
            standardError samplingError removalEffect spend roas cpa
          }
          conservation { creditedConversions actualConversions creditedValue actualValue }
        }
        paths { steps length conversions value losses conversionRate meanSecondsToConvert } pathCount
      }
    }
    cutUnits
  }
}
fragment outcome on FunnelResult {
  steps {
    number label optional reached droppedOff fromPrevious fromFirst fromFirstInterval { low high } timeFromPrevious { ...times }
  }
  entered converted conversion conversionInterval { low high } timeToConvert { ...times }
}
fragment times on FunnelTimes { count meanSeconds quantilesSeconds histogram { fromSeconds toSeconds count } }`;

/** Paths with every part but where they come from. */
export const PATHS = `query($input: PathsInput!) {
  paths(input: $input) {
    nodes { depth label labels paths share droppedOff goesOn hiddenIn hiddenOut }
    links { from to paths share medianSeconds }
    topPaths { labels paths share goesOn followed converted conversion meanSeconds }
    distinctPaths paths units unreached converted conversion cutUnits
  }
}`;

/** Numbers over sessions with every part but where they come from. */
export const SESSIONS = `query($input: SessionMetricsInput!) {
  sessionMetrics(input: $input) {
    total { ...numbers } buckets series { ...numbers }
    groups { values measures { ...numbers } series { ...numbers } } groupCount
    pages { page sessions pageViews entries entryRate exits exitRate bounced bounceRate } pageCount
  }
}
fragment numbers on SessionMeasures {
  sessions sessionsError people units events eventsPerSession pageViews pagesPerSession meanDurationSeconds durationQuantilesSeconds meanActiveSeconds
  bounced bounceRate engaged engagementRate converted conversionRate revenue revenuePerSession
}`;
