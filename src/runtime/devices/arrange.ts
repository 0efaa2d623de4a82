/** Where code and constants of builds lie in a program, and a second copy of one. All pure. */

/** A build's archive, and the bytes of code that are left free before it. */
export interface Place {
  readonly part: number;
  readonly gap: number;
}

const LINE = 64;
/** Gaps go up to a page, so that builds change places within it, too. */
const MOST_LINES = 64;

/**
 * An order of so many archives, and gaps between them. Which functions share lines and sets of a cache with which moves the
 * ratio of two builds by percents; layout 0 is the order given without gaps, the layouts from 1 on take all orders in turn,
 * with other gaps each.
 * Source: Curtsinger and Berger, "Stabilizer: statistically sound performance evaluation", ASPLOS 2013.
 */
export function arrange(parts: number, layout: number): Place[] {
  const left = Array.from({ length: parts }, (_, part) => part);
  if (layout === 0) return left.map((part) => ({ part, gap: 0 }));
  let code = layout;
  return Array.from({ length: parts }, (_, i) => {
    const [part] = left.splice(code % left.length, 1);
    code = Math.floor(code / (left.length + 1));
    return { part, gap: LINE * (1 + ((37 * layout + 23 * i) % MOST_LINES)) };
  });
}

/** A C file whose object is so many bytes of code that nobody runs. */
export const gapSource = (bytes: number): string => `__asm__(".text\\n\\t.balign ${LINE}\\n\\t.space ${bytes}\\n");\n`;

/** What the copy's function is called: as long as the original's name, so that it fits into its place. */
export const copyName = (name: string): string => name.replace('int8_gate_model_', 'int8_gate_again_');

/** An archive with its one public symbol renamed, in index and tables alike. */
export function copyArchive(archive: Uint8Array, name: string): Uint8Array {
  const copy = Buffer.from(archive);
  const [from, to] = [`${name}\0`, `${copyName(name)}\0`].map((text) => Buffer.from(text, 'latin1'));
  for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at + 1)) to.copy(copy, at);
  return copy;
}
