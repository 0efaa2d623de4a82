/** A name from a file as messages show it: quoted, with control characters escaped, and cut where it is endless. */
export function quoteName(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 77)}…` : name;
  return JSON.stringify(short).replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escaped);
}

const escaped = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
