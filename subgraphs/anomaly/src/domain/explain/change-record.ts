import type { Subject } from "@tessera/contracts/caller";
import { z } from "zod";
import { checked, type Checked } from "../checked.ts";

/** What changed: what Datadog, Honeycomb and LaunchDarkly tell of, each by its own word. */
export const CHANGE_KINDS = ["DEPLOY", "FLAG", "EXPERIMENT", "CAMPAIGN", "CONFIGURATION", "OTHER"] as const;
/** One of {@link CHANGE_KINDS}. */
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** A change that people or programs tell of, as they give it. */
export interface ChangeDefinition {
  /** Whoever records names it, so that recording it again is no second change. */
  readonly key: string;
  readonly kind: ChangeKind;
  readonly title: string;
  readonly atMs: number;
  /** When what it began is over; null: it lasts, or was over at once. */
  readonly untilMs: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly link: string | null;
}

/** A change as it is kept, or as a stored event tells it. */
export interface RecordedChange extends ChangeDefinition {
  readonly id: string;
  /** Name of the source whose event it is; null: somebody recorded it. */
  readonly source: string | null;
  /** Null of stored events. */
  readonly recordedBy: Subject | null;
  readonly recordedAtMs: number;
}

/** Characters of a key, a title and a link of a change, how many labels it has, and characters of a label's value. */
export const MAX_CHANGE = { key: 200, title: 300, link: 2_000, labels: 20, labelCharacters: 200 } as const;

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
/** Whether a text is an address of the web. */
export const isWebAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol);

/** The name of a label. */
export const labelName = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_.]{0,62}$/, "A label's name is letters, digits, `_` and dots, at most 63.");

const changeSchema = z
  .object({
    key: z.string().trim().min(1).max(MAX_CHANGE.key),
    kind: z.enum(CHANGE_KINDS),
    title: z.string().trim().min(1).max(MAX_CHANGE.title),
    at: instant,
    until: instant.nullish().transform((until) => until ?? null),
    labels: z
      .array(
        z.object({
          name: labelName,
          value: z.string().min(1).max(MAX_CHANGE.labelCharacters),
        }),
      )
      .max(MAX_CHANGE.labels)
      .refine((labels) => new Set(labels.map(({ name }) => name)).size === labels.length, "A label is given once.")
      .default([])
      .transform((labels) => Object.fromEntries(labels.map(({ name, value }) => [name, value]))),
    link: z
      .string()
      .max(MAX_CHANGE.link)
      .refine(isWebAddress, "A link is an address that begins with https:// or http://.")
      .nullish()
      .transform((link) => link ?? null),
  })
  .refine(({ at, until }) => until === null || until > at, {
    path: ["until"],
    message: "What a change began ends after the change.",
  })
  .transform(({ at, until, ...same }): ChangeDefinition => ({ ...same, atMs: at, untilMs: until }));

/** Checks what somebody tells of a change. */
export const checkChange = (input: unknown): Checked<ChangeDefinition> => checked(changeSchema.safeParse(input));
