/** Attribute types shared by several operator families. */

export type Padding = 'SAME' | 'VALID';
/** Explicit padding, in elements. */
export interface Pads {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}
/** Height and width. */
export type HW = readonly [number, number];

export type NoAttrs = Readonly<Record<string, never>>;

/**
 * The attributes of every operator kind. Kinds carry Relay's names; whether an application is quantized is read off
 * its tensors, and the printer then writes the `qnn.` name with the quantization as attributes.
 * Each family adds its interface in its own file (`declare module './attrs.ts'`); every table over kinds then fails to
 * compile until it has the new rows. See docs/adr/0014.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the families fill it
export interface OpAttrs {}
export type OpKind = keyof OpAttrs;
