/**
 * What the pipeline model needs to know of an instruction. `kind` is a row of the CPU's table: for vector work the group
 * (`vfma`, `vmlal`, …) and `d` for half-width forms; for memory `ld` or `st`, then `x`, `vd` or `vq`, for structures `nd` or
 * `n`, for single lanes `lane`, and the number of registers when there is more than one.
 */
export interface Instruction {
  readonly kind: string;
  readonly writes: readonly string[];
  /** Base registers with write-back: ready after one cycle, whatever the instruction's latency. */
  readonly updates: readonly string[];
  readonly reads: readonly string[];
  /** The register accumulated into: most cores forward it to the next instruction of the same kind early. */
  readonly accumulator: string | null;
}

/** Instructions that also read the vector register they write. */
const ACCUMULATES = new RegExp(
  `^(?:${[
    'fml[as]l?2?|ml[as]|[su]ml[as]l2?|[su]dot|usdot|sudot|[su]mmla|usmmla|bfmmla|[su]adalp|[su]aba?l?2?|sqrdml[as]h',
    'ssra|usra|srsra|ursra|sli|sri|bsl|bit|bif|ins|tbx',
    'sqxtn2|sqxtun2|xtn2|uqxtn2|shrn2|rshrn2|sqr?shrn2|fcvtn2',
  ].join('|')})$`,
);

/** Groups of vector instructions, by mnemonic; the first that matches counts. */
const VECTOR_GROUPS: readonly (readonly [kind: string, mnemonic: RegExp])[] = [
  ['vdot', /^(sdot|udot|usdot|sudot)$/],
  ['vmm', /mmla$/],
  ['vfma', /^(fml[as]|fmadd|fmsub|fnm)/],
  ['vmlal', /^[su]ml[as]l/],
  ['vmull', /^[su]mull/],
  ['vmul', /^(ml[as]$|mul$|sqr?dmulh|sqrdml)/],
  ['vpadal', /adalp$|^[su]?(addv|addlv|maxv|minv)|^[su]addlp/],
  ['vfdiv', /^(fdiv|fsqrt)/],
  ['vcvt', /^(fcvt|[su]cvtf|frint)/],
  ['vfmul', /^(fmul|fnmul)/],
  ['vfadd', /^f(add|sub|abd|max|min|neg|abs|cm|ac)/],
  ['vshift', /^([su]shll|[su]xtl|s?q?r?sh[lr]|[su]q?r?sh[lr]|[su]r?sra|sli|sri|sq?xtu?n|uqxtn|xtn|r?shrn)/],
  ['vperm', /^(zip|uzp|trn|ext|tb[lx]|dup|ins|rev)/],
  ['vmovi', /^(movi|mvni|fmov)$/],
];

const MULTIPLIES = new Set('mul madd msub smull umull smaddl umaddl mneg smulh umulh'.split(' '));
const CALLS = new Set(['b', 'bl', 'br', 'blr', 'ret']);
const NOPS = new Set(['nop', 'hint', 'bti', 'paciasp', 'autiasp']);
const NONE: readonly string[] = [];

/** Registers in an operand, in order: `v0`…`v31`, `x0`…`x30`, `sp`. The zero register is none. */
export function registersOf(operand: string): string[] {
  const found: string[] = [];
  for (const match of operand.matchAll(/\b([vqdshb])(\d+)\b|\b[xw](\d+|zr)\b|\bw?sp\b/g)) {
    if (match[1]) found.push(`v${match[2]}`);
    else if (match[3] === undefined) found.push('sp');
    else if (match[3] !== 'zr') found.push(`x${match[3]}`);
  }
  return found;
}

const isVector = (operand: string | undefined) => operand !== undefined && /^[vdsqhb]\d/.test(operand);

/** Classifies one instruction in Capstone's words, blanks collapsed: `smlal v0.4s, v1.4h, v2.h[3]`. */
export function classify(text: string): Instruction {
  const space = text.indexOf(' ');
  const mnemonic = space < 0 ? text : text.slice(0, space);
  const rest = space < 0 ? '' : text.slice(space + 1);
  const operands = rest === '' ? [] : rest.split(/,(?![^[{]*[\]}])/).map((operand) => operand.trim());
  const first = operands[0] ?? '';
  const vector = /^\{?\s*[vqdshb]\d/.test(first);

  if (CALLS.has(mnemonic) || (/^(b\.|cb|tb)/.test(mnemonic) && !vector)) {
    const reads = mnemonic.startsWith('b.') ? [...registersOf(rest), 'nzcv'] : registersOf(rest);
    return { kind: 'br', writes: NONE, updates: NONE, reads, accumulator: null };
  }
  if (rest.includes('[') && /^(ld|st|prfm)/.test(mnemonic)) return memory(mnemonic, operands, vector);
  if (NOPS.has(mnemonic)) return { kind: 'nop', writes: NONE, updates: NONE, reads: NONE, accumulator: null };

  const writes = registersOf(first);
  const sources = operands.slice(1).flatMap(registersOf);
  if (!vector) return scalar(mnemonic, operands, writes, sources);
  const accumulator = ACCUMULATES.test(mnemonic) ? writes[0] : null;
  const reads = accumulator === null ? sources : [...sources, accumulator];
  const kind = vectorKind(mnemonic, operands) + (isFullWidth(first) ? '' : 'd');
  return { kind, writes, updates: NONE, reads, accumulator };
}

const isFullWidth = (operand: string) => /^\{?\s*(q\d|v\d+\.(16b|8h|4s|2d))/.test(operand);

function vectorKind(mnemonic: string, operands: readonly string[]): string {
  if (/^[wx]\d/.test(operands[1] ?? '')) return 'x2v';
  if (mnemonic === 'mov' && operands.some((operand) => operand.includes('['))) return 'vperm';
  return VECTOR_GROUPS.find(([, pattern]) => pattern.test(mnemonic))?.[0] ?? 'valu';
}

function memory(mnemonic: string, operands: readonly string[], vector: boolean): Instruction {
  const at = operands.findIndex((operand) => operand.startsWith('['));
  const base = registersOf(operands[at]);
  if (mnemonic === 'prfm') return { kind: 'ld', writes: NONE, updates: NONE, reads: base, accumulator: null };
  const writesBack = operands.length > at + 1 || operands[operands.length - 1].endsWith('!');
  const data = operands.slice(0, at).flatMap(registersOf);
  const isLoad = mnemonic.startsWith('ld');
  const kind = memoryKind(mnemonic, operands[0], vector);
  return {
    kind: kind + (data.length > 1 ? data.length : ''),
    writes: isLoad ? data : NONE,
    updates: writesBack ? base.slice(0, 1) : NONE,
    // A load of a lane leaves the other lanes as they are.
    reads: isLoad && kind !== 'ldlane' ? base : [...base, ...data],
    accumulator: null,
  };
}

function memoryKind(mnemonic: string, first: string, vector: boolean): string {
  const way = mnemonic.slice(0, 2);
  if (first.includes('}[') && (way === 'ld' || !mnemonic.startsWith('st1'))) return `${way}lane`;
  if (/^ld[234]r/.test(mnemonic)) return 'ldlane';
  if (/^(ld|st)[234]/.test(mnemonic)) return /16b|8h|4s|2d/.test(first) ? `${way}n` : `${way}nd`;
  if (!vector) return `${way}x`;
  const full = isFullWidth(first) || (/^(ld|st)1/.test(mnemonic) && /16b|8h|4s|2d/.test(first));
  return `${way}${full ? 'vq' : 'vd'}`;
}

function scalar(mnemonic: string, operands: readonly string[], writes: string[], sources: string[]): Instruction {
  const of = (kind: string, to: readonly string[], from: readonly string[]): Instruction => {
    return { kind, writes: to, updates: NONE, reads: from, accumulator: null };
  };
  if (isVector(operands[1])) return of('v2x', writes, sources);
  if (mnemonic === 'ccmp') return of('alu', ['nzcv'], [...writes, ...sources, 'nzcv']);
  if (/^(cmp|cmn|tst)$/.test(mnemonic)) return of('alu', ['nzcv'], [...writes, ...sources]);
  if (/^(adds|subs|ands|bics)$/.test(mnemonic)) return of('alu', [...writes, 'nzcv'], sources);
  if (/^(cs|cinc|cset|cneg)/.test(mnemonic)) return of('alu', writes, [...sources, 'nzcv']);
  if (MULTIPLIES.has(mnemonic)) return of('mul', writes, sources);
  if (/^[su]div$/.test(mnemonic)) return of('div', writes, sources);
  const shifted = operands.some((operand) => /lsl|lsr|asr/.test(operand));
  return of(shifted ? 'alus' : 'alu', writes, sources);
}
