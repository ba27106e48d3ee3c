import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import { funnelOfPath as layOutFunnel, type PathFunnel } from "../domain/paths/funnel-of-path.ts";
import type { PathsInput } from "../domain/paths/paths-input.ts";
import { atRange, type Asked } from "./at-range.ts";

/** A question to `paths`, and a path among its answer's. */
export interface FunnelOfPathInput {
  readonly input: Asked<PathsInput>;
  readonly path: readonly string[];
}

/** Answers `funnelOfPath`: the funnel question that counts a path, and whether it counts the same. */
export const funnelOfPath =
  (deps: { readonly nowMs: NowMs }) =>
  async (caller: Caller, { input, path }: FunnelOfPathInput): Promise<PathFunnel> =>
    layOutFunnel(atRange<PathsInput>(input, deps.nowMs()), path, accessOf(caller));
