import { refuse } from "@tessera/platform/errors/refusal";

/** What kind of value a setting has. */
type Shape =
  | { readonly kind: "TEXT"; readonly pattern: RegExp; readonly expected: string }
  | { readonly kind: "CHOICE"; readonly of: readonly string[] }
  | { readonly kind: "WHOLE"; readonly min: number; readonly max: number }
  | { readonly kind: "SWITCH" };

/** A value of a setting. */
export type SettingValue = string | number | boolean;

interface Definition {
  readonly shape: Shape;
  readonly initial: SettingValue;
  readonly description: string;
}

const ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/;
const isZone = (name: string): boolean => {
  try {
    return ZONE.test(name) && new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
};

/** Every setting of a tenant, its bounds and its value when nobody has set it. */
const DEFINITIONS = {
  timeZone: {
    shape: { kind: "TEXT", pattern: ZONE, expected: "an IANA time zone" },
    initial: "UTC",
    description: "Time zone in which dashboards begin their days.",
  },
  weekStartsOn: {
    shape: { kind: "CHOICE", of: ["MONDAY", "SATURDAY", "SUNDAY"] },
    initial: "MONDAY",
    description: "First day of a week.",
  },
  currency: {
    shape: { kind: "TEXT", pattern: /^[A-Z]{3}$/, expected: "an ISO 4217 code" },
    initial: "EUR",
    description: "Currency in which revenue is shown first.",
  },
  eventRetentionDays: {
    shape: { kind: "WHOLE", min: 1, max: 3_650 },
    initial: 730,
    description: "Days the tenant wants its events kept.",
  },
  maxKeyLifetimeDays: {
    shape: { kind: "WHOLE", min: 1, max: 3_650 },
    initial: 3_650,
    description: "Longest life the tenant wants for its API keys.",
  },
  warnOnLimits: {
    shape: { kind: "SWITCH" },
    initial: true,
    description: "Whether people are shown warnings of limits.",
  },
} as const satisfies Record<string, Definition>;

/** Name of a setting. */
export type SettingKey = keyof typeof DEFINITIONS;

/** A setting as it is shown. */
export interface Setting {
  readonly key: SettingKey;
  readonly value: SettingValue;
  /** Whether it is the value nobody has set. */
  readonly initial: boolean;
  readonly description: string;
}

/** Names of all settings. */
export const SETTING_KEYS = Object.keys(DEFINITIONS).filter((key): key is SettingKey => key in DEFINITIONS);

const isKey = (key: string): key is SettingKey => Object.hasOwn(DEFINITIONS, key);

const fits = (key: SettingKey, value: unknown): value is SettingValue => {
  const shape: Shape = DEFINITIONS[key].shape;
  switch (shape.kind) {
    case "TEXT":
      return typeof value === "string" && shape.pattern.test(value) && (key !== "timeZone" || isZone(value));
    case "CHOICE":
      return typeof value === "string" && shape.of.includes(value);
    case "WHOLE":
      return Number.isInteger(value) && Number(value) >= shape.min && Number(value) <= shape.max;
    case "SWITCH":
      return typeof value === "boolean";
  }
};

const expected = (shape: Shape): string => {
  switch (shape.kind) {
    case "TEXT":
      return shape.expected;
    case "CHOICE":
      return `one of ${shape.of.join(", ")}`;
    case "WHOLE":
      return `a whole number from ${shape.min} to ${shape.max}`;
    case "SWITCH":
      return "true or false";
  }
};

/** Reads one setting; refuses with BAD_INPUT a name nobody knows and a value that does not fit. */
export const checkedSetting = (
  setting: { readonly key: string; readonly value: unknown },
  field: string,
): { readonly key: SettingKey; readonly value: SettingValue } => {
  const { key, value } = setting;
  if (!isKey(key))
    throw refuse("BAD_INPUT", `There is no such setting; known are ${SETTING_KEYS.join(", ")}.`, {
      field: `${field}.key`,
    });
  if (!fits(key, value))
    throw refuse("BAD_INPUT", `\`${key}\` must be ${expected(DEFINITIONS[key].shape)}.`, { field: `${field}.value` });
  return { key, value };
};

/** All settings of a tenant: what was set, as long as it still fits, else the initial value. */
export const allSettings = (set: ReadonlyMap<string, unknown>): readonly Setting[] =>
  SETTING_KEYS.map((key): Setting => {
    const value = set.get(key);
    const { initial, description } = DEFINITIONS[key];
    return fits(key, value)
      ? { key, value, initial: false, description }
      : { key, value: initial, initial: true, description };
  });
