/** Takes DER apart and puts it together (X.690 §8, §10), as far as public keys need it. */

export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag and length included. */
  readonly whole: Uint8Array;
}

export const SEQUENCE = 0x30;
export const NULL = Uint8Array.of(0x05, 0x00);

/** The elements that follow each other in these bytes; undefined where they are not DER, to the last byte. */
export function readElements(bytes: Uint8Array): readonly DerElement[] | undefined {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const element = readElement(bytes.subarray(at));
    if (element === undefined) return undefined;
    elements.push(element);
    at += element.whole.length;
  }
  return elements;
}

/** The elements within one, where it is a sequence. */
export function membersOf(element: DerElement | undefined): readonly DerElement[] | undefined {
  return element?.tag === SEQUENCE ? readElements(element.content) : undefined;
}

/** One element of these contents. */
export function encode(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Uint8Array.of(tag, length), content]);
  const lengthBytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...lengthBytes), content]);
}

function readElement(bytes: Uint8Array): DerElement | undefined {
  const [tag, first] = bytes;
  // Tags of several bytes occur in no key.
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (first >= 0x80 && (count < 1 || count > 2)) return undefined;
  const start = 2 + count;
  const length = count === 0 ? first : readNumber(bytes.subarray(2, start));
  const isShortest = count === 0 || length >= (count === 1 ? 0x80 : 0x100);
  if (!isShortest || start + length > bytes.length) return undefined;
  const end = start + length;
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(0, end) };
}

function readNumber(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum * 0x100 + byte, 0);
}
