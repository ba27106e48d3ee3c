import { inOneLine } from "@tessera/platform/pictures/printable";
import type { Metric } from "../metric.ts";
import type { Watch, WatchedQuestionRule } from "../rules/watch.ts";

/** The number that a series is of, and how its values are told. */
export interface NumberShown {
  /** What it is called; empty where nothing is known of it. */
  readonly name: string;
  /** What stands after a value: `%`, `ms`, `s`, a currency, or nothing. */
  readonly unit: string;
  /** What a value is multiplied by to be told in that unit. */
  readonly times: number;
  /** What a value is of: `each hour`; empty where it is not known. */
  readonly each: string;
}

/** A number of which nothing is known but its values. */
export const ANY_NUMBER: NumberShown = { name: "", unit: "", times: 1, each: "" };

/** Characters of a name that are shown. */
const NAME_CHARACTERS = 40;
const EACH = { MINUTE: "each minute", HOUR: "each hour", DAY: "each day", WEEK: "each week" } as const;

/** Numbers that are watched of questions of behaviour where none is named (docs/watched-series.md). */
export const DEFAULT_NUMBERS: Readonly<Record<string, string>> = {
  ...{ funnel: "conversionRate", retention: "rate", stickiness: "mean", activeUsers: "daily", paths: "paths" },
  ...{ sessionMetrics: "sessions", attribution: "credit", velocity: "entities", rings: "rings", drift: "psi" },
  ...{ eventQuality: "share", cohortSizes: "size", apiExecutions: "serverErrorShare" },
};
const PERCENT = 100;
/** Numbers of behaviour that are parts of a whole, from 0 to 1. */
const SHARES: ReadonlySet<string> = new Set([
  ...["conversionRate", "rate", "ratio", "share", "bounceRate", "engagementRate", "transitionShare", "dropOffShare"],
  ...["serverErrorShare", "failedShare"],
]);
/** Numbers of sessions that are money. */
const MONEY: ReadonlySet<string> = new Set(["revenue", "revenuePerSession"]);

const textIn = (of: unknown, part: string): string | null => {
  const found: unknown = Reflect.get(Object(of), part);
  return typeof found === "string" ? found : null;
};
const listIn = (of: unknown, part: string): readonly unknown[] => {
  const list: unknown = Reflect.get(Object(of), part);
  return Array.isArray(list) ? list : [];
};

/** A column of a question with rows: what it is called, or what it computes where it has no name; money of one currency has that as its unit. */
const columnOf = (input: unknown, named: string | null): Pick<NumberShown, "name" | "unit" | "times"> => {
  const measures = listIn(input, "measures");
  const measure = measures.find((one) => named === null || textIn(one, "name") === named);
  const [computed, of] = [textIn(measure, "function")?.toLowerCase() ?? null, textIn(measure, "of")];
  const words = computed === null || of === null ? computed : `${computed} of ${of}`;
  const metric = textIn(listIn(input, "metrics")[0], "name");
  const name = named ?? textIn(measure, "name") ?? words ?? metric ?? textIn(input, "name") ?? "";
  return { name, unit: textIn(measure, "currency") ?? "", times: 1 };
};

const unitOf = (input: unknown, name: string): Pick<NumberShown, "unit" | "times"> => {
  if (SHARES.has(name)) return { unit: "%", times: PERCENT };
  if (name.startsWith("latencyMs")) return { unit: "ms", times: 1 };
  if (/Seconds(?:P\d+|Max)?$/u.test(name)) return { unit: "s", times: 1 };
  return { unit: MONEY.has(name) ? (textIn(input, "currency") ?? "") : "", times: 1 };
};

const ofQuestion = ({ question, value, granularity, objective }: WatchedQuestionRule): NumberShown => {
  const [field = "", input] = Object.entries(question)[0] ?? [];
  const each = EACH[granularity];
  // The question of an objective's events asks for the share of them that was bad.
  if (objective !== null && DEFAULT_NUMBERS[field] === undefined && value !== null)
    return { name: "bad events", unit: "%", times: PERCENT, each };
  const behaviour = DEFAULT_NUMBERS[field];
  const named = value?.name ?? behaviour ?? null;
  // Life cycles have no number that is watched unless another is named.
  const isBehaviour = behaviour !== undefined || field === "lifecycle";
  const { name, ...unit } = isBehaviour ? { name: named ?? "", ...unitOf(input, named ?? "") } : columnOf(input, named);
  return { name: inOneLine(name, NAME_CHARACTERS), ...unit, each };
};

const MEASURES = {
  ...{ COUNT: "events", UNIQUE_USERS: "users", UNIQUE_SESSIONS: "sessions", REVENUE_SUM: "revenue" },
  ...{ REVENUE_AVERAGE: "mean revenue", PROPERTY_SUM: "sum", PROPERTY_AVERAGE: "mean" },
} as const satisfies Record<Metric["measure"]["kind"], string>;

/** How the number that a rule watches is called and told. */
export const numberShown = (watch: Watch): NumberShown => {
  if (watch.kind === "QUESTION") return ofQuestion(watch);
  const { measure } = watch.metric;
  return { ...ANY_NUMBER, name: MEASURES[measure.kind], unit: "currency" in measure ? measure.currency : "" };
};
