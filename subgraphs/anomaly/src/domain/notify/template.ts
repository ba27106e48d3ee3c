import Mustache from "mustache";
import { distance } from "fastest-levenshtein";
import { CHANNEL_LIMITS, type ChannelKind } from "./channel.ts";

/** A value that templates see. */
export type View = { readonly [name: string]: string | boolean | object | readonly View[] };

/** Names that templates may use, within `alerts` and outside; `labels.` is followed by a label of the rule or the group. */
export const TEMPLATE_VARIABLES = [
  ...["action", "severity", "state", "from", "reason", "rule", "ruleId", "anomalyId", "fingerprint", "group"],
  ...["value", "expected", "low", "high", "because", "at", "since", "duration"],
  ...["number", "valueShown", "expectedShown", "normal", "why", "about", "atClock", "sinceClock"],
  ...["alerts", "count", "more", "isOne", "channel", "wait"],
  ...["isGroup", "groupState", "groupName", "summary", "began", "changed", "over", "still", "change"],
] as const;
const known: ReadonlySet<string> = new Set(TEMPLATE_VARIABLES);
/** Sections within one another: each multiplies what is written. */
const MAX_DEPTH = 4;
/** Edits up to which a known name is taken for what was meant. */
const NEAR = 0.4;

/** Control characters but for tabs and line ends, and marks that turn the direction of text, by which it reads as what it is not. */
const INVISIBLE = /[^\P{Cc}\t\n\r]|[\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** A text without characters that nobody sees. */
export const visible = (text: string): string => text.replaceAll(INVISIBLE, "").replaceAll(/\r\n?/g, "\n");

/** Slack reads these three as its own marks: mentions, links and entities all begin with one. */
const forSlack = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
/** Adaptive Cards read a part of Markdown. */
const forTeams = (text: string): string => text.replaceAll(/[\\`*_{}[\]()#+\-.!~>|<&]/g, String.raw`\$&`);
const asItIs = (text: string): string => text;

/** How values are written for each kind; what is written as JSON or HTML as a whole is escaped there, as a whole. */
export const ESCAPES: Readonly<Record<ChannelKind, (text: string) => string>> = {
  ...{ EMAIL: asItIs, SLACK: forSlack, TEAMS: forTeams, PAGERDUTY: asItIs },
  ...{ OPSGENIE: asItIs, SMS: asItIs, WEBHOOK: asItIs, IN_APP: asItIs },
};

/** Renders a template that was checked; every value is escaped for the kind of channel, the template's own text is as it is. */
export const render = (kind: ChannelKind, template: string, view: View): string => {
  const escape = (value: unknown): string => ESCAPES[kind](visible(String(value)));
  return visible(Mustache.render(template, view, {}, { escape }));
};

const didYouMean = (name: string): string => {
  if (name.length > 64) return "";
  let [best, least] = ["", Infinity];
  for (const one of TEMPLATE_VARIABLES) {
    const edits = distance(name.toLowerCase(), one.toLowerCase());
    if (edits < least && edits <= Math.max(2, NEAR * one.length) && edits < one.length) [best, least] = [one, edits];
  }
  return best === "" ? "" : ` Did you mean \`${best}\`?`;
};

const nameProblem = (name: string): string | null => {
  if (known.has(name) || /^labels\.[^.\s]{1,200}$/.test(name)) return null;
  if (name === "labels") return "`labels` is followed by a label: `{{labels.team}}`.";
  return `There is no variable \`${name.slice(0, 64)}\`.${didYouMean(name)}`;
};

type Token = readonly unknown[];
const isTokens = (value: unknown): value is readonly Token[] => Array.isArray(value) && value.every(Array.isArray);

const tokenProblem = ([type, name, , , inner]: Token, depth: number): string | null => {
  const said = String(name);
  switch (type) {
    case "text":
    case "!":
      return null;
    case "name":
      return nameProblem(said);
    case "#":
    case "^": {
      if (depth >= MAX_DEPTH) return `Sections lie within one another ${MAX_DEPTH} deep at most.`;
      return nameProblem(said) ?? (isTokens(inner) ? tokensProblem(inner, depth + 1) : null);
    }
    case "&":
      return `\`${said.slice(0, 64)}\` is written unescaped: write it with two braces.`;
    case ">":
      return "There are no partial templates.";
    default:
      return "The braces of a template can't be changed.";
  }
};

const tokensProblem = (tokens: readonly Token[], depth: number): string | null => {
  for (const token of tokens) {
    const problem = tokenProblem(token, depth);
    if (problem !== null) return problem;
  }
  return null;
};

/** What is wrong with a template, in a sentence; null when it can be used: its braces fit, and every name in it is one of {@link TEMPLATE_VARIABLES}. */
export const templateProblem = (template: string): string | null => {
  if (template.length > CHANNEL_LIMITS.template) return `A template has at most ${CHANNEL_LIMITS.template} characters.`;
  try {
    // `{{=<% %>=}}` leaves no token behind, so it is looked for before.
    if (/\{\{\s*=/.test(template)) return "The braces of a template can't be changed.";
    const tokens: unknown = Mustache.parse(template);
    return isTokens(tokens) ? tokensProblem(tokens, 0) : null;
  } catch (error) {
    return `The template can't be read: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300);
  }
};
