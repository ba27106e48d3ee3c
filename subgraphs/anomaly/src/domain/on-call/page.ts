import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { uuidOf } from "@tessera/platform/integrity/digest";
import type { SavedEscalation } from "./escalation.ts";

/** What became of a page. NOT_NEEDED: somebody looked at the anomaly, or it was over, before its turn came. */
export type PageOutcome = "TOLD" | "NOBODY_ON_CALL" | "NO_CONTACT" | "NO_CHANNEL" | "NOT_NEEDED";

/** Somebody who is to be told of one step of an alert by an escalation. */
export interface Page {
  /** Made of the transition and whom it tells: whatever comes again makes no second one. */
  readonly id: string;
  readonly transitionId: string;
  readonly anomalyId: string;
  /** Name of the policy. */
  readonly policy: string;
  /** The step of the escalation; null: it tells whoever was told before. */
  readonly step: number | null;
  /** CONTACT: a further way to reach the person whose id it has. TOLD: whoever was told of the anomaly before. */
  readonly target: { readonly kind: "SCHEDULE" | "PERSON" | "CHANNEL" | "CONTACT" | "TOLD"; readonly id: string };
  readonly contact: { readonly channelId: string; readonly address: string | null } | null;
  readonly alert: AlertChanged;
  readonly dueMs: number;
  /** Who was told, or on call; null of a channel, and before. */
  readonly personId: string | null;
  /** Null before its turn. */
  readonly outcome: PageOutcome | null;
  readonly finishedAtMs: number | null;
}

/** A page that is to be made. */
export type PageToMake = Omit<Page, "personId" | "outcome" | "finishedAtMs">;

/** The id of a page: of one transition, each target has one. */
export const pageId = (transitionId: string, kind: Page["target"]["kind"], target: string): string =>
  uuidOf(`${transitionId} ${kind} ${target}`);

/** Whether a transition says that somebody looks at an anomaly, or that it is over: that is told to whoever was told of it. */
export const endsPaging = ({ to, reason }: Pick<AlertChanged, "to" | "reason">): boolean =>
  to === "RESOLVED" ||
  to === "ACKNOWLEDGED" ||
  reason === "ACKNOWLEDGED_BY_CALLER" ||
  reason === "ACKNOWLEDGED_BY_CHANNEL";

/** The pages that a transition leads to by the escalation of its alert: one for each target of the step that it is told to. */
export const pagesOf = (
  alert: AlertChanged,
  escalation: SavedEscalation | null,
  nowMs: number,
): readonly PageToMake[] => {
  const { anomalyId, escalationStep: step, transitionId } = alert;
  if (anomalyId === null || !alert.notify || step === null || escalation === null || endsPaging(alert)) return [];
  const { name, steps } = escalation.definition;
  return (steps[step]?.targets ?? []).map((target) => ({
    ...{ id: pageId(transitionId, target.kind, target.id), transitionId, anomalyId, policy: name, step, target },
    ...{ contact: null, alert, dueMs: nowMs },
  }));
};

/** The page that tells those who were told before that somebody looks at it, or that it is over; null where there is nothing to tell. */
export const endPageOf = (alert: AlertChanged, nowMs: number): PageToMake | null => {
  const { anomalyId, transitionId } = alert;
  if (anomalyId === null || !alert.notify || !endsPaging(alert)) return null;
  return {
    ...{ id: pageId(transitionId, "TOLD", anomalyId), transitionId, anomalyId, policy: "", step: null },
    ...{ target: { kind: "TOLD", id: anomalyId }, contact: null, alert, dueMs: nowMs },
  };
};
