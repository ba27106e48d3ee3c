import type { Rule } from "../rule.ts";

/** Words of the rooms that stand on the platform, singular; what the platform needs of them is given to it as an argument. */
const DOMAIN_WORDS =
  "anomaly funnel cohort recommendation lineage churn forecast incident experiment attribution pageview conversion segment governance analytics olap realtime".split(
    " ",
  );

const plural = (word: string): string => (word.endsWith("y") ? `${word.slice(0, -1)}ies` : `${word}s`);
const words = new Set([...DOMAIN_WORDS, ...DOMAIN_WORDS.map(plural)]);

/** Names are read as their parts: `openAnomalies`, `OPEN_ANOMALIES` and `open-anomalies` all say "anomalies". */
const wordsIn = (line: string): readonly string[] =>
  line
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^A-Za-z]+/)
    .filter((word) => words.has(word.toLowerCase()));

/** The platform is the building, not what is done in it. */
export const rule: Rule = {
  title: "no domain word occurs in platform",
  remedy: "let the subgraph pass it in, or move the file to the subgraph that owns the word",
  check: ({ sources }) =>
    sources
      .filter(({ path }) => path.startsWith("platform/src/"))
      .flatMap(({ path, text }) =>
        [path, ...text.split("\n")].flatMap((line, index) =>
          wordsIn(line).map((word) => ({
            where: `${path}:${Math.max(index, 1)}`,
            what: `"${word}" is a word of a domain`,
          })),
        ),
      ),
  caught: [
    { "platform/src/store/queries.ts": `export const findOpenAnomalies = 1;` },
    { "platform/src/store/queries.ts": `const name = "funnel";` },
    { "platform/src/store/queries.ts": `// rows of a cohort` },
    { "platform/src/store/queries.ts": `type FunnelStep = string;` },
    { "platform/src/store/queries.ts": `const ANOMALY_LIMIT = 3;` },
    { "platform/src/store/lineage.ts": `export const a = 1;` },
  ],
  allowed: [
    {
      "platform/src/telemetry/metrics.ts": `// a counter and its labels; experimental features are off by coincidence`,
    },
    { "subgraphs/anomaly/src/domain/anomaly.ts": `export type Anomaly = string;` },
  ],
};
