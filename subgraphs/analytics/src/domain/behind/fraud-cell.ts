import { refuse } from "@tessera/platform/errors/refusal";
import type { FieldAccess } from "../fields.ts";
import { parseRings, type Ring, type RingsInput, type RingsQuestion } from "../fraud/rings.ts";
import { parseVelocity, type VelocityInput, type VelocityQuestion } from "../fraud/velocity.ts";

type Maybe<T> = T | null | undefined;

/** What of a `velocity` answer is meant, as in the SDL. */
export type VelocityNumber = "ENTITIES" | "EVENTS" | "PEAK";

/** A number of a `velocity` answer, as the graph delivers it. */
export interface VelocityCellInput {
  readonly entity?: Maybe<string>;
  readonly number?: Maybe<VelocityNumber>;
}

/** A validated question about velocity, and which number of its answer is meant. */
export interface VelocityBehind {
  readonly question: VelocityQuestion;
  readonly number: VelocityNumber;
  /** Null: all that are beyond the bound. */
  readonly entity: string | null;
}

/** What of a `rings` answer is meant, as in the SDL. */
export type RingNumber = "RINGS" | "MEMBERS" | "LINKS" | "EVENTS";

/** A number of a `rings` answer, as the graph delivers it. */
export interface RingCellInput {
  readonly member?: Maybe<string>;
  readonly shared?: Maybe<{ readonly field: string; readonly value: string }>;
  readonly number?: RingNumber;
}

/** A validated question about rings, and which number of its answer is meant. */
export interface RingsBehind {
  readonly question: RingsQuestion;
  readonly number: RingNumber;
  /** Whose ring it is; null: all of them. */
  readonly member: string | null;
  /** What is shared, by the place of its field among those asked for; null: all that is. */
  readonly shared: { readonly through: number; readonly value: string } | null;
}

/** A value that connects members of a ring, by the place of its field, and which ring that is. */
export interface RingValue {
  readonly through: number;
  readonly value: string;
  readonly ring: number;
}

/** Values by which rings are found again, and their characters: they travel to the store with the question. */
export const RINGS_BEHIND = { values: 10_000, characters: 1_000_000 } as const;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Reads which number of a `velocity` answer is meant; refuses with BAD_INPUT or FORBIDDEN. */
export const parseVelocityCell = (
  input: VelocityInput,
  { entity, number }: VelocityCellInput,
  access: FieldAccess,
): VelocityBehind => {
  const question = parseVelocity(input, access);
  const named = entity ?? null;
  const meant = number ?? (named === null ? "ENTITIES" : "PEAK");
  if (named === null && meant !== "ENTITIES")
    throw bad("cell.entity", `${meant} is a number of one entity: name it, as \`top\` of the answer does.`);
  if (named === null && question.reported !== null)
    throw bad(
      "input.reported",
      "What is behind the number of those that others reported too can't be listed: name one `entity`, or leave `reported` out.",
    );
  return { question, number: meant, entity: named };
};

/** Reads which number of a `rings` answer is meant; refuses with BAD_INPUT or FORBIDDEN. */
export const parseRingCell = (
  input: RingsInput,
  { member, shared, number = "MEMBERS" }: RingCellInput,
  access: FieldAccess,
): RingsBehind => {
  const question = parseRings(input, access);
  const of = { question, number, member: member ?? null };
  if (shared === null || shared === undefined) return { ...of, shared: null };
  const through = question.through.findIndex(({ name }) => name === shared.field);
  if (through < 0)
    throw bad(
      "cell.shared.field",
      `The rings are not through this field: take one of ${question.through.map(({ name }) => `\`${name}\``).join(", ")}.`,
    );
  return { ...of, shared: { through, value: shared.value } };
};

/** The values that connect the members of those rings that are meant; refuses with RESULT_TOO_LARGE more than travel. */
export const ringValues = (rings: readonly Ring[], { member, shared }: RingsBehind): readonly RingValue[] => {
  const found = rings.flatMap((one, ring) =>
    member !== null && !one.members.includes(member)
      ? []
      : one.shared
          .filter(({ through, value }) => shared === null || (through === shared.through && value === shared.value))
          .map(({ through, value }) => ({ through, value, ring })),
  );
  const characters = found.reduce((sum, { value }) => sum + value.length, 0);
  if (found.length <= RINGS_BEHIND.values && characters <= RINGS_BEHIND.characters) return found;
  throw refuse(
    "RESULT_TOO_LARGE",
    `${found.length.toLocaleString("en-US")} values connect these rings, more than the ${RINGS_BEHIND.values.toLocaleString("en-US")} by which they are found again: name a \`member\` of one ring, or something \`shared\`.`,
    { field: "cell", limit: RINGS_BEHIND.values },
  );
};
