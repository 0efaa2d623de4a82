import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What has to be undone when the process is told to stop before its work is done. */
const pending = new Set<() => void>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function undoAll(): void {
  for (const undo of pending) undo();
  pending.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  undoAll();
  for (const s of signals) process.off(s, onSignal);
  process.kill(process.pid, signal);
}

/** Calls `undo` if the process is interrupted before the returned function is called. */
export function undoOnInterrupt(undo: () => void): () => void {
  if (pending.size === 0) {
    for (const s of signals) process.on(s, onSignal);
    process.on('exit', undoAll);
  }
  pending.add(undo);
  return () => {
    pending.delete(undo);
    if (pending.size > 0) return;
    for (const s of signals) process.off(s, onSignal);
    process.off('exit', undoAll);
  };
}

/** Gives `use` an empty folder of its own, which is gone afterwards, whatever happens. */
export async function withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'int8-gate-run-'));
  const done = undoOnInterrupt(() => rmSync(folder, { recursive: true, force: true }));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    done();
  }
}
