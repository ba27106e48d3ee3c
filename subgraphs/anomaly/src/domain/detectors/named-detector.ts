/** Kinds by the names that inputs have for them. */
const KINDS = {
  static: "STATIC",
  change: "CHANGE",
  robustZ: "ROBUST_Z",
  ewma: "EWMA",
  automatic: "AUTOMATIC",
  seasonalBand: "SEASONAL_BAND",
  missingData: "MISSING_DATA",
  forecast: "FORECAST",
  changepoint: "CHANGEPOINT",
  isolationForest: "ISOLATION_FOREST",
  halfSpaceTrees: "HALF_SPACE_TREES",
  ensemble: "ENSEMBLE",
  peers: "PEERS",
  multivariate: "MULTIVARIATE",
} as const;

const NAMES = Object.keys(KINDS);

/** What is wrong with a detector that is not told in exactly one way. */
export const ONE_KIND = `Name exactly one detector: ${NAMES.join(", ")}.`;

const isObject = (input: unknown): input is object => typeof input === "object" && input !== null;

/** What is said, without what is not: null and undefined are left out. */
const said = (input: object): readonly (readonly [string, unknown])[] =>
  Object.entries(input).filter(([, value]) => value !== null && value !== undefined);

const membersOf = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map((member: unknown) =>
        isObject(member)
          ? Object.fromEntries(
              said(member).map(([name, one]) => [name, name === "detector" ? fromNamed(one).definition : one]),
            )
          : member,
      )
    : value;

/** A definition by its kind, and where in the input its fields lie; null when the input names no kind or several. */
export const fromNamed = (input: unknown): { readonly definition: unknown; readonly place: readonly string[] } => {
  if (!isObject(input)) return { definition: null, place: [] };
  if ("kind" in input) return { definition: input, place: [] };
  const [only, ...others] = said(input);
  const kind = Object.entries(KINDS).find(([name]) => name === only?.[0])?.[1];
  if (only === undefined || others.length > 0 || kind === undefined || !isObject(only[1]))
    return { definition: null, place: [] };
  const fields = said(only[1]).map(([name, value]) => [name, name === "members" ? membersOf(value) : value]);
  return { definition: { ...Object.fromEntries(fields), kind }, place: [only[0]] };
};

/** A definition as an object whose only field is named for its kind, and members of ensembles alike. */
export const asNamed = (definition: { readonly kind: string }): Readonly<Record<string, unknown>> => {
  const name = Object.entries(KINDS).find(([, kind]) => kind === definition.kind)?.[0] ?? definition.kind;
  const fields = Object.entries(definition).filter(([field]) => field !== "kind");
  return {
    [name]: Object.fromEntries(
      fields.map(([field, value]) => [field, field === "members" ? namedMembers(value) : value]),
    ),
  };
};

const namedMembers = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map((member: { readonly detector: { readonly kind: string } }) => ({
        ...member,
        detector: asNamed(member.detector),
      }))
    : value;
