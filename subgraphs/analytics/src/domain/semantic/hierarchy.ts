import { refuse } from "@tessera/platform/errors/refusal";
import type { Granularity } from "../calendar.ts";
import { didYouMean } from "../did-you-mean.ts";
import { MAX_PATH_PARTS } from "../field-parts.ts";
import { parseField, type FieldMeanings } from "../fields.ts";
import { definitionName, describe, type HierarchyContent } from "./definition.ts";

/** Dimensions, or widths of buckets, from coarse to fine, by which answers are drilled into and rolled up. */
export interface Hierarchy {
  readonly name: string;
  /** Number of the version; null of one that is built in. */
  readonly version: number | null;
  readonly levels: readonly string[];
}

/** Name of the hierarchy whose levels are granularities and no dimensions. */
export const TIME_HIERARCHY = "time";
/** Widths of buckets from coarse to fine. */
const TIME_LEVELS: readonly Exclude<Granularity, "NONE">[] = [
  ...(["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE"] as const),
];

const builtIn = (name: string, ...levels: readonly string[]): Hierarchy => ({ name, version: null, levels });

/** Hierarchies that every tenant has. */
export const BUILT_IN_HIERARCHIES: readonly Hierarchy[] = [
  builtIn(TIME_HIERARCHY, ...TIME_LEVELS),
  builtIn("geography", "country", "region", "city"),
  builtIn("page", "url.host", ...Array.from({ length: MAX_PATH_PARTS }, (_part, index) => `url.path.${index + 1}`)),
  builtIn("campaign", "utmSource", "utmMedium", "utmCampaign", "utmContent"),
  builtIn("technology", "device", "os", "browser"),
];

/** The granularity a level of time is; null for what is none. */
export const granularityOf = (level: string): Granularity | null => TIME_LEVELS.find((one) => one === level) ?? null;

/** Levels of a hierarchy: as many as dimensions of a question. */
export const HIERARCHY_LEVELS = { least: 2, most: 8 } as const;

/** A hierarchy to be, as the graph delivers it. */
export interface DefineHierarchyInput {
  readonly name: string;
  readonly title?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly levels: readonly string[];
  readonly expectedVersion?: number | null | undefined;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Validates the levels of a hierarchy at `where`; refuses with BAD_INPUT. */
export const parseLevels = (
  levels: readonly string[],
  where: string,
  meanings: FieldMeanings = {},
): readonly string[] => {
  const { least, most } = HIERARCHY_LEVELS;
  if (levels.length < least || levels.length > most)
    throw bad(where, `A hierarchy has ${least} to ${most} levels, from coarse to fine.`);
  return levels.map((level, index) => {
    const field = parseField(level, `${where}.${index}`, meanings);
    if (field.kind === "COLUMN" && field.type === "LIST")
      throw bad(`${where}.${index}`, `\`${level}\` holds lists, which no filter tells apart: it can be no level.`);
    if (levels.indexOf(level) !== index) throw bad(`${where}.${index}`, `\`${level}\` is a level twice.`);
    return level;
  });
};

/** Reads a hierarchy; refuses with BAD_INPUT. */
export const parseHierarchy = (
  input: DefineHierarchyInput,
  meanings: FieldMeanings = {},
): { readonly name: string; readonly content: HierarchyContent } => {
  const name = definitionName(input.name === TIME_HIERARCHY ? "" : input.name);
  if (BUILT_IN_HIERARCHIES.some((one) => one.name === name))
    throw bad("input.name", `The hierarchy \`${name}\` is built in: take another name.`);
  return { name, content: { ...describe(name, input), levels: parseLevels(input.levels, "input.levels", meanings) } };
};

/**
 * The hierarchy that a dimension (or `time`) is moved along: the one asked for, else the only one that it is a level of. Refuses with BAD_INPUT, with
 * those there are to choose from.
 */
export const chooseHierarchy = (
  by: string,
  asked: string | null,
  known: readonly Hierarchy[],
  where: string,
): Hierarchy => {
  const holding = known.filter(({ name, levels }) =>
    by === TIME_HIERARCHY ? name === TIME_HIERARCHY : name !== TIME_HIERARCHY && levels.includes(by),
  );
  const names = holding.map(({ name }) => `\`${name}\``).join(", ");
  if (asked !== null) {
    const found = holding.find(({ name }) => name === asked);
    if (found !== undefined) return found;
    const there = known.some(({ name }) => name === asked);
    throw bad(
      `${where}.hierarchy`,
      there
        ? `\`${by}\` is no level of \`${asked}\`${names === "" ? "" : `, but of ${names}`}.`
        : `There is no hierarchy \`${asked}\`.${didYouMean(
            asked,
            known.map(({ name }) => name),
          )}`,
    );
  }
  const [only, other] = holding;
  if (only === undefined) throw bad(`${where}.by`, `\`${by}\` is a level of no hierarchy: define one that holds it.`);
  if (other !== undefined) throw bad(`${where}.hierarchy`, `\`${by}\` is a level of ${names}: say which one is meant.`);
  return only;
};
