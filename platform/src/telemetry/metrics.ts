import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** The process's metrics, exposed in Prometheus' text format. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  /** Histogram of seconds with buckets from 1 ms to 30 s. */
  seconds(name: string, help: string, labels?: readonly string[]): Histogram;
  /** Prometheus text exposition of everything registered. */
  expose(): Promise<string>;
  readonly contentType: string;
}

const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Makes a registry with the process's own figures (CPU, memory, event loop); asking for a name twice gives the same metric. */
export const createMetrics = (): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const once = <M>(store: Map<string, M>, name: string, make: () => M): M => {
    const metric = store.get(name) ?? make();
    store.set(name, metric);
    return metric;
  };
  const [counters, gauges, histograms] = [
    new Map<string, Counter>(),
    new Map<string, Gauge>(),
    new Map<string, Histogram>(),
  ];
  const base = (name: string, help: string, labels: readonly string[]) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    counter: (name, help, labels = []) => once(counters, name, () => new Counter(base(name, help, labels))),
    gauge: (name, help, labels = []) => once(gauges, name, () => new Gauge(base(name, help, labels))),
    seconds: (name, help, labels = []) =>
      once(histograms, name, () => new Histogram({ ...base(name, help, labels), buckets: SECONDS_BUCKETS })),
    expose: () => registry.metrics(),
    contentType: registry.contentType,
  };
};
