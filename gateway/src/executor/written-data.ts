/**
 * The data of an answer that is already written as JSON. Where the text is not used as it is, it stands for what it says: `JSON.stringify` writes
 * the same data.
 */
export class WrittenData {
  readonly [field: string]: unknown;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** An answer as JSON, as `JSON.stringify` writes it; data that is written already is not written again. */
export const writeAnswer = (answer: {
  readonly errors?: unknown;
  readonly data?: unknown;
  readonly extensions?: unknown;
}): string => {
  const { errors, data, extensions } = answer;
  if (!(data instanceof WrittenData) || errors !== undefined) return JSON.stringify(answer);
  return extensions === undefined
    ? `{"data":${data.text}}`
    : `{"data":${data.text},"extensions":${JSON.stringify(extensions)}}`;
};
