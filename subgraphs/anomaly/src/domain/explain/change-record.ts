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

/** A change as it is kept. */
export interface RecordedChange extends ChangeDefinition {
  readonly id: string;
  readonly recordedBy: Subject;
  readonly recordedAtMs: number;
}

/** Characters of a key, a title and a link. */
const [MAX_KEY, MAX_TITLE, MAX_LINK] = [200, 300, 2_000];
/** Labels of one change, and characters of a value. */
const [MAX_LABELS, MAX_LABEL_CHARACTERS] = [20, 200];

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const isWeb = (text: string): boolean => URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol);

const changeSchema = z
  .object({
    key: z.string().trim().min(1).max(MAX_KEY),
    kind: z.enum(CHANGE_KINDS),
    title: z.string().trim().min(1).max(MAX_TITLE),
    at: instant,
    until: instant.nullish().transform((until) => until ?? null),
    labels: z
      .array(
        z.object({
          name: z
            .string()
            .regex(/^[a-zA-Z_][a-zA-Z0-9_.]{0,62}$/, "A label's name is letters, digits, `_` and dots, at most 63."),
          value: z.string().min(1).max(MAX_LABEL_CHARACTERS),
        }),
      )
      .max(MAX_LABELS)
      .refine((labels) => new Set(labels.map(({ name }) => name)).size === labels.length, "A label is given once.")
      .default([])
      .transform((labels) => Object.fromEntries(labels.map(({ name, value }) => [name, value]))),
    link: z
      .string()
      .max(MAX_LINK)
      .refine(isWeb, "A link is an address that begins with https:// or http://.")
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
