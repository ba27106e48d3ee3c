const NARROW = new Set("iljtfrI.,:;|!'()[] -");
const WIDE = new Set("mwMW@%—…");

/** About how many pixels a text is wide in DejaVu Sans, rather more than fewer. */
export const textWidth = (text: string, size: number): number => {
  let width = 0;
  for (const character of text) {
    const wide = WIDE.has(character) || (character.codePointAt(0) ?? 0) > 0x2e80;
    width += NARROW.has(character) ? 0.4 : wide ? 1 : 0.64;
  }
  return width * size;
};
