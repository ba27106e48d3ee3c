const hour = 3_600_000;
const today = Math.floor(Date.now() / (24 * hour)) * 24 * hour;
/** A moment so many hours after the first, which is two days before today. */
export const at = (hours: number): string => new Date(today - 48 * hour + hours * hour).toISOString();
/** All that events of these questions lie in. */
export const range = { from: at(0), to: at(48) };

/** A view of a page. */
export const view = { events: ["page_view"] };
const buy = { events: ["purchase"] };
const steps = [[view], [buy]];
/** A number of each kind: as REST names it, and as the graph does. */
export const NUMBERS: Readonly<Record<string, readonly [unknown, unknown]>> = {
  olap: [
    {
      olap: {
        input: { range, measures: [{ function: "count" }], dimensions: ["utm_source"] },
        cell: { dimensions: ["mail"] },
      },
    },
    {
      olap: {
        input: { range, measures: [{ function: "COUNT" }], dimensions: ["utmSource"] },
        cell: { dimensions: ["mail"] },
      },
    },
  ],
  funnel: [
    {
      funnel: {
        input: { range, steps: steps.map((any_of) => ({ any_of })) },
        cell: { step: 1, outcome: "dropped_off" },
      },
    },
    {
      funnel: { input: { range, steps: steps.map((anyOf) => ({ anyOf })) }, cell: { step: 1, outcome: "DROPPED_OFF" } },
    },
  ],
  retention: [
    {
      retention: {
        input: { range, start: view, returning: {}, split_by: ["utm_source"] },
        cell: { column: 0, dimensions: ["mail"] },
      },
    },
    {
      retention: {
        input: { range, start: view, returning: {}, splitBy: ["utmSource"] },
        cell: { column: 0, dimensions: ["mail"] },
      },
    },
  ],
  stickiness: [
    { stickiness: { input: { range, event: view, time_zone: "UTC" }, cell: { periods: 1, or_more: true } } },
    { stickiness: { input: { range, event: view, timeZone: "UTC" }, cell: { periods: 1, orMore: true } } },
  ],
  lifecycle: [
    { lifecycle: { input: { range, event: view, period: "day" }, cell: { start: at(24), state: "fresh" } } },
    { lifecycle: { input: { range, event: view, period: "DAY" }, cell: { start: at(24), state: "FRESH" } } },
  ],
  activeUsers: [
    { active_users: { input: { range, event: {} }, cell: { day: at(24), window: "weekly" } } },
    { activeUsers: { input: { range, event: {} }, cell: { day: at(24), window: "WEEKLY" } } },
  ],
  sessions: [
    { sessions: { input: { range, definition: { by: "gap" } }, cell: { outcome: "bounced" } } },
    { sessions: { input: { range, definition: { by: "GAP" } }, cell: { outcome: "BOUNCED" } } },
  ],
  attribution: [
    {
      attribution: {
        input: {
          range,
          conversion: buy,
          touchpoints: [view],
          models: [{ kind: "linear" }],
          dimensions: ["utm_source"],
        },
        cell: { label: "mail", dimension: "utm_source", model: 0 },
      },
    },
    {
      attribution: {
        input: { range, conversion: buy, touchpoints: [view], models: [{ kind: "LINEAR" }], dimensions: ["utmSource"] },
        cell: { label: "mail", dimension: "utmSource", model: 0 },
      },
    },
  ],
  others: [
    {
      olap: {
        input: { range, measures: [{ function: "count" }], dimensions: ["name"], limit: 1 },
        cell: { others: true },
      },
    },
    {
      olap: {
        input: { range, measures: [{ function: "COUNT" }], dimensions: ["name"], limit: 1 },
        cell: { others: true },
      },
    },
  ],
  eventQuality: [
    {
      event_quality: {
        input: { range, event: view, expect: [{ name: "from somewhere", present: { field: "utm_source" } }] },
        cell: { expectation: "from somewhere", outcome: "passed" },
      },
    },
    {
      eventQuality: {
        input: { range, event: view, expect: [{ name: "from somewhere", present: { field: "utmSource" } }] },
        cell: { expectation: "from somewhere", outcome: "PASSED" },
      },
    },
  ],
  velocity: [
    {
      velocity: {
        input: { range, event: {}, by: "user_id", distinct: "name", within: "PT5H", more_than: 1 },
        cell: { entity: "ada", number: "peak" },
      },
    },
    {
      velocity: {
        input: { range, event: {}, by: "userId", distinct: "name", within: "PT5H", moreThan: 1 },
        cell: { entity: "ada", number: "PEAK" },
      },
    },
  ],
  rings: [
    {
      rings: {
        input: { range, through: ["utm_source"], min_members: 2, shared_by_at_most: 5 },
        cell: { member: "ada", number: "links", shared: { field: "utm_source", value: "mail" } },
      },
    },
    {
      rings: {
        input: { range, through: ["utmSource"], minMembers: 2, sharedByAtMost: 5 },
        cell: { member: "ada", number: "LINKS", shared: { field: "utmSource", value: "mail" } },
      },
    },
  ],
  drift: [
    {
      drift: {
        input: { range, field: "utm_source", kind: "categorical", reference: { trailing: "P2D" }, min_samples: 10 },
        cell: { side: "range", bin: 0 },
      },
    },
    {
      drift: {
        input: { range, field: "utmSource", kind: "CATEGORICAL", reference: { trailing: "P2D" }, minSamples: 10 },
        cell: { side: "RANGE", bin: 0 },
      },
    },
  ],
  paths: [
    { paths: { input: { range }, cell: { outcome: "all", node: { depth: 0, label: "page_view" } } } },
    { paths: { input: { range }, cell: { outcome: "ALL", node: { depth: 0, label: "page_view" } } } },
  ],
};
