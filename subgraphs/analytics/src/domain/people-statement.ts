/** Where a statement's values go: one goes in, its typed place in the text comes out. */
export interface Placing {
  place(type: string, value: string | number | readonly (string | number)[]): string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Writes a statement that gives each `person` of some people once; its values are placed among those of the statement it stands in. */
export type PeopleStatement = (params: Placing) => string;
