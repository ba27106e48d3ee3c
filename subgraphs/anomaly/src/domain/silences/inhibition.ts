import { labelOf, labelTest, type Labels, type LabelTest, type Matcher } from "./matcher.ts";

/** What silences children while their parent fires: as in Alertmanager, a firing source silences every target that has the same values of the `equal` labels. */
export interface Inhibition {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

/** An open alert, as inhibition sees it. */
export interface OpenAlert {
  readonly fingerprint: string;
  readonly labels: Labels;
  /** When its episode began, milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** Tells whether an alert is silenced by another. */
export type Inhibitor = (alert: Pick<OpenAlert, "fingerprint" | "labels">) => boolean;

interface Indexed {
  readonly source: LabelTest;
  readonly target: LabelTest;
  readonly equal: readonly string[];
  /** Alerts that are sources, by the values of the `equal` labels. */
  readonly sources: ReadonlyMap<string, readonly { readonly fingerprint: string; readonly alsoTarget: boolean }[]>;
}

const keyOf = (equal: readonly string[], labels: Labels): string =>
  JSON.stringify(equal.map((label) => labelOf(labels, label)));

const indexed = ({ source, target, equal }: Inhibition, open: readonly OpenAlert[]): Indexed => {
  const [isSource, isTarget] = [labelTest(source), labelTest(target)];
  const sources = new Map<string, { fingerprint: string; alsoTarget: boolean }[]>();
  for (const { fingerprint, labels } of open.filter((alert) => isSource(alert.labels))) {
    const key = keyOf(equal, labels);
    const same = sources.get(key) ?? [];
    same.push({ fingerprint, alsoTarget: isTarget(labels) });
    sources.set(key, same);
  }
  return { source: isSource, target: isTarget, equal, sources };
};

/** The open alerts that would silence one. What is source and target of one inhibition at once is not silenced by another such, as in Alertmanager. */
const parentsOf = (
  index: readonly Indexed[],
  { fingerprint, labels }: Pick<OpenAlert, "fingerprint" | "labels">,
): ReadonlySet<string> => {
  const parents = new Set<string>();
  for (const { source, target, equal, sources } of index) {
    if (!target(labels)) continue;
    const alsoSource = source(labels);
    for (const parent of sources.get(keyOf(equal, labels)) ?? [])
      if (parent.fingerprint !== fingerprint && !(alsoSource && parent.alsoTarget)) parents.add(parent.fingerprint);
  }
  return parents;
};

/** Alerts from parents to children, each as soon as all it leads to are done: the order of Kosaraju's first pass. */
const finished = (
  fingerprints: readonly string[],
  children: ReadonlyMap<string, readonly string[]>,
): readonly string[] => {
  const seen = new Set<string>();
  const done: string[] = [];
  for (const start of fingerprints) {
    if (seen.has(start)) continue;
    seen.add(start);
    const path = [{ at: start, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const child = children.get(top.at)?.[top.next];
      top.next += 1;
      if (child === undefined) {
        done.push(top.at);
        path.pop();
      } else if (!seen.has(child)) {
        seen.add(child);
        path.push({ at: child, next: 0 });
      }
    }
  }
  return done;
};

/** Rings: sets of alerts that silence one another, each alone where it is in none (Kosaraju 1978). */
const ringsOf = (parents: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] => {
  const children = new Map<string, string[]>([...parents.keys()].map((fingerprint) => [fingerprint, []]));
  for (const [fingerprint, above] of parents) for (const parent of above) children.get(parent)?.push(fingerprint);
  const taken = new Set<string>();
  const rings: string[][] = [];
  for (const start of finished([...parents.keys()], children).toReversed()) {
    if (taken.has(start)) continue;
    const ring: string[] = [];
    const waiting = [start];
    taken.add(start);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      ring.push(next);
      const above = [...(parents.get(next) ?? [])].filter((parent) => !taken.has(parent));
      for (const parent of above) taken.add(parent);
      waiting.push(...above);
    }
    rings.push(ring);
  }
  return rings;
};

/**
 * Makes the test of a tenant's open alerts and inhibitions. A ring silences nobody to the last: of alerts that silence one another and that nothing outside of them silences, the
 * oldest is told (of equally old ones that of the least fingerprint), so that everything silenced has an alert above it that is told. An alert that is not open is silenced by those
 * that are, and silences none.
 */
export const createInhibitor = (inhibitions: readonly Inhibition[], open: readonly OpenAlert[]): Inhibitor => {
  const index = inhibitions.map((inhibition) => indexed(inhibition, open));
  const parents = new Map(open.map((alert) => [alert.fingerprint, parentsOf(index, alert)]));
  const sinceMs = new Map(open.map((alert) => [alert.fingerprint, alert.sinceMs]));
  const age = (fingerprint: string): number => sinceMs.get(fingerprint) ?? Infinity;
  const heads = new Set<string>();
  for (const ring of ringsOf(parents)) {
    const members = new Set(ring);
    if (ring.some((one) => [...(parents.get(one) ?? [])].some((parent) => !members.has(parent)))) continue;
    heads.add(ring.reduce((a, b) => (age(b) < age(a) || (age(b) === age(a) && b < a) ? b : a)));
  }
  return (alert) =>
    !heads.has(alert.fingerprint) && (parents.get(alert.fingerprint) ?? parentsOf(index, alert)).size > 0;
};
