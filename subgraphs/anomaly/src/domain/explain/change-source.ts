import type { Subject } from "@tessera/contracts/caller";
import { parsePropertyPath, type PropertyPath } from "@tessera/platform/store/property-path";
import { z } from "zod";
import { checked, type Checked } from "../checked.ts";
import {
  CHANGE_KINDS,
  isWebAddress,
  labelName,
  MAX_CHANGE,
  type ChangeKind,
  type RecordedChange,
} from "./change-record.ts";

/** Which stored events are changes, and which of their properties say what changed. */
export interface ChangeSourceDefinition {
  readonly name: string;
  readonly kind: ChangeKind;
  /** Name of the events. */
  readonly event: string;
  /** Null: the event's name says what changed. */
  readonly title: PropertyPath | null;
  readonly link: PropertyPath | null;
  readonly labels: readonly { readonly name: string; readonly property: PropertyPath }[];
}

/** A source as it is kept. */
export interface ChangeSource extends ChangeSourceDefinition {
  readonly savedBy: Subject;
  readonly savedAtMs: number;
}

/** An event of a source as it is stored; the empty text for a property it does not carry. */
export interface ChangeEvent {
  readonly id: string;
  readonly atMs: number;
  readonly receivedAtMs: number;
  readonly title: string;
  readonly link: string;
  /** In the order of the source's labels. */
  readonly labels: readonly string[];
}

/** Sources of one tenant: each is read for each anomaly that is looked at. */
export const MAX_SOURCES = 20;
/** Characters of a source's name, and of an event's as ingest takes one. */
const [MAX_NAME, MAX_EVENT] = [100, 128];

const path = z.string().transform((text, context): PropertyPath => {
  const found = parsePropertyPath(text);
  if (found !== null) return found;
  context.addIssue({
    code: "custom",
    message: "Name a property: up to five names joined by dots, of letters, digits, `_`, `$` and `-`.",
  });
  return z.NEVER;
});
const maybePath = path.nullish().transform((found) => found ?? null);

const mappingParts = {
  ...{ title: maybePath, link: maybePath },
  labels: z
    .array(z.object({ name: labelName, property: path }))
    .max(MAX_CHANGE.labels)
    .refine((labels) => new Set(labels.map(({ name }) => name)).size === labels.length, "A label is given once.")
    .default([]),
};
const sourceSchema = z.object({
  name: z.string().trim().min(1).max(MAX_NAME),
  kind: z.enum(CHANGE_KINDS),
  event: z.string().min(1).max(MAX_EVENT),
  ...mappingParts,
});

/** How a source's mapping is kept. */
export const storedMapping = z.object(mappingParts);

/** Checks what somebody says of a source. */
export const checkChangeSource = (input: unknown): Checked<ChangeSourceDefinition> =>
  checked(sourceSchema.safeParse(input));

const cut = (text: string, most: number): string => Array.from(text).slice(0, most).join("");

/** The change that a stored event is: labels that the event does not carry are left out, and a link that is none. */
export const changeOfEvent = (source: ChangeSource, event: ChangeEvent): RecordedChange => ({
  ...{ id: event.id, key: event.id, kind: source.kind, atMs: event.atMs, untilMs: null, source: source.name },
  title: cut(event.title.trim() === "" ? source.event : event.title.trim(), MAX_CHANGE.title),
  labels: Object.fromEntries(
    source.labels.flatMap(({ name }, place) => {
      const value = event.labels[place] ?? "";
      return value === "" ? [] : [[name, cut(value, MAX_CHANGE.labelCharacters)]];
    }),
  ),
  link: event.link.length <= MAX_CHANGE.link && isWebAddress(event.link) ? event.link : null,
  ...{ recordedBy: null, recordedAtMs: event.receivedAtMs },
});
