/** ClickHouse types a parameter may have. */
export type ParamType =
  | "String"
  | "Identifier"
  | "Int64"
  | "UInt32"
  | "UInt64"
  | "Float64"
  | "UUID"
  | "Array(String)"
  | "Array(Int64)"
  | "Array(Float64)"
  | "Array(UUID)";

/** Collects the parameters of one statement: a value goes in, its typed place in the text comes out. */
export interface Params {
  /** Adds a value; answers the place to write into the text. An equal value of the same type keeps its place. */
  place(type: ParamType, value: string | number | readonly (string | number)[]): string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Makes an empty set of parameters for one statement. */
export const createParams = (): Params => {
  const values: Record<string, unknown> = {};
  const places = new Map<string, string>();
  return {
    values,
    place: (type, value) => {
      const key = `${type}:${JSON.stringify(value)}`;
      const known = places.get(key);
      if (known !== undefined) return known;
      const name = `p${places.size}`;
      values[name] = value;
      const place = `{${name}: ${type}}`;
      places.set(key, place);
      return place;
    },
  };
};
