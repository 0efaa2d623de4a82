/** The issue slots and units of an in-order core, cycle by cycle. */
import type { InOrderCore, Timing, Unit } from './core.ts';

/** What has issued so far. */
export class Issue {
  readonly #width: number;
  /** By unit: the cycle, possibly fractional, from which on it is free. */
  readonly #free: Record<Unit, number> = { vector: 0, memory: 0 };
  #cycle = 0;
  #issued = 0;

  constructor({ width }: InOrderCore) {
    this.#width = width;
  }

  get cycle(): number {
    return this.#cycle;
  }

  /** Whether nothing has issued in this cycle yet. */
  get isFresh(): boolean {
    return this.#issued === 0;
  }

  /** Whether a slot and the unit of an instruction are free in this cycle, optionally behind another instruction. */
  fits({ unit }: Timing, behind?: Timing): boolean {
    if (this.#issued + (behind === undefined ? 0 : 1) >= this.#width) return false;
    if (unit === null) return true;
    const free = behind?.unit === unit ? this.#after(behind) : this.#free[unit];
    return free < this.#cycle + 1;
  }

  issue(timing: Timing): void {
    this.#issued++;
    if (timing.unit !== null) this.#free[timing.unit] = this.#after(timing);
  }

  /** Advances to the next cycle. */
  wait(): void {
    this.#cycle++;
    this.#issued = 0;
  }

  #after = ({ unit, occupancy }: Timing): number => Math.max(this.#free[unit!], this.#cycle) + occupancy;
}
