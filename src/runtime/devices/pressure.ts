import { readFileSync } from 'node:fs';

/** Counters of the system at one moment. */
export interface Counters {
  /** µs since boot in which some process waited for a processor (Linux's pressure stall information). */
  readonly waited: number | null;
  /** Ticks of all processors since boot, and those that other guests of the host had. */
  readonly ticks: number | null;
  readonly stolen: number | null;
}

/** The total of `some` in /proc/pressure/cpu. */
export function parsePressure(text: string): number | null {
  const match = /^some .*\btotal=(\d+)/m.exec(text);
  return match === null ? null : Number(match[1]);
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal, guest times being part of user's. */
export function parseStat(text: string): { readonly ticks: number; readonly stolen: number } | null {
  const fields = /^cpu +([\d ]+)$/m.exec(text)?.[1].split(' ').map(Number).slice(0, 8);
  if (fields === undefined || fields.length < 8) return null;
  return { ticks: fields.reduce((a, b) => a + b, 0), stolen: fields[7] };
}

/** What Linux says; null for what this system does not tell. */
export function readCounters(): Counters {
  const pressure = read('/proc/pressure/cpu');
  const stat = read('/proc/stat');
  const { ticks = null, stolen = null } = (stat === null ? null : parseStat(stat)) ?? {};
  return { waited: pressure === null ? null : parsePressure(pressure), ticks, stolen };
}

/** The share of all processors' time between two moments that other guests had; null where it is not known. */
export function shareStolen(before: Counters, after: Counters): number | null {
  if (before.ticks === null || after.ticks === null || after.ticks <= before.ticks) return null;
  return Math.max(0, (after.stolen! - before.stolen!) / (after.ticks - before.ticks));
}

/**
 * The larger share of the time between two moments: that in which some process waited, or that which was stolen. null
 * where neither is known.
 */
export function shareWaited(before: Counters, after: Counters, ms: number): number | null {
  const stolen = shareStolen(before, after);
  if (before.waited === null || after.waited === null) return stolen;
  return Math.min(1, Math.max(0, stolen ?? 0, (after.waited - before.waited) / 1000 / ms));
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
