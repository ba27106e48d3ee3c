import { labelTest, type Labels, type Matcher } from "../silences/matcher.ts";
import type { EscalationPolicy } from "./escalation-policy.ts";

/** What its author says of an escalation policy: whom its steps tell, and of which alerts. */
export interface Escalation extends EscalationPolicy {
  /** What is asked of an alert's labels but `severity`; all must hold. */
  readonly matchers: readonly Matcher[];
  /** Of several that are for an alert, the one of the least rank is its own; of equal ones the oldest. */
  readonly rank: number;
}

/** An escalation policy as it stands. */
export interface SavedEscalation {
  readonly id: string;
  readonly definition: Escalation;
  /** Grows by one with each change. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** The escalation of an alert, by its labels; null: none is for it. */
export type ChooseEscalation = (labels: Labels) => SavedEscalation | null;

/** Labels that no escalation goes by: they change while an episode lasts, and a policy does not. */
export const CHANGING_LABELS: readonly string[] = ["severity", "escalation_step"];

/** Makes {@link ChooseEscalation}; each policy's test is made once. What routes name (`routed`) goes before what is for an alert by its labels, while it is there. */
export const escalationChooser = (
  saved: readonly SavedEscalation[],
  routed: (labels: Labels) => string | null = () => null,
): ChooseEscalation => {
  const ranked = saved
    .toSorted(
      (a, b) => a.definition.rank - b.definition.rank || a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1),
    )
    .map((one) => ({ one, test: labelTest(one.definition.matchers) }));
  return (labels) => {
    const named = routed(labels);
    return saved.find(({ id }) => id === named) ?? ranked.find(({ test }) => test(labels))?.one ?? null;
  };
};

/** A way to reach a person: a channel, the mailbox or number that is theirs (null: their inbox), and how long after a step it is told unless somebody looks at it by then. */
export interface Contact {
  readonly channelId: string;
  readonly address: string | null;
  readonly afterMs: number;
}

/** How a person is reached, in the order they are told. */
export interface ContactsOfPerson {
  readonly personId: string;
  readonly contacts: readonly Contact[];
}

/** Whom a step would tell, and when. */
export interface PlannedPage {
  readonly atMs: number;
  /** How often the steps had begun anew. */
  readonly repeat: number;
  readonly step: number;
  readonly target: Escalation["steps"][number]["targets"][number];
  /** Who it is; null of a channel, and where nobody is on call. */
  readonly personId: string | null;
  readonly contacts: readonly (Contact & { readonly atMs: number })[];
}

/** Whom an escalation would tell when, if people were first told at a moment and nobody looked at it. */
export const escalationPlan = (
  { steps, repeats, repeatAfterMs }: EscalationPolicy,
  toldMs: number,
  onCallAt: (scheduleId: string, atMs: number) => string | null,
  contactsOf: (personId: string) => readonly Contact[],
): readonly PlannedPage[] => {
  const pages: PlannedPage[] = [];
  let atMs = toldMs;
  for (let repeat = 0; repeat <= repeats; repeat += 1)
    for (const [step, { afterMs, targets }] of steps.entries()) {
      atMs += repeat > 0 && step === 0 ? repeatAfterMs : afterMs;
      for (const target of targets) {
        const person = target.kind === "SCHEDULE" ? onCallAt(target.id, atMs) : target.id;
        const personId = target.kind === "CHANNEL" ? null : person;
        const at = atMs;
        const contacts = (personId === null ? [] : contactsOf(personId)).map((one) => ({
          ...{ ...one, atMs: at + one.afterMs },
        }));
        pages.push({ atMs, repeat, step, target, personId, contacts });
      }
    }
  return pages;
};
