import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";

/** Milliseconds between two looks at how far a rollup is. */
const LOOK_MS = 1_000;

const told = z.object({ state: z.string(), failure: z.string().nullable() });
const defined = z.object({ defineRollup: z.object({ rollup: z.object({ id: z.string() }) }) });
const found = z.object({ rollup: told });

/** Defines what `rollupProposals` proposes for the cube, and waits until it holds the month. `ask` asks the graph as the tenant and answers its data. */
export const defineCubeRollup = async (
  ask: (query: string, variables: Readonly<Record<string, unknown>>) => Promise<unknown>,
): Promise<void> => {
  const input = {
    ...{ name: "places", dimensions: ["country", "device"], grain: "DAY" },
    measures: [{ function: "UNIQUES", of: "persons" }],
  };
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
