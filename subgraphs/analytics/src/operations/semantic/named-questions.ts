import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import type { EventPage, EventPageDeps } from "../query-events.ts";
import { explainOlap } from "../explain-olap.ts";
import { rowsBehind, type RowsBehindInput } from "../rows-behind.ts";
import { startQuery, type StartOutcome, type StartQueryDeps } from "../start-query.ts";
import { atRange, type Asked } from "../at-range.ts";
import { resolveQuestion, type ResolveDeps } from "./resolve-question.ts";

type Clock = { readonly nowMs: NowMs };

type Start = Parameters<ReturnType<typeof startQuery>>[1];

/** Starts a long query that may name metrics and segments: they and its range are what they are at the start, whatever becomes of them. */
export const startNamedQuery =
  (deps: StartQueryDeps & ResolveDeps & Clock) =>
  async (caller: Caller, input: Omit<Start, "olap"> & { readonly olap: Asked<AskedOlap> }): Promise<StartOutcome> => {
    const olap = atRange<AskedOlap>(input.olap, deps.nowMs(), "input.olap");
    const resolved = await resolveQuestion(deps, caller, olap, "input.olap");
    return startQuery(deps)(caller, { ...input, olap: resolved.input });
  };

/** Answers `explain` of a question that may name metrics and segments. */
export const explainNamed =
  (deps: Parameters<typeof explainOlap>[0] & ResolveDeps & Clock) =>
  async (
    caller: Caller,
    asked: Asked<AskedOlap>,
    run: boolean,
    signal?: AbortSignal,
  ): ReturnType<ReturnType<typeof explainOlap>> => {
    const { input } = await resolveQuestion(deps, caller, atRange<AskedOlap>(asked, deps.nowMs()));
    return explainOlap(deps)(caller, input, run, signal);
  };

/** Answers `rowsBehind` of a question that may name metrics and segments. */
export const rowsBehindNamed =
  (deps: EventPageDeps & ResolveDeps) =>
  async (
    caller: Caller,
    asked: Omit<RowsBehindInput, "input"> & { readonly input: Asked<AskedOlap> },
    signal?: AbortSignal,
  ): Promise<EventPage> => {
    const { input } = await resolveQuestion(deps, caller, atRange<AskedOlap>(asked.input, deps.nowMs()));
    return rowsBehind(deps)(caller, { ...asked, input }, signal);
  };
