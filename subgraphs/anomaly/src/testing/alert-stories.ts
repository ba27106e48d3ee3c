import { checkAlertPolicy } from "../domain/alerts/alert-policy-definition.ts";
import type { AlertPolicy } from "../domain/alerts/alert-policy.ts";
import type { AlertSignal, AlertState, AlertTransition } from "../domain/alerts/alert-state.ts";
import { freshAlert } from "../domain/alerts/alert-state.ts";
import { step } from "../domain/alerts/alert-machine.ts";

/** When every story begins. */
export const STORY_MS = Date.parse("2026-03-02T00:00:00Z");
/** How long each bucket of a story is. */
export const BUCKET_MS = 60_000;

/** The policy an author gave, checked; throws where it makes no sense. */
export const policyOf = (definition: object): AlertPolicy => {
  const checked = checkAlertPolicy(definition);
  if (checked.valid) return checked.value;
  throw new Error(checked.problems.map(({ field, message }) => `${field}: ${message}`).join(" "));
};

const OUTCOMES = { B: "ANOMALOUS", H: "NORMAL", C: "NORMAL", E: "NO_DATA", L: "LEARNING" } as const;
const isBucket = (letter: string): letter is keyof typeof OUTCOMES => letter in OUTCOMES;

/** What each word of a story is as a signal at a minute; B3 is a breach of score 3. Held is a score between 0.5 and 1. */
export const signalOf = (word: string, minute: number): AlertSignal => {
  const atMs = STORY_MS + minute * BUCKET_MS;
  const bucket = { atMs: atMs - BUCKET_MS, untilMs: atMs };
  const letter = word.slice(0, 1);
  const scores = { B: Number(word.slice(1) || "1"), H: 0.8, C: 0, E: 0, L: 0 };
  if (isBucket(letter) && (word.length === 1 || /^B[\d.]+$/u.test(word)))
    return {
      kind: "FINDING",
      bucket,
      finding: { outcome: OUTCOMES[letter], score: scores[letter] },
      impact: null,
      atMs,
    };
  switch (word) {
    case "gone":
      return { kind: "NO_SERIES", bucket, atMs };
    case "tick":
      return { kind: "TICK", atMs };
    case "ack":
    case "channel-ack":
      return {
        kind: "COMMAND",
        command: { kind: "ACKNOWLEDGE", by: word === "ack" ? "CALLER" : "CHANNEL" },
        episode: null,
        atMs,
      };
    case "resolve":
      return { kind: "COMMAND", command: { kind: "RESOLVE" }, episode: null, atMs };
    case "snooze":
      return { kind: "COMMAND", command: { kind: "SNOOZE", untilMs: atMs + 5 * BUCKET_MS }, episode: null, atMs };
    case "unsnooze":
      return { kind: "COMMAND", command: { kind: "UNSNOOZE" }, episode: null, atMs };
    case "maintenance":
      return { kind: "CONTEXT", silences: ["MAINTENANCE"], atMs };
    case "inhibited":
      return { kind: "CONTEXT", silences: ["INHIBITED"], atMs };
    case "open":
      return { kind: "CONTEXT", silences: [], atMs };
    case "changed":
      return { kind: "RETIRED", reason: "RULE_CHANGED", atMs };
    case "deleted":
      return { kind: "RETIRED", reason: "RULE_DELETED", atMs };
    default:
      throw new Error(`A story has no word "${word}".`);
  }
};

/** Signals one after the other, and all they led to. */
export const replay = (
  policy: AlertPolicy,
  signals: readonly AlertSignal[],
  from: AlertState = freshAlert(STORY_MS),
): { readonly alert: AlertState; readonly transitions: readonly AlertTransition[] } => {
  let alert = from;
  const transitions: AlertTransition[] = [];
  for (const signal of signals) {
    const stepped = step(policy, alert, signal);
    alert = stepped.alert;
    transitions.push(...stepped.transitions);
  }
  return { alert, transitions };
};

/** A transition as a row of a table says it: `OK>FIRING BREACHED_LONG_ENOUGH told`, or why not. */
export const said = ({ from, to, reason, notify, silence, escalationStep }: AlertTransition): string =>
  [
    from === to ? from : `${from}>${to}`,
    reason,
    ...(notify ? ["told"] : []),
    ...(silence === null ? [] : [`silenced:${silence}`]),
    ...(escalationStep === null ? [] : [`step:${escalationStep}`]),
  ].join(" ");

/** Plays a story, a word a minute, and answers what the last word led to and where the alert stands. */
export const tell = (definition: object, story: string) => {
  const policy = policyOf(definition);
  const signals = story.split(" ").map((word, place) => signalOf(word, place + 1));
  const before = replay(policy, signals.slice(0, -1));
  const after = replay(policy, signals.slice(-1), before.alert);
  return { state: after.alert.state, alert: after.alert, led: after.transitions.map(said) };
};
