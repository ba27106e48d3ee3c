/** A generator of numbers that is the same for the same seed (mulberry32), so that what breaks can be sent again. */
export const seeded = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(values: readonly [T, ...T[]]): T => values[below(values.length)] ?? values[0];
  return { next, below, pick };
};

/** See {@link seeded}. */
export type Seeded = ReturnType<typeof seeded>;

/** Texts that break parsers, stores, logs and shells elsewhere. */
const TEXTS: readonly [string, ...string[]] = [
  "\0",
  "\uFEFF",
  "\u202E",
  "\uD800",
  "'",
  '"',
  "`",
  ";",
  "--",
  "/*",
  "\\",
  "%00",
  "%0d%0a",
  "${7*7}",
  "{{7*7}}",
  "../../etc/passwd",
  "' OR 1=1 --",
  "'; DROP TABLE events; --",
  "x'); SELECT sleep(3); --",
  "<script>alert(1)</script>",
  "$(id)",
  "file:///etc/passwd",
  "http://169.254.169.254/latest/meta-data",
  "__proto__",
  "constructor",
  "1e400",
  "-0",
  "9223372036854775808",
  "NaN",
  "a".repeat(5_000),
  "😀".repeat(200),
  "",
  " ",
  "null",
  "2026-13-45T99:99:99Z",
];

/** A value of JSON that nobody asked for, some levels deep at most. */
export const oddValue = (random: Seeded, depth = 3): unknown => {
  const kind = random.below(depth > 0 ? 10 : 7);
  if (kind < 3) return random.pick(TEXTS);
  if (kind === 3) return random.pick([0, -1, 1.5, 1e308, -1e308, 2 ** 53, Number.MAX_SAFE_INTEGER]);
  if (kind === 4) return random.pick([true, false]);
  if (kind < 7) return null;
  if (kind === 7) return Array.from({ length: random.below(5) }, () => oddValue(random, depth - 1));
  return Object.fromEntries(
    Array.from({ length: random.below(5) }, () => [random.pick(TEXTS), oddValue(random, depth - 1)]),
  );
};

/** A hostile text of so many characters at most, as a URL or a form can carry it: halves of surrogate pairs are replaced. */
export const oddText = (random: Seeded, length: number): string =>
  random
    .pick(TEXTS)
    .slice(0, length)
    .replaceAll(/[\uD800-\uDFFF]/g, "\uFFFD");

/** A value with some of it replaced, removed or doubled. */
export const bent = (random: Seeded, value: unknown): unknown => {
  if (random.below(6) === 0) return oddValue(random);
  if (Array.isArray(value)) return value.flatMap((each) => (random.below(8) === 0 ? [] : [bent(random, each)]));
  if (typeof value !== "object" || value === null) return random.below(4) === 0 ? oddValue(random, 1) : value;
  const entries = Object.entries(value).flatMap(([name, each]) => {
    const chance = random.below(12);
    if (chance === 0) return [];
    return [[chance === 1 ? random.pick(TEXTS) : name, bent(random, each)]];
  });
  return Object.fromEntries(entries);
};

/** A text with some bytes turned, cut or repeated. */
export const garbled = (random: Seeded, text: string): string => {
  let result = text;
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    const at = random.below(result.length + 1);
    const how = random.below(4);
    if (how === 0) result = result.slice(0, at);
    else if (how === 1) result = result.slice(0, at) + random.pick(TEXTS).slice(0, 50) + result.slice(at);
    else if (how === 2) result = result.slice(0, at) + result.slice(at + 1 + random.below(8));
    else result = result.slice(0, at) + result.slice(random.below(result.length + 1)).slice(0, 2_000);
  }
  return result.slice(0, 20_000);
};
