/** FNV-1a, 32 bit: the same everywhere, so that processes which never talked to each other agree. Not for secrets. */
export function fingerprint(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return value;
}
