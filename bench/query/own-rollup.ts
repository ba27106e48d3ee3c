import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";

/** Milliseconds between two looks at how far a rollup is. */
const LOOK_MS = 1_000;

const told = z.object({ state: z.string(), failure: z.string().nullable() });
const defined = z.object({ defineRollup: z.object({ rollup: z.object({ id: z.string() }) }) });
const found = z.object({ rollup: told });

/** What `rollupProposals` proposes for the cube, and for quantiles of revenue. */
const ROLLUPS = [
  {
    ...{ name: "places", dimensions: ["country", "device"], grain: "DAY" },
    measures: [{ function: "UNIQUES", of: "persons" }],
  },
  {
    ...{ name: "takings", dimensions: [], grain: "DAY" },
    measures: [{ function: "QUANTILES", of: "revenue", currency: "EUR" }],
  },
] as const;

type Ask = (query: string, variables: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** Defines a rollup, and waits until it holds the month. */
const define = async (ask: Ask, input: (typeof ROLLUPS)[number]): Promise<void> => {
  const text =
    "mutation ($input: DefineRollupInput!) { defineRollup(input: $input) { ... on RollupDefined { rollup { id } } } }";
  const { id } = defined.parse(await ask(text, { input })).defineRollup.rollup;
  for (;;) {
    const { rollup } = found.parse(await ask("query ($id: ID!) { rollup(id: $id) { state failure } }", { id }));
    if (rollup.state === "READY") return;
    if (rollup.state !== "BUILDING") throw new Error(`The rollup is ${rollup.state}: ${rollup.failure}`);
    await wait(LOOK_MS);
  }
};

/** Defines rollups of the tenant's own for the questions that are answered from none of the shared ones. `ask` asks the graph as the tenant and answers its data. */
export const defineOwnRollups = async (ask: Ask): Promise<void> => {
  for (const rollup of ROLLUPS) await define(ask, rollup);
};
