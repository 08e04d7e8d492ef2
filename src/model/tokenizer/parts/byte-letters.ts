/** GPT-2 writes every byte as a letter that can be seen: those that can already are themselves, the others come after them all. */
const letters: string[] = [];
let beyond = 256;
for (let byte = 0; byte < 256; byte++) {
  const canBeSeen = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  letters.push(String.fromCharCode(canBeSeen ? byte : beyond++));
}

/** By its byte. */
export const BYTE_LETTERS: readonly string[] = letters;

const encoder = new TextEncoder();

/** A text's bytes in UTF-8, each as its letter. */
export function byteLetters(text: string): string {
  return Array.from(encoder.encode(text), byte => letters[byte]).join('');
}

/** A byte's token in vocabularies that have some for all others: <0x0A>. */
export function byteName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
