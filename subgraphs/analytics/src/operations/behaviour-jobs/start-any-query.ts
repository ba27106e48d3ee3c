import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import type { Asked } from "../at-range.ts";
import { startNamedQuery } from "../semantic/named-questions.ts";
import type { StartOutcome } from "../start-query.ts";
import { startBehaviour, type AskedBehaviour, type StartBehaviourDeps } from "./start-behaviour.ts";

type Maybe<T> = T | null | undefined;

/** A question to a job, as in the SDL: exactly one of its kinds. */
export type StartAnyInput = {
  readonly [Kind in AskedBehaviour["kind"]]?: Maybe<Extract<AskedBehaviour, { kind: Kind }>["input"]>;
} & {
  readonly olap?: Maybe<Asked<AskedOlap>>;
  readonly maxRows: number;
  readonly idempotencyKey?: string | null | undefined;
};

const oneOf = (input: StartAnyInput): AskedBehaviour | { readonly kind: "olap"; readonly input: Asked<AskedOlap> } => {
  const { olap, funnel, paths, attribution, sessionMetrics } = input;
  const given = [
    ...(olap ? [{ kind: "olap", input: olap } as const] : []),
    ...(funnel ? [{ kind: "funnel", input: funnel } as const] : []),
    ...(attribution ? [{ kind: "attribution", input: attribution } as const] : []),
    ...(paths ? [{ kind: "paths", input: paths } as const] : []),
    ...(sessionMetrics ? [{ kind: "sessionMetrics", input: sessionMetrics } as const] : []),
  ];
  const [only] = given;
  if (only !== undefined && given.length === 1) return only;
  throw refuse(
    "BAD_INPUT",
    "A job answers one question: give exactly one of `olap`, `funnel`, `paths`, `attribution` and `sessionMetrics`.",
    {
      field: "input",
    },
  );
};

/** Starts a job of whatever it is asked. */
export const startAnyQuery =
  (deps: StartBehaviourDeps) =>
  async (caller: Caller, input: StartAnyInput): Promise<StartOutcome> => {
    const { maxRows, idempotencyKey } = input;
    const asked = oneOf(input);
    return asked.kind === "olap"
      ? startNamedQuery(deps)(caller, { olap: asked.input, maxRows, idempotencyKey })
      : startBehaviour(deps)(caller, asked, idempotencyKey);
  };
