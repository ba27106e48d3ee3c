import { errorMessage } from "../errors/error-message.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { HttpServer } from "./server.ts";

/** Milliseconds a dependency has to answer before it counts as down. */
export const PROBE_TIMEOUT_MS = 2_000;

/** A dependency readiness looks at; `check` throws when it is not usable. */
export interface Probe {
  readonly name: string;
  check(): Promise<void>;
}

/** What readiness says of one dependency. */
export interface ProbeResult {
  readonly name: string;
  readonly ready: boolean;
  readonly elapsedMs: number;
  readonly reason?: string;
}

const within = async (probe: Probe): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)), PROBE_TIMEOUT_MS);
  });
  await Promise.race([probe.check(), late]).finally(() => clearTimeout(timer));
};

/** Asks one dependency, bounded in time; never throws. */
export const runProbe = async (probe: Probe): Promise<ProbeResult> => {
  const startedMs = performance.now();
  const elapsedMs = (): number => Math.round((performance.now() - startedMs) * 10) / 10;
  try {
    await within(probe);
    return { name: probe.name, ready: true, elapsedMs: elapsedMs() };
  } catch (error) {
    return { name: probe.name, ready: false, elapsedMs: elapsedMs(), reason: errorMessage(error).slice(0, 200) };
  }
};

/**
 * Adds `/livez` (the process runs), `/readyz` (every dependency answers; 503 otherwise, each named; `notes` tell what is wrong and
 * does not keep the process from serving) and `/metrics` (Prometheus). `probes` is
 * asked anew each time, so that dependencies which come later are seen.
 */
export const registerHealth = (
  server: HttpServer,
  deps: { probes: () => readonly Probe[]; notes?: () => readonly string[]; metrics: Metrics },
): void => {
  server.get("/livez", () => ({ status: "alive" }));
  server.get("/readyz", async (_request, reply) => {
    const dependencies = await Promise.all(deps.probes().map(runProbe));
    const ready = dependencies.every((dependency) => dependency.ready);
    const status = ready ? "ready" : "not ready";
    return reply.code(ready ? 200 : 503).send({ status, dependencies, notes: deps.notes?.() ?? [] });
  });
  server.get("/metrics", async (_request, reply) =>
    reply.type(deps.metrics.contentType).send(await deps.metrics.expose()),
  );
};
