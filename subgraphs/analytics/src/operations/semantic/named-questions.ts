import type { Caller } from "@tessera/contracts/caller";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import type { EventPage, EventPageDeps } from "../query-events.ts";
import { explainOlap } from "../explain-olap.ts";
import { rowsBehind, type RowsBehindInput } from "../rows-behind.ts";
import { startQuery, type StartOutcome, type StartQueryDeps } from "../start-query.ts";
import { resolveQuestion, type ResolveDeps } from "./resolve-question.ts";

type Start = Parameters<ReturnType<typeof startQuery>>[1];

/** Starts a long query that may name metrics and segments: they are what they are at the start, whatever becomes of them. */
export const startNamedQuery =
  (deps: StartQueryDeps & ResolveDeps) =>
  async (caller: Caller, input: Omit<Start, "olap"> & { readonly olap: AskedOlap }): Promise<StartOutcome> => {
    const resolved = await resolveQuestion(deps, caller, input.olap, "input.olap");
    return startQuery(deps)(caller, { ...input, olap: resolved.input });
  };

/** Answers `explain` of a question that may name metrics and segments. */
export const explainNamed =
  (deps: Parameters<typeof explainOlap>[0] & ResolveDeps) =>
  async (
    caller: Caller,
    asked: AskedOlap,
    run: boolean,
    signal?: AbortSignal,
  ): ReturnType<ReturnType<typeof explainOlap>> =>
    explainOlap(deps)(caller, (await resolveQuestion(deps, caller, asked)).input, run, signal);

/** Answers `rowsBehind` of a question that may name metrics and segments. */
export const rowsBehindNamed =
  (deps: EventPageDeps & ResolveDeps) =>
  async (
    caller: Caller,
    asked: Omit<RowsBehindInput, "input"> & { readonly input: AskedOlap },
    signal?: AbortSignal,
  ): Promise<EventPage> => {
    const { input } = await resolveQuestion(deps, caller, asked.input);
    return rowsBehind(deps)(caller, { ...asked, input }, signal);
  };
