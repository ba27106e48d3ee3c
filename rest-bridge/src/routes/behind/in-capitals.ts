/** A value of an enum as the graph writes it: `dropped_off` is DROPPED_OFF. */
export const inCapitals = <Word extends string>(word: Word): Uppercase<Word> =>
  // boundary: a text in capitals is typed as any text.
  word.toUpperCase() as Uppercase<Word>;
