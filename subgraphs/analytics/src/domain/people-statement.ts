/** Where a statement's values go: one goes in, its typed place in the text comes out. */
export interface Placing {
  place(type: string, value: string | number | readonly (string | number)[]): string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Writes a statement that gives the number of each member of some people or accounts once, as `person`; its values are placed among those of the statement it stands in. */
export type PeopleStatement = (params: Placing) => string;
