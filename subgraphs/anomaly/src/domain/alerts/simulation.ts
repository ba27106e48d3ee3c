import { step } from "./alert-machine.ts";
import type { AlertPolicy } from "./alert-policy.ts";
import { freshAlert, type AlertSignal, type AlertTransition } from "./alert-state.ts";
import type { AlertReason, Severity } from "./alert.ts";
import { isOpen } from "./telling.ts";
import { nextTick } from "./tick-step.ts";

/** An episode that would have been. */
export interface SimulatedEpisode {
  readonly severity: Severity;
  /** When the trouble began, and when people would have been told of it: null where nobody would. */
  readonly fromMs: number;
  readonly toldMs: number | null;
  /** When it would have ended; null: it lasted to the end of the history. */
  readonly untilMs: number | null;
  readonly endedBy: AlertReason | null;
  /** How often people would have been told anything of it. */
  readonly tellings: number;
}

/** What would have become of one series. */
export interface SimulatedSeries {
  readonly episodes: readonly SimulatedEpisode[];
  readonly transitions: number;
  /** How often people would have been told anything. */
  readonly tellings: number;
}

const transitionsOf = (
  policy: AlertPolicy,
  signals: readonly AlertSignal[],
  untilMs: number,
): readonly AlertTransition[] => {
  const all: AlertTransition[] = [];
  let alert = freshAlert(signals[0]?.atMs ?? untilMs);
  const take = (signal: AlertSignal): boolean => {
    const stepped = step(policy, alert, signal);
    const moved = stepped.transitions.length > 0;
    ({ alert } = stepped);
    all.push(...stepped.transitions);
    return moved;
  };
  // Each tick tells once, and how often one episode is told is capped: what does not lead on would never end.
  const passTime = (sinceMs: number, toMs: number): void => {
    for (let dueMs = nextTick(policy, alert); dueMs !== null && dueMs < toMs; dueMs = nextTick(policy, alert))
      if (!take({ kind: "TICK", atMs: Math.max(sinceMs, dueMs) })) return;
  };
  let nowMs = signals[0]?.atMs ?? untilMs;
  for (const signal of signals) {
    passTime(nowMs, signal.atMs);
    take(signal);
    nowMs = signal.atMs;
  }
  passTime(nowMs, untilMs);
  return all;
};

const episodesOf = (transitions: readonly AlertTransition[]): readonly SimulatedEpisode[] => {
  const numbers = [...new Set(transitions.flatMap(({ episode }) => (episode === null ? [] : [episode])))];
  return numbers.flatMap((number) => {
    const own = transitions.filter(({ episode }) => episode === number);
    const opening = own.find(({ from, to }) => !isOpen(from) && isOpen(to));
    if (opening === undefined) return [];
    const ending = own.find(({ from, to }) => isOpen(from) && !isOpen(to));
    const told = own.filter(({ notify }) => notify);
    const worst = own.findLast(({ to }) => isOpen(to)) ?? opening;
    return [
      {
        severity: worst.severity,
        fromMs: opening.sinceMs ?? opening.atMs,
        toldMs: told[0]?.atMs ?? null,
        untilMs: ending?.atMs ?? null,
        endedBy: ending?.reason ?? null,
        tellings: told.length,
      },
    ];
  });
};

/** Replays what the detector said of a series' buckets, each told when it ended, with time passing between them, to the end of the history. Nobody acknowledges, and nothing silences. */
export const simulateSeries = (
  policy: AlertPolicy,
  signals: readonly AlertSignal[],
  untilMs: number,
): SimulatedSeries => {
  const transitions = transitionsOf(policy, signals, untilMs);
  return {
    episodes: episodesOf(transitions),
    transitions: transitions.length,
    tellings: transitions.filter(({ notify }) => notify).length,
  };
};

/** Something that is known to have been wrong, [fromMs, untilMs). */
export interface KnownIncident {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** How episodes compare with what is known to have been wrong. */
export interface SimulationScore {
  /** Episodes that touch an incident, of all. Null without episodes. */
  readonly precision: number | null;
  /** Incidents that an episode touches, of all. Null without incidents. */
  readonly recall: number | null;
  /** From the beginning of an incident that was found until people would first have been told during it, on average; null where they never would. */
  readonly meanDelayMs: number | null;
}

/** Scores episodes, of whatever series, by incidents. */
export const scoreEpisodes = (
  episodes: readonly SimulatedEpisode[],
  incidents: readonly KnownIncident[],
  endMs: number,
): SimulationScore => {
  const touches = (episode: SimulatedEpisode, { fromMs, untilMs }: KnownIncident): boolean =>
    episode.fromMs < untilMs && (episode.untilMs ?? endMs) > fromMs;
  const right = episodes.filter((episode) => incidents.some((incident) => touches(episode, incident)));
  const found = incidents.filter((incident) => episodes.some((episode) => touches(episode, incident)));
  const delays = found.flatMap((incident) => {
    const told = episodes
      .filter((episode) => touches(episode, incident))
      .flatMap(({ toldMs }) => (toldMs === null ? [] : [toldMs]));
    return told.length === 0 ? [] : [Math.max(0, Math.min(...told) - incident.fromMs)];
  });
  return {
    precision: episodes.length === 0 ? null : right.length / episodes.length,
    recall: incidents.length === 0 ? null : found.length / incidents.length,
    meanDelayMs: delays.length === 0 ? null : delays.reduce((sum, ms) => sum + ms, 0) / delays.length,
  };
};
