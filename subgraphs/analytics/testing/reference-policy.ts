import { createHash } from "node:crypto";
import {
  MAX_PROPERTY_CONDITIONS,
  type DataPolicy,
  type Mask,
  type PropertyCondition,
} from "@tessera/contracts/data-policy";
import fc from "fast-check";
import type { TestEvent } from "./test-events.ts";

const TEXTS = {
  ...{ name: "name", source: "source", country: "country", device: "device", currency: "currency" },
  ...{ user_id: "userId", anonymous_id: "anonymousId", session_id: "sessionId", url: "url" },
} as const satisfies Record<string, keyof TestEvent>;
type TextColumn = keyof typeof TEXTS;

const isText = (column: string): column is TextColumn => Object.hasOwn(TEXTS, column);
const textOf = (event: TestEvent, column: string): string => (isText(column) ? (event[TEXTS[column]] ?? "") : "");

const orderOf = (event: TestEvent, column: string): number | null => {
  if (column === "time") return event.timeMs;
  return event.revenue === undefined ? null : Number(event.revenue);
};
const boundOf = (column: string, value: string): number => (column === "time" ? Date.parse(value) : Number(value));

const propertyOf = (event: TestEvent, path: string): unknown =>
  path.split(".").reduce<unknown>((value, name) => {
    if (typeof value !== "object" || value === null) return undefined;
    return new Map<string, unknown>(Object.entries(value)).get(name);
  }, event.properties ?? {});

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether an event's property passes a condition, said as plainly as it can be. */
const passes = (event: TestEvent, condition: PropertyCondition): boolean => {
  const value = propertyOf(event, condition.path);
  if (value === undefined || value === null || isObject(value)) return condition.orMissing;
  if (condition.type === "BOOLEAN") return value === condition.values[0];
  if (condition.type === "TEXT") {
    if (typeof value !== "string") return false;
    const { operator, values } = condition;
    if (operator === "IN") return values.includes(value);
    if (operator === "NOT_IN") return !values.includes(value);
    const begins = values.some((beginning) => value.startsWith(beginning));
    return operator === "STARTS_WITH" ? begins : !begins;
  }
  if (typeof value !== "number") return false;
  const { operator, values } = condition;
  if (operator === "IN") return values.includes(value);
  if (operator === "NOT_IN") return !values.includes(value);
  return operator === "AT_LEAST" ? value >= (values[0] ?? NaN) : value < (values[0] ?? NaN);
};

/** Whether a policy lets an event through, said as plainly as it can be. */
export const isVisible = (event: TestEvent, policy: DataPolicy): boolean => {
  for (const [column, values] of Object.entries(policy.allow))
    if (!values.includes(textOf(event, column))) return false;
  for (const [column, values] of Object.entries(policy.deny)) if (values.includes(textOf(event, column))) return false;
  for (const [column, value] of Object.entries(policy.atLeast)) {
    const own = orderOf(event, column);
    if (own === null || own < boundOf(column, value)) return false;
  }
  for (const [column, value] of Object.entries(policy.lessThan)) {
    const own = orderOf(event, column);
    if (own === null || own >= boundOf(column, value)) return false;
  }
  for (const [column, lists] of Object.entries(policy.startsWith ?? {}))
    for (const list of lists) if (!list.some((one) => textOf(event, column).startsWith(one))) return false;
  for (const [column, list] of Object.entries(policy.notStartsWith ?? {}))
    if (list.some((one) => textOf(event, column).startsWith(one))) return false;
  if (!(policy.properties ?? []).every((condition) => passes(event, condition))) return false;
  return policy.synthetic === null || (event.synthetic ?? false) === policy.synthetic;
};

const maskedText = (value: string | undefined, mask: Mask, salt: string): string | undefined => {
  if (mask.kind === "NULL") return undefined;
  if (mask.kind === "CONSTANT") return mask.value === "" ? undefined : mask.value;
  if (value === undefined || value === "") return undefined;
  return createHash("sha256").update(`${salt}${value}`).digest("hex").slice(0, 32);
};

/** An event as a policy shows it. */
export const masked = (event: TestEvent, { masks, salt }: DataPolicy): TestEvent => {
  const shown: Record<string, unknown> = { ...event };
  for (const [column, mask] of Object.entries(masks)) {
    if (column === "revenue" || column === "properties") delete shown[column];
    else if (isText(column)) {
      const field = TEXTS[column];
      const value = maskedText(event[field], mask, salt);
      if (value === undefined) delete shown[field];
      else shown[field] = value;
    }
  }
  // boundary: the keys of an event, each with a value of its own kind or left out.
  return shown as unknown as TestEvent;
};

const values = (...all: readonly string[]): fc.Arbitrary<readonly string[]> => fc.subarray([...all], { minLength: 0 });
const lists = fc.record(
  {
    name: values("view", "buy", "it's", 'back\\slash "quote"', "nothing"),
    country: values("DE", "US", "", "' OR 1=1 --"),
    source: values("web", "ios", ""),
    device: values("mobile", ""),
    currency: values("EUR", ""),
    user_id: values("u1", "u2", ""),
    session_id: values("s1", ""),
  },
  { requiredKeys: [] },
);
const bounds = fc.record(
  {
    time: fc.constantFrom("2026-03-29T01:30:00.000Z", "2026-06-30T22:00:00.000Z", "2024-02-29T12:00:00.001Z"),
    revenue: fc.constantFrom("0", "-1.5", "20.0001", "99"),
  },
  { requiredKeys: [] },
);
const beginnings = {
  name: fc.constantFrom("v", "vi", "it's", "back\\", "nothing"),
  url: fc.constantFrom("/", "/a", "/%", "/a?b=1&"),
  country: fc.constantFrom("D", "DE", "DEU"),
  user_id: fc.constantFrom("u", "u1"),
};
const some = <Value>(one: fc.Arbitrary<Value>): fc.Arbitrary<readonly Value[]> =>
  fc.array(one, { minLength: 1, maxLength: 2 });
const listsOfBeginnings = fc.record(
  {
    name: some(some(beginnings.name)),
    url: some(some(beginnings.url)),
    country: some(some(beginnings.country)),
    user_id: some(some(beginnings.user_id)),
  },
  { requiredKeys: [] },
);
const listOfBeginnings = fc.record(
  {
    name: some(beginnings.name),
    url: some(beginnings.url),
    country: some(beginnings.country),
    user_id: some(beginnings.user_id),
  },
  { requiredKeys: [] },
);

const at = {
  path: fc.constantFrom("plan", "amount", "cart", "cart.total", "we-ird", "plan.tier", "nothing.here"),
  orMissing: fc.boolean(),
};
const propertyTexts = some(fc.constantFrom("pro", "fr", "free", "", "it's", "1e2", "'"));
const propertyNumber = fc.constantFrom(0, 1, 2.25, 7, -50, 0.5);
const propertyNumbers = some(propertyNumber);
const propertyCondition: fc.Arbitrary<PropertyCondition> = fc.oneof(
  fc.record({
    ...at,
    type: fc.constant("TEXT" as const),
    operator: fc.constantFrom("IN", "NOT_IN", "STARTS_WITH", "NOT_STARTS_WITH"),
    values: propertyTexts,
  }),
  fc.record({
    ...at,
    type: fc.constant("NUMBER" as const),
    operator: fc.constantFrom("IN", "NOT_IN"),
    values: propertyNumbers,
  }),
  fc.record({
    ...at,
    type: fc.constant("NUMBER" as const),
    operator: fc.constantFrom("AT_LEAST", "LESS_THAN"),
    values: fc.tuple(propertyNumber),
  }),
  fc.record({
    ...at,
    type: fc.constant("BOOLEAN" as const),
    operator: fc.constant("IS" as const),
    values: fc.tuple(fc.boolean()),
  }),
);

const text: fc.Arbitrary<Mask> = fc.constantFrom<Mask>(
  { kind: "NULL" },
  { kind: "HASH" },
  { kind: "CONSTANT", value: "it's" },
);
const left: fc.Arbitrary<Mask> = fc.constant({ kind: "NULL" });

/** Random policies of conditions on properties and beginnings alone, as many as may apply. */
export const anyPropertyPolicy: fc.Arbitrary<DataPolicy> = fc.record({
  ...{ allow: fc.constant({}), deny: fc.constant({}), atLeast: fc.constant({}), lessThan: fc.constant({}) },
  startsWith: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: listsOfBeginnings }),
  notStartsWith: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: listOfBeginnings }),
  properties: fc.oneof(
    fc.array(propertyCondition, { minLength: 1, maxLength: 1 }),
    fc.array(propertyCondition, { minLength: 1, maxLength: MAX_PROPERTY_CONDITIONS }),
  ),
  ...{ synthetic: fc.constant(null), masks: fc.constant({}) },
  salt: fc.constant("0123456789abcdef0123456789abcdef"),
});

/**
 * Random policies over the fields of test events. Ids of people are not masked: how many people there are is counted by a number of its own, which
 * a mask of their names leaves as it is.
 */
export const anyPolicy: fc.Arbitrary<DataPolicy> = fc.record({
  allow: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: lists }),
  deny: fc.oneof({ weight: 1, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: lists }),
  atLeast: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: bounds }),
  lessThan: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: bounds }),
  startsWith: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: listsOfBeginnings }),
  notStartsWith: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: listOfBeginnings }),
  properties: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(propertyCondition, { maxLength: 3 }) },
  ),
  synthetic: fc.constantFrom(null, null, null, true, false),
  masks: fc.record(
    {
      ...{ source: text, country: text, device: text, url: text, currency: text, session_id: text },
      ...{ revenue: left, properties: left },
    },
    { requiredKeys: [] },
  ),
  salt: fc.constant("0123456789abcdef0123456789abcdef"),
});
