import { createHash } from "node:crypto";
import type { AbuseSource } from "@tessera/contracts/abuse";
import type { AuthenticationFailed } from "@tessera/contracts/events/authentication-failed";
import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { originOf } from "@tessera/platform/abuse/origin";
import type { Observation } from "../domain/abuse/detect.ts";

/** An observation and whose it is. */
export interface Sighting {
  readonly source: AbuseSource;
  readonly observation: Observation;
}

/** Rows, bytes and milliseconds of the event store that are worth one point; as limits.md says of what an operation costs. */
const PER_POINT = { rows: 100_000, bytes: 16 * 1_048_576, storeMs: 10 } as const;
/** Characters of a hash by which things are told apart: 60 bits, so that two of a few thousand never meet by chance. */
const ITEM_CHARACTERS = 10;

const itemOf = (...parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, ITEM_CHARACTERS);

/** Points of an execution: its own, or those of the event store's work when they are more. */
export const pointsOf = ({ costPoints, rowsRead, bytesRead, storeMs }: ExecutionRecorded["usage"]): number =>
  Math.max(costPoints, rowsRead / PER_POINT.rows, bytesRead / PER_POINT.bytes, storeMs / PER_POINT.storeMs);

/** What an execution says about its subject: points spent, and every page or thing it read. The platform's own processes are not watched. */
export const sightingsOfExecution = (told: ExecutionRecorded): readonly Sighting[] => {
  const { subject, documentId, page, objects, usage } = told;
  if (subject.kind === "SERVICE" || told.decision === "REFUSED") return [];
  const source = { kind: subject.kind, id: subject.id };
  const atMs = Math.round(told.startedAtMs + usage.elapsedMs);
  const points = pointsOf(usage);
  const document = documentId ?? told.fields.join();
  const items = told.kind === "QUERY" ? objects.map((object) => itemOf("object", document, object)) : [];
  const pages = page === undefined || told.kind !== "QUERY" ? [] : [itemOf("page", page)];
  return [
    ...(points > 0 ? [{ source, observation: { measure: "COST", atMs, amount: points } as const }] : []),
    ...[...pages, ...items].map((item) => ({ source, observation: { measure: "PAGES", atMs, item } as const })),
  ];
};

/** What a refused credential says about where it came from: its address and the network around that. */
export const sightingsOfFailure = ({ address, guess, tried, atMs }: AuthenticationFailed): readonly Sighting[] => {
  const origin = originOf(address);
  if (origin === null) return [];
  const measure = guess === "UNKNOWN_KEY" ? ("WRONG_KEYS" as const) : ("WRONG_CREDENTIALS" as const);
  const observation = { measure, atMs, item: tried };
  return [
    { source: { kind: "ADDRESS", id: origin.host }, observation },
    { source: { kind: "NETWORK", id: origin.network }, observation },
  ];
};
