import { randomUUID } from "node:crypto";

const NAMES = ["page_view", "search", "product_view", "add_to_cart", "checkout_started", "purchase", "signup", "login"];
const COUNTRIES = ["DE", "US", "FR", "GB", "ES", "IT", "PL", "BR", "JP", "IN"];
const BROWSERS = ["Chrome", "Firefox", "Safari", "Edge"];
const SYSTEMS = ["Windows", "macOS", "Android", "iOS", "Linux"];

/** A small generator of pseudo-random numbers in [0, 1) (mulberry32), so that every run sends the same events. */
export const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Events as a web shop's SDK sends them: 20 fields, about half a kilobyte each, a fresh id each, times within the last hour. */
export const sampleEvents = (count: number, random: () => number, nowMs: number): object[] => {
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? "";
  return Array.from({ length: count }, () => {
    const name = pick(NAMES);
    const user = Math.floor(random() ** 2 * 200_000);
    return {
      id: randomUUID(),
      name,
      time: new Date(nowMs - Math.floor(random() * 3_600_000)).toISOString(),
      userId: `user-${user}`,
      sessionId: `session-${user}-${Math.floor(random() * 5)}`,
      source: "web",
      country: pick(COUNTRIES),
      city: "Springfield",
      device: random() < 0.6 ? "mobile" : "desktop",
      os: pick(SYSTEMS),
      browser: pick(BROWSERS),
      url: `https://shop.example/category/${Math.floor(random() * 300)}/product/${Math.floor(random() * 5_000)}`,
      referrer: "https://search.example/",
      utmSource: "newsletter",
      utmMedium: "email",
      utmCampaign: `spring-${Math.floor(random() * 20)}`,
      ...(name === "purchase" ? { revenue: Math.round(random() * 20_000) / 100, currency: "EUR" } : {}),
      properties: {
        plan: "pro",
        position: Math.floor(random() * 50),
        experiment: { name: "cta", variant: pick(["a", "b"]) },
      },
    };
  });
};
