import type { TestEvent } from "./test-events.ts";

/** What `velocity` is asked for, as far as its definition goes. */
export interface ReferenceVelocity {
  readonly fromMs: number;
  readonly toMs: number;
  readonly withinMs: number;
  readonly moreThan: number;
  readonly entityOf: (event: TestEvent) => string;
  /** What counts once in a window: an event's own id, or the value of a field; empty counts nothing. */
  readonly countedOf: (event: TestEvent) => string;
}

/** Whose window was beyond the bound, moment by moment: at each at which anything can change, all events are looked at again. */
export const referenceVelocity = (events: readonly TestEvent[], asked: ReferenceVelocity) => {
  const { fromMs, toMs, withinMs, moreThan, entityOf, countedOf } = asked;
  const entities = [...new Set(events.map(entityOf))].filter((entity) => entity !== "");
  return entities.flatMap((entity) => {
    const own = events.filter((event) => entityOf(event) === entity && countedOf(event) !== "");
    const moments = [...new Set([fromMs, ...own.flatMap(({ timeMs }) => [timeMs, timeMs + withinMs])])]
      .filter((ms) => ms >= fromMs && ms < toMs)
      .toSorted((one, other) => one - other);
    const held = moments.map(
      (ms) => new Set(own.filter(({ timeMs }) => timeMs > ms - withinMs && timeMs <= ms).map(countedOf)).size,
    );
    const peak = Math.max(...held);
    if (peak <= moreThan) return [];
    const stretches = held.filter((level, at) => level > moreThan && (at === 0 || (held[at - 1] ?? 0) <= moreThan));
    return [
      {
        ...{ entity, peak, stretches: stretches.length },
        events: own.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs).length,
        peakAtMs: moments[held.indexOf(peak)] ?? 0,
        firstAtMs: moments[held.findIndex((level) => level > moreThan)] ?? 0,
      },
    ];
  });
};

/** What `rings` is asked for, as far as its definition goes. */
export interface ReferenceRings {
  readonly fromMs: number;
  readonly toMs: number;
  readonly memberOf: (event: TestEvent) => string;
  readonly through: readonly ((event: TestEvent) => string)[];
  readonly sharedByAtMost: number;
  readonly minMembers: number;
  readonly newWithinMs: number;
}

/** Who is connected, by walking from member to member, each step over a value that both have (breadth first). */
export const referenceRings = (events: readonly TestEvent[], asked: ReferenceRings) => {
  const { fromMs, toMs, memberOf, through, sharedByAtMost, minMembers, newWithinMs } = asked;
  const seen = events.filter((event) => event.timeMs >= fromMs && event.timeMs < toMs && memberOf(event) !== "");
  const having = (place: number, value: string): readonly string[] => [
    ...new Set(seen.filter((event) => through[place]?.(event) === value).map(memberOf)),
  ];
  const values = through.flatMap((read, place) =>
    [...new Set(seen.map(read))]
      .filter((value) => value !== "")
      .map((value) => ({ place, value, members: having(place, value) })),
  );
  const shared = values.filter(({ members }) => members.length >= 2 && members.length <= sharedByAtMost);
  const next = (member: string): readonly string[] =>
    shared.filter(({ members }) => members.includes(member)).flatMap(({ members }) => members);
  const left = new Set(seen.map(memberOf));
  const rings = [];
  for (const start of [...left].toSorted()) {
    if (!left.has(start)) continue;
    const reached = [start];
    left.delete(start);
    for (let at = 0; at < reached.length; at += 1)
      for (const member of next(reached[at] ?? "")) if (left.delete(member)) reached.push(member);
    if (reached.length < Math.max(2, minMembers)) continue;
    const own = shared.filter(({ members }) => members.some((member) => reached.includes(member)));
    const links = own.flatMap(({ place, value, members }) =>
      members.map((member) =>
        Math.min(
          ...seen
            .filter((event) => memberOf(event) === member && through[place]?.(event) === value)
            .map(({ timeMs }) => timeMs),
        ),
      ),
    );
    const pairs = reached.flatMap((one, at) => reached.slice(at + 1).map((other) => [one, other] as const));
    const connected = pairs.filter(([one, other]) =>
      own.some(({ members }) => members.includes(one) && members.includes(other)),
    );
    const density = connected.length / pairs.length;
    const newness = links.filter((ms) => ms >= toMs - newWithinMs).length / links.length;
    const size = reached.length;
    rings.push({
      ...{ members: reached.toSorted(), links: links.length, sharedCount: own.length, density, newness },
      score: size < 3 ? 0 : 100 * (1 - 1 / (size - 1)) * ((1 + density) / 2) * ((1 + newness) / 2),
    });
  }
  return { rings, hubs: values.filter(({ members }) => members.length > sharedByAtMost).length };
};
