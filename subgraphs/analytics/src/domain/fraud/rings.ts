import { refuse } from "@tessera/platform/errors/refusal";
import { DAY_MS, parseDuration } from "../duration.ts";
import { parseEventMatcher, type EventMatcher, type EventMatcherInput } from "../event-matcher.ts";
import { accessIn } from "../access-in.ts";
import { parseRevealedField, type FieldAccess } from "../fields.ts";
import type { Field } from "../field.ts";
import { parseTimeRange, type TimeRange } from "../time-range.ts";
import { namingField, wholeBetween } from "./velocity.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";

/** A question to `rings` as the graph delivers it. */
export interface RingsInput extends WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly timeZone?: string | null | undefined;
  readonly event?: EventMatcherInput | null | undefined;
  readonly of?: string;
  readonly through: readonly string[];
  readonly sharedByAtMost?: number;
  readonly minMembers?: number;
  readonly newWithin?: string;
  readonly first?: number;
}

/** A validated question: who is connected by what. */
export interface RingsQuestion {
  readonly range: TimeRange;
  readonly timeZone: string;
  readonly event: EventMatcher;
  readonly of: Field;
  readonly through: readonly Field[];
  /** Members that may share a value; what more share connects nobody. */
  readonly sharedByAtMost: number;
  readonly minMembers: number;
  readonly newWithinMs: number;
  readonly first: number;
}

/** Bounds of the question: links are joined in this process's memory, and each value's members are compared in pairs. */
export const RINGS_LIMITS = {
  ...{ through: 5, sharedByAtMost: 50, minMembers: 1_000, newWithinMs: 366 * DAY_MS, first: 100 },
  ...{ links: 100_000, events: 20_000_000, toldMembers: 100, toldShared: 100 },
} as const;

/** A value that members share, by the place of its field among those asked for. */
export interface SharedValue {
  readonly through: number;
  readonly value: string;
  /** Who shares it, each once, with how many events, and when the first of them was. */
  readonly links: readonly { readonly member: string; readonly events: number; readonly firstAtMs: number }[];
}

/** People connected by what they share. */
export interface Ring {
  /** In the order of their names. */
  readonly members: readonly string[];
  readonly shared: readonly SharedValue[];
  readonly links: number;
  readonly events: number;
  /** Pairs of members that share a value, of all pairs. */
  readonly density: number;
  /** Links that are new, of all. */
  readonly newness: number;
  readonly score: number;
  readonly firstAtMs: number;
  readonly lastLinkAtMs: number;
}

/** Validates a question to `rings`; refuses with BAD_INPUT, or FORBIDDEN where members or what they share are personal data that the caller may not see. */
export const parseRings = (input: RingsInput, access: FieldAccess): RingsQuestion => {
  const own = accessIn(access, input);
  const revealed = (name: string, where: string): Field => namingField(parseRevealedField(name, where, own), where);
  const of = revealed(input.of ?? "userId", "input.of");
  if (input.through.length < 1 || input.through.length > RINGS_LIMITS.through)
    throw refuse("BAD_INPUT", `Rings are through 1 to ${RINGS_LIMITS.through} fields.`, { field: "input.through" });
  const through = input.through.map((name, place) => revealed(name, `input.through.${place}`));
  const names = [of, ...through].map(({ name }) => name);
  const again = names.findIndex((name, place) => names.indexOf(name) !== place);
  if (again > 0)
    throw refuse(
      "BAD_INPUT",
      `\`${names[again]}\` is named twice: members are connected through other fields, each once.`,
      {
        field: `input.through.${again - 1}`,
      },
    );
  const newWithin = input.newWithin ?? "P1D";
  return {
    ...{ range: parseTimeRange(input.range, "input.range"), timeZone: input.timeZone ?? "UTC", of, through },
    event: parseEventMatcher(input.event ?? {}, "input.event", own),
    sharedByAtMost: wholeBetween(input.sharedByAtMost ?? 20, "input.sharedByAtMost", 2, RINGS_LIMITS.sharedByAtMost),
    minMembers: wholeBetween(input.minMembers ?? 3, "input.minMembers", 2, RINGS_LIMITS.minMembers),
    newWithinMs: parseDuration(newWithin, "input.newWithin", { minMs: 1_000, maxMs: RINGS_LIMITS.newWithinMs }),
    first: wholeBetween(input.first ?? 20, "input.first", 1, RINGS_LIMITS.first),
  };
};

/** Sets that are joined two by two (union by size with path halving: Tarjan and van Leeuwen, Journal of the ACM 31 (1984)). */
const createSets = () => {
  const parents: number[] = [];
  const sizes: number[] = [];
  const find = (start: number): number => {
    let at = start;
    for (let up = parents[at] ?? at; up !== at; up = parents[at] ?? at) {
      parents[at] = parents[up] ?? up;
      at = parents[at] ?? at;
    }
    return at;
  };
  return {
    find,
    add: (): number => {
      sizes.push(1);
      return parents.push(parents.length) - 1;
    },
    join: (one: number, other: number): void => {
      const [a, b] = [find(one), find(other)];
      if (a === b) return;
      const [small, large] = (sizes[a] ?? 0) < (sizes[b] ?? 0) ? [a, b] : [b, a];
      parents[small] = large;
      sizes[large] = (sizes[large] ?? 0) + (sizes[small] ?? 0);
    },
  };
};

const isNew = (atMs: number, { range, newWithinMs }: Pick<RingsQuestion, "range" | "newWithinMs">): boolean =>
  atMs >= range.toMs - newWithinMs;

/** 0 to 100: the larger, the more of its pairs share something, and the newer its links, the higher; two members are 0. */
export const ringScore = (members: number, density: number, newness: number): number =>
  members < 3 ? 0 : 100 * (1 - 1 / (members - 1)) * ((1 + density) / 2) * ((1 + newness) / 2);

const pairsSharing = (shared: readonly SharedValue[]): number => {
  const pairs = new Set<string>();
  for (const { links } of shared) {
    const names = links.map(({ member }) => JSON.stringify(member)).toSorted();
    names.forEach((one, place) => {
      for (const other of names.slice(place + 1)) pairs.add(`${one} ${other}`);
    });
  }
  return pairs.size;
};

const ringOf = (shared: readonly SharedValue[], question: Pick<RingsQuestion, "range" | "newWithinMs">): Ring => {
  const links = shared.flatMap((one) => one.links);
  const members = [...new Set(links.map(({ member }) => member))].toSorted();
  const density = pairsSharing(shared) / ((members.length * (members.length - 1)) / 2);
  const newness = links.filter(({ firstAtMs }) => isNew(firstAtMs, question)).length / links.length;
  let [firstAtMs, lastLinkAtMs, events] = [Infinity, -Infinity, 0];
  for (const link of links) {
    firstAtMs = Math.min(firstAtMs, link.firstAtMs);
    lastLinkAtMs = Math.max(lastLinkAtMs, link.firstAtMs);
    events += link.events;
  }
  const score = ringScore(members.length, density, newness);
  return { members, shared, links: links.length, events, density, newness, score, firstAtMs, lastLinkAtMs };
};

const byText = (one: string | undefined, other: string | undefined): number =>
  (one ?? "") < (other ?? "") ? -1 : (one ?? "") > (other ?? "") ? 1 : 0;

/** The connected groups of at least so many members, the highest scores first; equal ones by size, then by their first member. Values that one member has alone connect nobody. */
export const ringsOf = (
  values: readonly SharedValue[],
  question: Pick<RingsQuestion, "range" | "newWithinMs" | "minMembers">,
): readonly Ring[] => {
  const sets = createSets();
  const places = new Map<string, number>();
  const placeOf = (member: string): number => {
    const place = places.get(member) ?? sets.add();
    places.set(member, place);
    return place;
  };
  for (const { links } of values) {
    const [first, ...others] = links.map(({ member }) => placeOf(member));
    for (const other of others) if (first !== undefined) sets.join(first, other);
  }
  const groups = new Map<number, SharedValue[]>();
  for (const one of values) {
    const root = sets.find(placeOf(one.links[0]?.member ?? ""));
    const group = groups.get(root) ?? [];
    group.push(one);
    groups.set(root, group);
  }
  return [...groups.values()]
    .map((shared) => ringOf(shared, question))
    .filter(({ members }) => members.length >= question.minMembers)
    .toSorted((a, b) => b.score - a.score || b.members.length - a.members.length || byText(a.members[0], b.members[0]));
};
