import type { Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { OuterSilence } from "../alerts/alert-state.ts";
import { createInhibitor, type Inhibition, type OpenAlert } from "./inhibition.ts";
import { labelTest, type Matcher } from "./matcher.ts";
import { isInForce, type SilenceWindow } from "./silence-window.ts";

/** What its author says of a silence: which alerts are not told of, when, and why. */
export interface SilenceDefinition {
  readonly kind: "SUPPRESSED" | "MAINTENANCE";
  readonly matchers: readonly Matcher[];
  readonly window: SilenceWindow;
  readonly comment: string;
}

/** A silence as it stands. */
export interface Silence extends SilenceDefinition {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly createdBy: Subject;
  readonly createdAtMs: number;
  /** When somebody ended it before its time; null: nobody has. */
  readonly endedAtMs: number | null;
}

/** What its author says of an inhibition. */
export interface InhibitionDefinition extends Inhibition {
  readonly name: string;
}

/** An inhibition as it stands. */
export interface SavedInhibition extends InhibitionDefinition {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly createdAtMs: number;
}

/** All of a tenant that may silence an alert at a moment. */
export interface SilenceBook {
  readonly silences: readonly Pick<Silence, "kind" | "matchers" | "window">[];
  readonly inhibitions: readonly Inhibition[];
  /** The tenant's alerts that fire, acknowledged ones among them. */
  readonly open: readonly OpenAlert[];
}

/** Tells the silences around an alert at the moment the book is for. */
export type SilencesInForce = (alert: Pick<OpenAlert, "fingerprint" | "labels">) => readonly OuterSilence[];

/** Opens a tenant's book at a moment: what is not in force then is left out, and each matcher is made once for all alerts that are asked about. */
export const silencesInForce = ({ silences, inhibitions, open }: SilenceBook, atMs: number): SilencesInForce => {
  const inForce = silences
    .filter(({ window }) => isInForce(window, atMs))
    .map(({ kind, matchers }) => ({ kind, test: labelTest(matchers) }));
  const isInhibited = createInhibitor(inhibitions, open);
  return (alert) => {
    const kinds = new Set<OuterSilence>(inForce.filter(({ test }) => test(alert.labels)).map(({ kind }) => kind));
    if (isInhibited(alert)) kinds.add("INHIBITED");
    return [...kinds];
  };
};
