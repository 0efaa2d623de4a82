import type { Port } from '../../../compiler/build.ts';
import { InputError } from '../../../errors.ts';
import type { Shape } from '../../../model/tensor/shape.ts';
import type { Fp32Options } from '../../config/fp32_schema.ts';

/** An input or output of a model that another library runs. */
export interface ForeignPort {
  /** What it may be called, the first one in messages. */
  readonly names: readonly string[];
  readonly dtype: string;
  /** null: an extent that the model leaves open; null as a whole: nothing is known. */
  readonly shape: readonly (number | null)[] | null;
}

/** The foreign port that takes or gives what one of INT8's does. */
export interface Match {
  /** Among the foreign ports. */
  readonly index: number;
  /** The foreign port's shape for one inference. */
  readonly shape: Shape;
  /** Whether its channels come before height and width, where INT8's come last. */
  readonly channelsFirst: boolean;
}

type Which = 'inputs' | 'outputs';

interface Ways {
  readonly same: Shape | null;
  readonly channelsFirst: Shape | null;
}

/**
 * Finds for each of INT8's inputs or outputs the one of the foreign model: as the configuration says, else by name, else by
 * shape, where only one fits.
 *
 * @param of what messages call the foreign model
 * @throws InputError where none fits, or several do; it says how the configuration tells them apart
 */
export function matchPorts(
  which: Which,
  own: readonly Port[],
  foreign: readonly ForeignPort[],
  options: Fp32Options,
  of: string,
): Match[] {
  if (foreign.length < own.length || (which === 'inputs' && foreign.length > own.length))
    throw new InputError(
      `${of}: has the ${which} ${list(foreign)}, but INT8 has ${listOwn(own)}; fp32 must be the same network, or be left out`,
    );
  const ways = own.map((port) => foreign.map((other) => waysOf(port.shape, other.shape)));
  const fits = (i: number, k: number): boolean => allowed(ways[i][k], options).length > 0;
  const found = new Map<number, number>();
  const take = (i: number, k: number) => found.set(i, k);
  const free = (k: number): boolean => ![...found.values()].includes(k);
  for (const [i, k] of fromOptions(which, own, foreign, options, of)) {
    if (!fits(i, k)) throw unfit(which, own[i], foreign, of);
    take(i, k);
  }
  const byName = own.map((port) => foreign.findIndex(({ names }) => names.some((n) => plain(n) === plain(port.name))));
  for (const [i, k] of byName.entries())
    if (k >= 0 && !found.has(i) && free(k) && fits(i, k) && byName.filter((other) => other === k).length === 1)
      take(i, k);
  // Whoever fits one port alone leaves fewer for the others.
  for (let again = true; again; ) {
    again = false;
    for (const [i, port] of own.entries()) {
      if (found.has(i)) continue;
      const candidates = foreign.flatMap((_, k) => (free(k) && fits(i, k) ? [k] : []));
      if (candidates.length === 0) throw unfit(which, port, foreign, of);
      if (candidates.length > 1) continue;
      take(i, candidates[0]);
      again = true;
    }
  }
  const open = own.filter((_, i) => !found.has(i));
  if (open.length > 0) throw ambiguous(which, own, open[0], foreign, of);
  return own.map((port, i) =>
    settle(which, port, foreign[found.get(i)!], found.get(i)!, ways[i][found.get(i)!], options, of),
  );
}

/** Which foreign port the configuration gives to which of INT8's. */
function* fromOptions(
  which: Which,
  own: readonly Port[],
  foreign: readonly ForeignPort[],
  options: Fp32Options,
  of: string,
): Generator<readonly [own: number, foreign: number]> {
  const seen = new Set<number>();
  for (const [name, index] of Object.entries(options[which] ?? {})) {
    const k = foreign.findIndex(({ names }) => names.some((n) => n === name || plain(n) === name));
    if (k < 0) throw new InputError(`${of}: has no ${which.slice(0, -1)} "${name}"; its ${which} are ${list(foreign)}`);
    if (index >= own.length)
      throw new InputError(`fp32.${which}.${name} is ${index}, and INT8 has ${own.length} ${which}, counted from 0`);
    if (seen.has(index)) throw new InputError(`fp32.${which}: two of them are given the number ${index}`);
    seen.add(index);
    yield [index, k];
  }
}

function settle(
  which: Which,
  port: Port,
  foreign: ForeignPort,
  index: number,
  ways: Ways,
  options: Fp32Options,
  of: string,
): Match {
  const fitting = allowed(ways, options);
  if (fitting.length > 1)
    throw new InputError(
      `${of}: ${show(foreign)} among the ${which} can be read in two ways beside INT8's ${showOwn(port)}; say which with "layout: nhwc" (channels last) or "layout: nchw" (channels first) below fp32`,
    );
  const [{ shape, channelsFirst }] = fitting;
  return { index, shape, channelsFirst };
}

/** The ways that a layout of the configuration leaves. */
function allowed({ same, channelsFirst }: Ways, { layout }: Fp32Options): { shape: Shape; channelsFirst: boolean }[] {
  const last = same === null ? [] : [{ shape: same, channelsFirst: false }];
  const first = channelsFirst === null ? [] : [{ shape: channelsFirst, channelsFirst: true }];
  if (layout === undefined || channelsFirst === null || same === null) return [...last, ...first];
  return layout === 'nchw' ? first : last;
}

/** How a foreign shape can hold what `own` does. */
export function waysOf(own: Shape, foreign: readonly (number | null)[] | null): Ways {
  if (foreign === null) return { same: own, channelsFirst: null };
  const same = bind(own, foreign);
  if (own.length !== 4 || foreign.length !== 4) return { same, channelsFirst: null };
  const [n, h, w, c] = own;
  // Where one of the two is a single one, both layouts are the same bytes.
  if (c === 1 || h * w === 1) return { same: same ?? bind([n, c, h, w], foreign), channelsFirst: null };
  return { same, channelsFirst: bind([n, c, h, w], foreign) };
}

/** The foreign shape with its open extents filled in; null where the two hold different things. Extents of 1 may be left out. */
function bind(own: Shape, foreign: readonly (number | null)[]): Shape | null {
  if (own.length === foreign.length && foreign.every((n, i) => n === null || n === own[i])) return own;
  const wanted = own.filter((n) => n !== 1);
  const open = foreign.filter((n) => n === null).length;
  // A batch that is left open is one inference; of the other open extents one can be told by the rest.
  for (const batch of foreign[0] === null ? [1, null] : [foreign[0]]) {
    const shape = [batch, ...foreign.slice(1)];
    const at = shape.indexOf(null);
    if (at >= 0) {
      if (open > 2 || shape.lastIndexOf(null) !== at) continue;
      const rest = shape.reduce<number>((product, n) => product * (n ?? 1), 1);
      shape[at] = own.reduce((product, n) => product * n, 1) / rest;
    }
    if (shape.filter((n) => n !== 1).join() === wanted.join()) return shape as number[];
  }
  return null;
}

/** A name without what exporters add: `serving_default_input_1:0` is `input_1`. */
const plain = (name: string): string => name.replace(/:\d+$/, '').replace(/^serving_default_/, '');

const showExtents = (shape: ForeignPort['shape']): string =>
  shape === null ? '[…]' : `[${shape.map((n) => n ?? '?').join(', ')}]`;
const show = ({ names, shape }: ForeignPort): string => `"${names[0]}" ${showExtents(shape)}`;
const showOwn = ({ name, shape }: Port): string => `"${name}" ${showExtents(shape)}`;
const list = (ports: readonly ForeignPort[]): string => ports.map(show).join(', ') || 'none';
const listOwn = (ports: readonly Port[]): string => ports.map(showOwn).join(', ') || 'none';

const unfit = (which: Which, port: Port, foreign: readonly ForeignPort[], of: string): InputError =>
  new InputError(
    `${of}: none of its ${which} ${list(foreign)} fits INT8's ${showOwn(port)}; fp32 must be the same network, or be left out`,
  );

const ambiguous = (
  which: Which,
  own: readonly Port[],
  port: Port,
  foreign: readonly ForeignPort[],
  of: string,
): InputError => {
  const example = foreign
    .map(({ names }, i) => `${JSON.stringify(names[0])}: ${Math.min(i, own.length - 1)}`)
    .join(', ');
  return new InputError(
    `${of}: which of its ${which} ${list(foreign)} is INT8's ${showOwn(port)} cannot be told; say it below fp32, by INT8's numbers from 0: "${which}: { ${example} }"`,
  );
};
