/** A step of a story of tenants that share indicators: tenants and identifiers are numbers. */
export type IndicatorStep =
  | { readonly kind: "JOIN" | "LEAVE"; readonly tenant: number }
  | { readonly kind: "REPORT" | "WITHDRAW"; readonly tenant: number; readonly identifier: number }
  | { readonly kind: "WAIT"; readonly hours: number };

/** Where a story is. */
export interface IndicatorStory {
  readonly startMs: number;
  readonly tenants: number;
  readonly identifiers: number;
  /** The organisation of a tenant, or the tenant. */
  readonly partyOf: (tenant: number) => number;
  readonly activeOf: (tenant: number) => boolean;
}

interface Said {
  readonly tenant: number;
  readonly identifier: number;
  readonly atMs: number;
}

const DAY = 86_400_000;
const periodOf = (ms: number): number => Math.floor(ms / (28 * DAY));

/** Everything that tenants say in a story, as it stands at its end, and who shares then. */
const play = (steps: readonly IndicatorStep[], startMs: number) => {
  let now = startMs;
  let said: readonly Said[] = [];
  const members = new Set<number>();
  for (const step of steps) {
    const own = (one: Said): boolean => step.kind !== "WAIT" && one.tenant === step.tenant;
    switch (step.kind) {
      case "WAIT":
        now += step.hours * 3_600_000;
        break;
      case "JOIN":
        members.add(step.tenant);
        break;
      case "LEAVE":
        members.delete(step.tenant);
        said = said.filter((one) => !own(one));
        break;
      case "WITHDRAW":
        said = said.filter((one) => !(own(one) && one.identifier === step.identifier));
        break;
      case "REPORT": {
        // Said again in the same period it is as old as it was; in a later one it is said anew beside.
        const same = (one: Said): boolean =>
          own(one) && one.identifier === step.identifier && periodOf(one.atMs) === periodOf(now);
        if (members.has(step.tenant) && !said.some(same))
          said = [...said, { tenant: step.tenant, identifier: step.identifier, atMs: now }];
      }
    }
  }
  return { now, said, members };
};

/** Who is told what at the end of a story, by asking everybody about everything: how many other parties say it since long enough, as docs/fraud-patterns.md has it; null of tenants that do not share. */
export const referenceBands = (steps: readonly IndicatorStep[], story: IndicatorStory) => {
  const { now, said, members } = play(steps, story.startMs);
  const today = Date.parse(`${new Date(now).toISOString().slice(0, 10)}T00:00:00Z`);
  const bandOf = (tenant: number, identifier: number): string | null => {
    const others = new Set<number>();
    for (const one of said) {
      const counts = periodOf(now) - periodOf(one.atMs) <= 2 && one.atMs < today - DAY && story.activeOf(one.tenant);
      const party = story.partyOf(one.tenant);
      if (one.identifier === identifier && counts && party !== story.partyOf(tenant)) others.add(party);
    }
    return others.size >= 30 ? "MANY" : others.size >= 10 ? "SOME" : others.size >= 3 ? "FEW" : null;
  };
  const all = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);
  return {
    endMs: now,
    told: all(story.tenants).map((tenant) =>
      members.has(tenant) ? all(story.identifiers).map((identifier) => bandOf(tenant, identifier)) : null,
    ),
  };
};
