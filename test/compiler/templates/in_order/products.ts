/** Runs loops on labels instead of numbers: which products each result is made of. */
import type { Instruction, Register } from '../../../../src/compiler/templates/in_order/instruction.ts';

/** A label; the labels of a vector register's halves; or the terms of a sum. */
type Value = string | { readonly lo: string; readonly hi: string } | readonly string[];

export class Products {
  /** What has been stored: the register with the address, the offset, the value. */
  readonly stored: (readonly [to: Register, at: Register, value: string])[] = [];
  readonly #values = new Map<Register, Value>();
  /** How often each address that is incremented has been read. */
  readonly #reads = new Map<Register, number>();

  set(register: Register, value: Value): void {
    this.#values.set(register, value);
  }

  /** The terms that a register has added up, sorted. */
  terms(register: Register): string[] {
    const value = this.#values.get(register);
    if (!Array.isArray(value)) throw new Error(`${register} holds no sum`);
    return [...value].sort();
  }

  run(sequence: readonly Instruction[]): void {
    for (const instruction of sequence) {
      const { name, operands } = instruction;
      if (name === 'store') this.stored.push([operands[1], operands[2], this.#label(operands[0])]);
      else this.set(operands[0], this.#result(instruction));
    }
  }

  #label(register: Register): string {
    const value = this.#values.get(register);
    if (typeof value !== 'string') throw new Error(`${register} holds no label`);
    return value;
  }

  #half(register: Register, half: 'lo' | 'hi'): string {
    const value = this.#values.get(register);
    if (value === undefined || typeof value === 'string' || !('lo' in value))
      throw new Error(`${register} has no halves`);
    return value[half];
  }

  /** A register's label, or its name where it has none. */
  #name = (register: Register): string => (this.#values.has(register) ? this.#label(register) : register);
  #sum = (register: Register): string => `(${this.terms(register).join(' + ')})`;

  #next(base: Register): number {
    const number = this.#reads.get(base) ?? 0;
    this.#reads.set(base, number + 1);
    return number;
  }

  #result({ name, operands: [to, a, b] }: Instruction): Value {
    const product = (half: 'lo' | 'hi'): string => `${this.#half(a, half)} * ${this.#half(b, half)}`;
    switch (name) {
      case 'load':
      case 'load_block':
        return `${this.#name(a)}[${this.#name(b)}]`;
      case 'load_next':
        return `${this.#next(a)}`;
      case 'load_pair': {
        const number = this.#next(b);
        this.set(a, `w${number}.upper`);
        return `w${number}.lower`;
      }
      case 'flip':
        return `flipped ${this.#label(to)}`;
      case 'upper':
        return `${this.#label(a)}.upper once`;
      case 'twice': {
        const label = this.#label(to);
        return label.endsWith(' once') ? label.slice(0, -5) : `${label}.lower`;
      }
      case 'fmov':
        return { lo: this.#label(a), hi: '0' };
      case 'ins':
        return { lo: this.#half(to, 'lo'), hi: this.#label(a) };
      case 'zip1':
        return { lo: `${this.#half(to, 'lo')}.lower`, hi: `${this.#half(to, 'lo')}.upper` };
      case 'smull':
        return [product('lo')];
      case 'smull2':
        return [product('hi')];
      case 'smlal':
        return [...this.terms(to), product('lo')];
      case 'smlal2':
        return [...this.terms(to), product('hi')];
      case 'saddlp':
        return this.terms(a);
      case 'sadalp':
        return [...this.terms(to), ...this.terms(a)];
      case 'smull_s':
      case 'smull2_s':
        return [`${name.includes('2') ? 'upper' : 'lower'} ${this.#sum(a)} * ${b}`];
      case 'smlal_s':
      case 'smlal2_s':
        return [...this.terms(to), `${name.includes('2') ? 'upper' : 'lower'} ${this.#sum(a)} * ${b}`];
      case 'fmla_0':
      case 'fmla_1':
        return [
          ...this.terms(to),
          `${this.#half(a, 'lo')}, ${this.#half(a, 'hi')} * ${this.#half(b, 'lo')}[${name.slice(-1)}]`,
        ];
      case 'sqdmulh':
        return [`${this.#sum(a)} * ${b}`];
      case 'addhn':
        return `${this.#sum(a)} + ${b}`;
      case 'addhn2':
        return `${this.#label(to)}, ${this.#sum(a)} + ${b}`;
      case 'sqxtn':
      case 'sqxtun':
        return `${name} ${this.#label(a)}`;
      default:
        return `${name} ${this.#label(a)} ${b}`;
    }
  }
}
