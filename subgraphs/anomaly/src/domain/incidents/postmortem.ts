import type { Subject } from "@tessera/contracts/caller";
import type { Impact } from "../explain/impact.ts";
import type { Incident, IncidentEntry, IncidentLink, Sign } from "./incident.ts";

/** What a postmortem is written of. */
export interface PostmortemParts {
  readonly incident: Incident;
  readonly entries: readonly IncidentEntry[];
  readonly signs: readonly Sign[];
  readonly links: readonly { readonly link: IncidentLink; readonly other: Pick<Incident, "number" | "title"> }[];
  /** What was seen of each alert, by the anomaly's id, where it is still kept. */
  readonly seen: ReadonlyMap<string, SeenOfAlert>;
}

/** What was seen of an alert when it began. */
export interface SeenOfAlert {
  readonly because: string;
  /** Whom it concerned, or how much revenue; null where that is not known. */
  readonly impact: Impact | null;
}

/** A postmortem for people, and for programs. */
export interface Postmortem {
  readonly markdown: string;
  readonly json: Readonly<Record<string, unknown>>;
}

const moment = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const secondsBetween = (fromMs: number, untilMs: number | null): number | null =>
  untilMs === null ? null : Math.max(0, Math.round((untilMs - fromMs) / 1_000));

const inWords = (seconds: number | null): string => {
  if (seconds === null) return "not yet";
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60] as const;
  const named = [`${parts[0]} h`, `${parts[1]} min`, `${parts[2]} s`].filter((_text, place) => parts[place] !== 0);
  return named.length === 0 ? "0 s" : named.join(" ");
};

/** A text of others within Markdown: on one line, and none of its marks means anything (CommonMark 0.31, backslash escapes). */
const plain = (text: string): string =>
  text
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[!-/:-@[-`{-~]/gu, (mark) => (/[.,:;()%'"+/=?-]/u.test(mark) ? mark : `\\${mark}`));

const who = (by: Subject | null): string => (by === null ? "" : `${by.kind} ${by.id}`);

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${heads.join(" | ")} |`,
  `| ${heads.map(() => "---").join(" | ")} |`,
  ...rows.map((cells) => `| ${cells.map(plain).join(" | ")} |`),
  "",
];

/** The greatest impact that one of the alerts had, of people and of each currency: alerts of one cause concern the same people, so that nothing is added up. */
const impactOf = ({ signs, seen }: Pick<PostmortemParts, "signs" | "seen">): readonly Impact[] => {
  const greatest = new Map<string | null, Impact>();
  for (const { anomalyId } of signs) {
    const impact = seen.get(anomalyId)?.impact ?? null;
    if (impact !== null && impact.amount > (greatest.get(impact.currency)?.amount ?? -1))
      greatest.set(impact.currency, impact);
  }
  return [...greatest.values()].toSorted((one, other) => ((one.currency ?? "") < (other.currency ?? "") ? -1 : 1));
};

const impactLines = (impact: readonly Impact[]): readonly string[] =>
  impact.map(({ amount, currency }) => {
    const rounded = String(Math.round(amount * 100) / 100);
    return `- At least ${rounded} ${currency ?? "people"}: the greatest that one alert told of when it began.`;
  });

const jsonOf = ({ incident, entries, signs, links, seen }: PostmortemParts): Postmortem["json"] => ({
  format: "tessera.postmortem/1",
  ...{ incidentId: incident.id, number: incident.number, title: incident.title, state: incident.state },
  ...{ severity: incident.severity, policy: incident.policy, labels: incident.labels, status: incident.status },
  ...{ beganAt: moment(incident.beganAtMs), openedAt: moment(incident.openedAtMs) },
  ...{ acknowledgedAt: moment(incident.acknowledgedAtMs), mitigatedAt: moment(incident.mitigatedAtMs) },
  ...{ resolvedAt: moment(incident.resolvedAtMs), closedAt: moment(incident.closedAtMs) },
  secondsToDetect: secondsBetween(incident.beganAtMs, incident.openedAtMs),
  secondsToAcknowledge: secondsBetween(incident.openedAtMs, incident.acknowledgedAtMs),
  secondsToResolve: secondsBetween(incident.openedAtMs, incident.resolvedAtMs),
  timesReopened: incident.timesReopened,
  impact: impactOf({ signs, seen }),
  roles: incident.roles.map(({ role, personId, scheduleId, atMs }) => ({
    role,
    personId,
    scheduleId,
    at: moment(atMs),
  })),
  alerts: signs.map((sign) => ({
    ...{ anomalyId: sign.anomalyId, rule: sign.ruleName, ruleId: sign.ruleId, severity: sign.severity },
    ...{ labels: sign.labels, firedAt: moment(sign.firedAtMs), overAt: moment(sign.overAtMs) },
    ...{ explainedByAnother: sign.inhibited, because: seen.get(sign.anomalyId)?.because ?? null },
    impact: seen.get(sign.anomalyId)?.impact ?? null,
  })),
  timeline: entries.map(({ kind, from, to, by, text, anomalyId, atMs }) => ({
    ...{ at: moment(atMs), kind, from, to, by, text, anomalyId },
  })),
  droppedEntries: incident.dropped,
  links: links.map(({ link, other }) => ({
    ...{ incidentId: link.otherId, number: other.number, title: other.title, score: link.score },
    ...{ reasons: link.reasons, note: link.note },
  })),
});

const factsOf = ({ incident }: PostmortemParts): readonly string[] => [
  ...table(
    ["", ""],
    [
      ["Severity", incident.severity],
      ["State", incident.state],
      ["Began", moment(incident.beganAtMs) ?? ""],
      ["Opened", moment(incident.openedAtMs) ?? ""],
      ["Time to detect", inWords(secondsBetween(incident.beganAtMs, incident.openedAtMs))],
      ["Time to acknowledge", inWords(secondsBetween(incident.openedAtMs, incident.acknowledgedAtMs))],
      ["Time to resolve", inWords(secondsBetween(incident.openedAtMs, incident.resolvedAtMs))],
      ["Times reopened", String(incident.timesReopened)],
      ...incident.roles.map(({ role, personId }) => [role, personId]),
    ],
  ),
];

/** Writes the postmortem of an incident, with what people are still to say of it as empty headings. */
export const postmortemOf = (parts: PostmortemParts): Postmortem => {
  const { incident, entries, signs, links, seen } = parts;
  const impact = impactLines(impactOf(parts));
  const lines = [
    `# Incident ${incident.number}: ${plain(incident.title)}`,
    "",
    ...(incident.status === null ? [] : [plain(incident.status), ""]),
    ...factsOf(parts),
    ...["## Impact", "", ...impact, ...(impact.length === 0 ? [] : [""])],
    ...["## Root cause", "", "## What went well, and what did not", "", "## What is to be done", ""],
    ...["## Alerts", ""],
    ...table(
      ["Fired", "Over", "Severity", "Rule", "What was seen"],
      signs.map((sign) => [
        ...[moment(sign.firedAtMs) ?? "", moment(sign.overAtMs) ?? "open", sign.severity, sign.ruleName],
        seen.get(sign.anomalyId)?.because ?? "",
      ]),
    ),
    ...["## Timeline", ""],
    ...table(
      ["At", "What", "By", "In words"],
      entries.map(({ atMs, kind, by, text }) => [moment(atMs) ?? "", kind, who(by), text]),
    ),
    ...(incident.dropped === 0 ? [] : [`${incident.dropped} more steps of alerts had no room in the timeline.`, ""]),
    ...(links.length === 0 ? [] : ["## Linked incidents", ""]),
    ...links.map(
      ({ link, other }) =>
        `- Incident ${other.number}, ${plain(other.title)}: ${link.score} (${plain(link.reasons.join(", "))})`,
    ),
  ];
  return { markdown: `${lines.join("\n").trimEnd()}\n`, json: jsonOf(parts) };
};
