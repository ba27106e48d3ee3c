import { expect } from "@jest/globals";
import type { SharedTenants } from "../../testing/shared-instance.ts";
import type { OwnThings } from "../examples.ts";

/** An instance with two tenants that each have one of everything. */
export interface SealedWorld {
  readonly instance: SharedTenants;
  readonly alpha: OwnThings;
  /** What alpha made after beta had made its own: newest first, it stands before all of beta's. */
  readonly alphaLater: OwnThings;
  readonly beta: OwnThings;
}

/** Given in `beforeAll`, so that suites ask for it when their tests run. */
export type World = () => SealedWorld;

/** Every word by which a tenant's own things are known. */
export const wordsOf = (...things: readonly OwnThings[]): readonly string[] => [
  ...new Set(things.flatMap((each) => Object.values({ ...each }))),
];

/** Fails when a text holds a word of somebody else. */
export const expectNone = (where: string, text: string, words: readonly string[]): void => {
  expect({ where, found: words.filter((word) => text.includes(word)) }).toEqual({ where, found: [] });
};

/** A text without what tells one request from the next: its trace id. */
export const withoutTrace = (text: string): string => text.replaceAll(/\b[0-9a-f]{32}\b/g, "<trace>");
