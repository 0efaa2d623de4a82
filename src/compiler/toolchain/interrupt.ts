/** What has to be undone when the process is told to stop before its work is done. */
const pending = new Set<() => void>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function undoAll(): void {
  for (const undo of pending) {
    try {
      undo();
    } catch {
      // The others still have to be undone.
    }
  }
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
