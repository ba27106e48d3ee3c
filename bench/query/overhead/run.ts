// What a question costs the instance beside its engines, in processor time and in words to the stores: `node --import tsx bench/query/overhead/run.ts
// [asks] [--only text] [--profile directory] [--statements]`. Prints the tables of README.md.
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { z } from "zod";
import { generateEvents } from "../../analytics/generated-events.ts";
import { openLoop, quantile } from "../open-loop.ts";
import { questionsUntil, type Question } from "../questions.ts";
import { startServing } from "../serving.ts";

const { values, positionals } = parseArgs({
  options: {
    profile: { type: "string", default: "" },
    only: { type: "string", default: "" },
    statements: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const ASKS = Math.min(Number(positionals[0] ?? "200"), 2_000);
const EVENTS = 100_000;
/** Questions before those that count: by then the code is compiled and every cache warm. */
const WARM_UP = 100;
const AT_A_TIME = 4;
/** Questions a second of one who asks now and then: what is done in batches for many is done for each of theirs. */
const SLOW_RATE = 5;
const SLOW_SECONDS = 8;
/** Questions one after the other, for what each waits. */
const ALONE = 30;
/** Milliseconds without a question, to know what the instance does anyway. */
const IDLE_MS = 3_000;

const instance = await startServing([join(import.meta.dirname, "probe.ts")]);
const endMs = Math.floor(Date.now() / 60_000) * 60_000;
await generateEvents(
  { url: instance.storeUrl, username: "tessera_writer", password: instance.passwords.tessera_writer },
  instance.tenants.map(({ tenantId }) => tenantId),
  EVENTS,
  endMs,
);
const pool = new Pool(instance.url, { connections: AT_A_TIME });
const [tenant] = instance.tenants;
if (tenant === undefined) throw new Error("There are twenty tenants.");

const graphAnswer = z.object({ data: z.record(z.string(), z.unknown()).optional(), errors: z.unknown().optional() });
const provenance = z.object({ provenance: z.object({ elapsedMs: z.number() }) });
/** Asks once: milliseconds until the answer was there, and those of the engine in it. */
const ask = async (query: string, variables: Readonly<Record<string, unknown>>) => {
  const started = performance.now();
  const answer = await pool.request({
    method: "POST",
    path: "/graphql",
    headers: { authorization: `Bearer ${tenant.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const text = await answer.body.text();
  const wallMs = performance.now() - started;
  const { data, errors } = graphAnswer.parse(JSON.parse(text));
  if (data === undefined || errors !== undefined) throw new Error(text.slice(0, 500));
  const told = provenance.safeParse(Object.values(data)[0]);
  return { wallMs, engineMs: told.success ? told.data.provenance.elapsedMs : 0, bytes: text.length };
};

const many = async (times: number, atATime: number, question: () => ReturnType<typeof ask>) => {
  const answers: Awaited<ReturnType<typeof ask>>[] = [];
  let asked = 0;
  const worker = async (): Promise<void> => {
    while (asked < times) {
      asked += 1;
      answers.push(await question());
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return answers;
};

const counted = z.object({ cpuMs: z.number(), bytes: z.number(), statements: z.record(z.string(), z.number()) });
type Counted = z.infer<typeof counted> & { readonly tookMs: number };
/** What the instance did during some work. */
const measure = async (work: () => Promise<unknown>): Promise<Counted> => {
  await instance.ask({ probe: "begin" });
  const started = performance.now();
  await work();
  const tookMs = performance.now() - started;
  return { ...counted.parse(await instance.ask({ probe: "end" })), tookMs };
};

const all = questionsUntil(endMs);
const named = (title: string) => {
  const question = all.find((one) => one.title.startsWith(title));
  if (question === undefined) throw new Error(`There is no question ${title}.`);
  return question;
};
const ranged = z.looseObject({ input: z.looseObject({ range: z.object({ from: z.string(), to: z.string() }) }) });
let asked = 0;
/** A question nobody asked before: its range begins a millisecond later than that of the one before it. */
const shifted = (variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const told = ranged.safeParse(variables);
  if (!told.success) return variables;
  asked += 1;
  const { input } = told.data;
  const from = new Date(Date.parse(input.range.from) + asked).toISOString();
  return { ...variables, input: { ...input, range: { ...input.range, from } } };
};
interface Asked {
  readonly title: string;
  readonly one: () => ReturnType<typeof ask>;
}
const asking = (
  title: string,
  { query, variables }: Question,
  more: Readonly<Record<string, unknown>> | null,
): Asked => ({
  title,
  one: () => ask(query, more === null ? shifted(variables) : { ...variables, ...more }),
});
const ASKED = [
  asking("top 10 pages", named("top 10 pages"), null),
  asking("events per day (rollup)", named("events and revenue per day"), null),
  asking("people per hour and name", named("people per hour"), null),
  asking("the cube, kept", named("cube"), { maxStaleness: "PT1H" }),
  asking("live window", named("live window"), null),
].filter(({ title }) => title.includes(values.only));
for (const { one } of ASKED) await many(WARM_UP, AT_A_TIME, one);

const idle = await measure(() => wait(IDLE_MS));
const countOf = ({ statements }: Counted, store: string): number =>
  Object.entries(statements).reduce((total, [name, times]) => total + (name.startsWith(store) ? times : 0), 0);
/** What each of some questions added to what the instance does anyway. */
const perQuestion = (seen: Counted, questions: number) => {
  const net = (of: (counted: Counted) => number): number =>
    (of(seen) - (of(idle) * seen.tookMs) / idle.tookMs) / questions;
  return {
    cpuMs: net(({ cpuMs }) => cpuMs),
    bytes: net(({ bytes }) => bytes),
    postgres: net((one) => countOf(one, "PostgreSQL")),
    clickhouse: net((one) => countOf(one, "ClickHouse")),
  };
};
const load = loadavg().map((one) => one.toFixed(1));
console.log(
  `${EVENTS.toLocaleString("en-US")} events, ${ASKS} questions each, ${AT_A_TIME} at a time; ${cpus().length} cores, load ${load.join(" ")}, node ${process.version}.`,
);
const aSecond = (of: number): string => ((of / idle.tookMs) * 1_000).toFixed(0);
console.log(
  `Without questions, a second: ${aSecond(idle.cpuMs)} ms of processor time, ${aSecond(countOf(idle, "PostgreSQL"))} statements to PostgreSQL; taken off below.\n`,
);

const profiled = z.object({ parts: z.record(z.string(), z.number()), profile: z.unknown() });
/** Milliseconds a question by part: shares of a profile, which itself costs time, of what was measured without it. */
const partsOf = async ({ title, one }: Asked, cpuMs: number): Promise<Readonly<Record<string, number>>> => {
  await instance.ask({ probe: "profile" });
  await many(ASKS, AT_A_TIME, one);
  const { parts, profile } = profiled.parse(await instance.ask({ probe: "profiled" }));
  if (values.profile !== "")
    await writeFile(join(values.profile, `${title.replaceAll(/\W+/g, "-")}.cpuprofile`), JSON.stringify(profile));
  const total = Object.values(parts).reduce((sum, ms) => sum + ms, 0);
  return Object.fromEntries(Object.entries(parts).map(([part, ms]) => [part, (ms / total) * cpuMs]));
};

const COLUMNS = [
  "question",
  "processor time",
  "statements to PostgreSQL",
  "requests to ClickHouse",
  "bytes to and from stores",
];
const ALONE_COLUMNS = ["bytes of the answer", "alone: p50 ms", "p99 ms", "p50 beyond the engine"];
const row = (cells: readonly string[]): void => console.log(`| ${cells.join(" | ")} |`);
const titles = (cells: readonly string[]): void => {
  row(cells);
  row(cells.map(() => "---"));
};
titles([...COLUMNS, ...ALONE_COLUMNS]);
const byPart = new Map<string, Readonly<Record<string, number>>>();
for (const of of ASKED) {
  const seen = perQuestion(await measure(() => many(ASKS, AT_A_TIME, of.one)), ASKS);
  const alone = await many(ALONE, 1, of.one);
  const [walls, beyond] = [alone.map(({ wallMs }) => wallMs), alone.map(({ wallMs, engineMs }) => wallMs - engineMs)];
  const times = [quantile(walls, 0.5), quantile(walls, 0.99), quantile(beyond, 0.5)].map((ms) => ms.toFixed(1));
  const counts = [seen.cpuMs, seen.postgres, seen.clickhouse].map((count) => count.toFixed(2));
  row([of.title, ...counts, seen.bytes.toFixed(0), String(alone[0]?.bytes), ...times]);
  byPart.set(of.title, await partsOf(of, seen.cpuMs));
}
const [first] = ASKED;
if (first !== undefined) {
  const slow = await measure(() => openLoop(SLOW_RATE, SLOW_SECONDS, first.one));
  if (values.statements) console.log(slow.statements);
  const seconds = slow.tookMs / 1_000;
  console.log(
    `\n${first.title} ${SLOW_RATE} times a second, all together a second: ${(slow.cpuMs / seconds).toFixed(0)} ms of processor time, ${(countOf(slow, "PostgreSQL") / seconds).toFixed(0)} statements to PostgreSQL.`,
  );
}
console.log("\nThe same processor time by part, ms a question:\n");
titles(["part", ...ASKED.map(({ title }) => title)]);
const parts = [...new Set([...byPart.values()].flatMap((of) => Object.keys(of)))];
const weight = (part: string): number => [...byPart.values()].reduce((sum, of) => sum + (of[part] ?? 0), 0);
for (const part of parts.toSorted((a, b) => weight(b) - weight(a)))
  row([part, ...ASKED.map(({ title }) => (byPart.get(title)?.[part] ?? 0).toFixed(2))]);
await pool.close();
await instance.stop();
