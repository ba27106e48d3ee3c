import type { StoreStatement } from "@tessera/platform/store/event-store";
import { propertyNumber, propertyText } from "@tessera/platform/store/property-path";
import type { Window } from "../domain/evaluation.ts";
import type {
  Filter,
  Measure,
  Metric,
  NumberOperand,
  NumberOperator,
  TextField,
  TextOperand,
  TextOperator,
} from "../domain/metric.ts";

const TEXT_COLUMNS = {
  SOURCE: "source",
  COUNTRY: "country",
  REGION: "region",
  CITY: "city",
  DEVICE: "device",
  OS: "os",
  BROWSER: "browser",
  URL: "url",
  REFERRER: "referrer",
  UTM_SOURCE: "utm_source",
  UTM_MEDIUM: "utm_medium",
  UTM_CAMPAIGN: "utm_campaign",
} as const satisfies Record<TextField, string>;

const COMPARISONS = {
  GREATER_THAN: ">",
  AT_LEAST: ">=",
  LESS_THAN: "<",
  AT_MOST: "<=",
} as const satisfies Record<NumberOperator, string>;

const REVENUE = "toFloat64(revenue)";

/** SQL of what is measured, and of how many events it was computed from. */
const measured = (measure: Measure): { readonly value: string; readonly samples: string } => {
  switch (measure.kind) {
    case "COUNT":
      return { value: "toFloat64(count())", samples: "count()" };
    case "UNIQUE_USERS":
      return { value: "toFloat64(uniqExactIf(person, person != 0))", samples: "countIf(person != 0)" };
    case "UNIQUE_SESSIONS":
      return { value: "toFloat64(uniqExactIf(session_id, session_id != ''))", samples: "countIf(session_id != '')" };
    case "REVENUE_SUM":
      return { value: "ifNull(toFloat64(sum(revenue)), 0)", samples: "count(revenue)" };
    case "REVENUE_AVERAGE":
      return { value: `avg(${REVENUE})`, samples: "count(revenue)" };
    case "PROPERTY_SUM": {
      const number = propertyNumber(measure.property);
      return { value: `ifNull(sum(${number}), 0)`, samples: `count(${number})` };
    }
    case "PROPERTY_AVERAGE": {
      const number = propertyNumber(measure.property);
      return { value: `avg(${number})`, samples: `count(${number})` };
    }
  }
};

const textOf = (operand: TextOperand): string =>
  operand.field === "PROPERTY" ? propertyText(operand.property) : `toString(${TEXT_COLUMNS[operand.field]})`;

const numberOf = (operand: NumberOperand): string =>
  operand.field === "PROPERTY" ? propertyNumber(operand.property) : REVENUE;

const textCondition = (text: string, operator: TextOperator, place: string): string => {
  const values = `{${place}:Array(String)}`;
  switch (operator) {
    case "IN":
      return `${text} IN ${values}`;
    case "NOT_IN":
      return `${text} NOT IN ${values}`;
    case "CONTAINS":
      return `arrayExists(part -> position(${text}, part) > 0, ${values})`;
    case "STARTS_WITH":
      return `arrayExists(part -> startsWith(${text}, part), ${values})`;
  }
};

const filterCondition = (filter: Filter, place: string): string =>
  filter.kind === "TEXT"
    ? textCondition(textOf(filter.operand), filter.operator, place)
    : `${numberOf(filter.operand)} ${COMPARISONS[filter.operator]} {${place}:Float64}`;

const filterParam = (filter: Filter): unknown => (filter.kind === "TEXT" ? filter.values : filter.bound);

/** Builds the query that reads a metric over a half-open window; one row {value, samples}. */
export const metricStatement = (metric: Metric, window: Window): StoreStatement => {
  const { value, samples } = measured(metric.measure);
  const conditions = [
    // The table's key holds hours: said in hours too, the range reads only its own part of the table.
    "toStartOfHour(time) >= toStartOfHour(fromUnixTimestamp64Milli({from:Int64}, 'UTC'))",
    "toStartOfHour(time) <= toStartOfHour(fromUnixTimestamp64Milli({to:Int64}, 'UTC'))",
    "time >= fromUnixTimestamp64Milli({from:Int64})",
    "time < fromUnixTimestamp64Milli({to:Int64})",
    ...(metric.includeSynthetic ? [] : ["NOT synthetic"]),
    ...(metric.eventNames.length === 0 ? [] : ["name IN {names:Array(String)}"]),
    ...("currency" in metric.measure ? ["currency = {currency:String}"] : []),
    ...metric.filters.map((filter, index) => filterCondition(filter, `filter${index}`)),
  ];
  return {
    name: "anomaly-metric",
    text: `SELECT ${value} AS value, ${samples} AS samples FROM events WHERE ${conditions.join(" AND ")}`,
    params: {
      from: window.fromMs,
      to: window.toMs,
      ...(metric.eventNames.length === 0 ? {} : { names: metric.eventNames }),
      ...("currency" in metric.measure ? { currency: metric.measure.currency } : {}),
      ...Object.fromEntries(metric.filters.map((filter, index) => [`filter${index}`, filterParam(filter)])),
    },
  };
};
