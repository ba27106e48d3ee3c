import type { Profiler } from "node:inspector";

/** Code whose processor time is told apart: where its files lie, most telling first. */
const PARTS: readonly (readonly [part: string, path: RegExp])[] = [
  ["engine client", /node_modules\/@clickhouse\//],
  ["event store", /platform\/src\/store\//],
  ["PostgreSQL driver and pool", /node_modules\/(pg|pg-[^/]*|postgres-[^/]*)\/|platform\/src\/(db|events)\//],
  ["Prisma", /node_modules\/@?prisma\//],
  ["analytics", /subgraphs\/analytics\//],
  ["records of executions", /platform\/src\/executions\/|gateway\/src\/operations\/(execution|settled)-records/],
  ["budgets", /platform\/src\/limits\/|gateway\/src\/plugins\/(allowance|rate|throttle|measured)/],
  ["plan executor", /gateway\/src\/executor\//],
  ["gateway", /gateway\/src\//],
  ["Apollo Server", /node_modules\/@apollo\//],
  ["GraphQL", /node_modules\/(graphql|@graphql|dataloader)/],
  ["web framework", /node_modules\/(fastify|@fastify|light-my-request|find-my-way|avvio|@as-integrations)/],
  ["logs, metrics, traces", /platform\/src\/telemetry\/|node_modules\/(pino|prom-client|@opentelemetry)/],
  ["other rooms", /subgraphs\//],
  ["platform and server", /(platform|server|ingest|rest-bridge|contracts)\/src\//],
  ["other packages", /node_modules\//],
];

/** Functions that are nobody's part: the engine of JavaScript itself, the system, or nothing. */
const OWN: Readonly<Record<string, string>> = {
  "(garbage collector)": "garbage collection",
  "(program)": "native code and system calls",
  // Sends wake those who receive, who on a busy machine run at once: the sampler sees the time, the processor time is theirs.
  ...{ writev: "sends", writeBuffer: "sends", writeUtf8String: "sends", writeLatin1String: "sends" },
  "(idle)": "",
  "(root)": "",
};

const partOf = (url: string): string | null => PARTS.find(([, path]) => path.test(url))?.[0] ?? null;

/**
 * Milliseconds of a profile by part: a sample counts for the code nearest to it that is of a part, so that what node or the language does on its behalf is
 * its own; `node` is what nobody above asked for, as sockets that became readable. Idle time counts nowhere.
 */
export const shareByPart = ({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Record<string, number> => {
  const parts = new Map<number, string>();
  const walk = (id: number, above: string): void => {
    const node = byId.get(id);
    if (node === undefined) return;
    const { functionName, url } = node.callFrame;
    const part = OWN[functionName] ?? partOf(url) ?? above;
    parts.set(id, part);
    for (const child of node.children ?? []) walk(child, part);
  };
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const [root] = nodes;
  if (root !== undefined) walk(root.id, "");
  const total: Record<string, number> = {};
  for (const [index, id] of samples.entries()) {
    const node = byId.get(id);
    const name = node?.callFrame.functionName;
    if (name === "(idle)" || name === "(root)") continue;
    const part = parts.get(id);
    const key = part === undefined || part === "" ? "node" : part;
    total[key] = (total[key] ?? 0) + (timeDeltas[index] ?? 0) / 1_000;
  }
  return total;
};
