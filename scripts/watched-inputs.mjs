// Keeps the inputs of questions in the anomaly room's SDL as the analytics room's SDL has them, so that rules watch what dashboards ask. With --check, only tells whether they are.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, visit } from "graphql";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "subgraphs/analytics/schema.graphql");
const target = join(root, "subgraphs/anomaly/schema.graphql");

/** What the anomaly room's own SDL names of the analytics room's. */
const WANTED = ["DashboardQuestionInput", "WatchedValueInput", "Granularity", "JSON", "TimeZone"];
/** Everything after this line is written by this script. */
const HEAD = "# Everything below is of subgraphs/analytics/schema.graphql, copied by scripts/watched-inputs.mjs.";
const BUILT_IN = new Set(["Int", "Float", "String", "Boolean", "ID"]);

const definitionsOf = (text) =>
  new Map(
    parse(text).definitions.flatMap((node) =>
      "name" in node && node.name !== undefined ? [[node.name.value, node]] : [],
    ),
  );

const namesIn = (node) => {
  const names = [];
  visit(node, { NamedType: ({ name }) => void names.push(name.value) });
  return names;
};

/** The SDL of everything wanted and all it is made of, in the order of the analytics room, without what the anomaly room has itself. */
export const watchedInputs = (analyticsSdl, anomalySdl) => {
  const known = definitionsOf(analyticsSdl);
  const own = definitionsOf(anomalySdl);
  const needed = new Set();
  const need = (name) => {
    if (needed.has(name) || own.has(name) || BUILT_IN.has(name)) return;
    const node = known.get(name);
    if (node === undefined) throw new Error(`The analytics room's SDL has no ${name}.`);
    needed.add(name);
    for (const inner of namesIn(node)) need(inner);
  };
  WANTED.forEach(need);
  return [...known]
    .flatMap(([name, { loc }]) => (needed.has(name) ? [analyticsSdl.slice(loc.start, loc.end)] : []))
    .join("\n\n");
};

/** The anomaly room's SDL with the inputs as they are to be. */
export const withWatchedInputs = (analyticsSdl, anomalySdl) => {
  const at = anomalySdl.indexOf(HEAD);
  const own = (at < 0 ? anomalySdl : anomalySdl.slice(0, at)).trimEnd();
  return `${own}\n\n${HEAD}\n\n${watchedInputs(analyticsSdl, own)}\n`;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [analyticsSdl, anomalySdl] = [source, target].map((path) => readFileSync(path, "utf8"));
  const wanted = withWatchedInputs(analyticsSdl, anomalySdl);
  if (!process.argv.includes("--check")) writeFileSync(target, wanted);
  else if (wanted !== anomalySdl) {
    console.error(
      "The questions in subgraphs/anomaly/schema.graphql are not those of the analytics room: run `node scripts/watched-inputs.mjs`.",
    );
    process.exitCode = 1;
  }
}
