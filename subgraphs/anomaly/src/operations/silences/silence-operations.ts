import type { Caller } from "@tessera/contracts/caller";
import { isUuid, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Checked } from "../../domain/checked.ts";
import { checkPage, pageOf, type Page, type PageArguments } from "../../domain/page.ts";
import { checkInhibition, checkSilence } from "../../domain/silences/check-silence.ts";
import { occurrenceAt } from "../../domain/silences/silence-window.ts";
import {
  silencesInForce,
  type SavedInhibition,
  type Silence,
  type SilencesInForce,
} from "../../domain/silences/silence.ts";
import { alertLabels } from "../../domain/silences/told-silences.ts";
import type { CreatedInhibition, CreatedSilence } from "../../domain/silences/outcomes.ts";
import type { SilenceStore } from "../../store/silences/silence-store.ts";

/** What silences need. */
export interface SilenceDeps {
  readonly silences: SilenceStore;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** What makes sense of an input; refuses with BAD_INPUT what does not, naming the first place and saying all. */
export const soundOf = <T>(checked: Checked<T>, place = "input"): T => {
  if (checked.valid) return checked.value;
  const said = checked.problems.map(({ field, message }) => `${field}: ${message}`).join(" ");
  throw refuse("BAD_INPUT", said, {
    field: [place, checked.problems[0]?.field ?? ""].filter((part) => part !== "").join("."),
  });
};

/** An id in the form ids are kept in; null where it is none. */
export const keptId = (text: string): string | null => (isUuid(text) ? text.toLowerCase() : null);

const createSilence =
  ({ silences, nowMs, newId }: SilenceDeps) =>
  async (caller: Caller, input: object): Promise<CreatedSilence> => {
    const definition = soundOf(checkSilence(input));
    const now = nowMs();
    const { window } = definition;
    if (window.untilMs !== null && window.untilMs <= now)
      throw refuse("BAD_INPUT", "The silence would be over before it is made.", { field: "input.window.until" });
    const silence = { id: newId(), definition, createdBy: caller.subject, overAtMs: window.untilMs };
    return silences.create(caller.tenantId, silence, now);
  };

const endSilence =
  ({ silences, nowMs }: SilenceDeps) =>
  async (caller: Caller, id: string): Promise<Silence | null> => {
    const silenceId = keptId(id);
    return silenceId === null ? null : silences.end(caller.tenantId, silenceId, nowMs());
  };

const listSilences =
  ({ silences }: SilenceDeps) =>
  async (caller: Caller, asked: PageArguments): Promise<Page<Silence>> => {
    const page = checkPage(asked, keptId);
    return pageOf(await silences.page(caller.tenantId, page), page);
  };

/** Where a silence stands at present. */
export interface SilenceNow {
  readonly inForce: boolean;
  /** When it is in force next; null while it is, and when it will not be any more. */
  readonly nextFromMs: number | null;
}

const silenceNow =
  ({ nowMs }: SilenceDeps) =>
  ({ window, endedAtMs }: Pick<Silence, "window" | "endedAtMs">): SilenceNow => {
    const now = nowMs();
    const occurrence = endedAtMs === null ? occurrenceAt(window, now) : null;
    const inForce = occurrence !== null && occurrence.fromMs <= now;
    return { inForce, nextFromMs: inForce ? null : (occurrence?.fromMs ?? null) };
  };

const createInhibition =
  ({ silences, nowMs, newId }: SilenceDeps) =>
  async (caller: Caller, input: object): Promise<CreatedInhibition> =>
    silences.createInhibition(caller.tenantId, newId(), soundOf(checkInhibition(input)), nowMs());

const deleteInhibition =
  ({ silences }: SilenceDeps) =>
  async (caller: Caller, id: string): Promise<boolean> => {
    const inhibitionId = keptId(id);
    return inhibitionId !== null && silences.removeInhibition(caller.tenantId, inhibitionId);
  };

/** Everything that is done on request about silences and inhibitions, ready to be called. */
export const createSilenceOperations = (deps: SilenceDeps) => ({
  ...{ createSilence: createSilence(deps), endSilence: endSilence(deps), listSilences: listSilences(deps) },
  silenceNow: silenceNow(deps),
  ...{ createInhibition: createInhibition(deps), deleteInhibition: deleteInhibition(deps) },
  listInhibitions: ({ tenantId }: Caller): Promise<readonly SavedInhibition[]> => deps.silences.inhibitions(tenantId),
});

/** See {@link createSilenceOperations}. */
export type SilenceOperations = ReturnType<typeof createSilenceOperations>;

/** Tells whoever evaluates a rule of a tenant the silences around its alerts, by one look at the store. */
export type ReadSilences = (tenantId: TenantId, atMs: number) => Promise<SilencesInForce>;

/** Builds {@link ReadSilences}. */
export const createReadSilences =
  (silences: Pick<SilenceStore, "bookAt">): ReadSilences =>
  async (tenantId, atMs) => {
    const { open, ...book } = await silences.bookAt(tenantId, atMs);
    const labelled = open.map(({ fingerprint, sinceMs, severity, ...alert }) => ({
      ...{ fingerprint, sinceMs },
      labels: alertLabels(alert, severity),
    }));
    return silencesInForce({ ...book, open: labelled }, atMs);
  };
