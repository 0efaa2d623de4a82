import { fstatSync, writeSync } from 'node:fs';
import { EXIT, reasonOf } from '../errors.ts';

/**
 * What becomes of standard output and standard error never looks like a verdict. A reader that goes away (`| head`)
 * changes nothing: the work is done to its end, and its exit status stands. Results that a full disk did not take end a
 * run that would have passed with status 3. Whatever else nobody caught is a bug of ours and ends with status 70, not
 * with Node's 1, which means that the gate failed.
 */
export function mindStreams(): void {
  let lost = false;
  if (isPlainFile(1)) process.stdout._write = writeWhole;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (lost || error.code === 'EPIPE') return;
    lost = true;
    process.stderr.write(`int8-gate: cannot write the results to standard output: ${reasonOf(error)}\n`);
  });
  process.stderr.on('error', () => {}); // nobody is left to tell
  process.on('exit', (code) => {
    if (lost && code === EXIT.passed) process.exitCode = EXIT.environment;
  });
  process.on('uncaughtException', (error) => {
    process.stderr.write(`int8-gate: internal error, please report it\n${error.stack ?? String(error)}\n`);
    process.exit(EXIT.internal);
  });
}

/** Whether a descriptor leads to a file or to a device that is no terminal: Node writes those in one go. */
function isPlainFile(descriptor: number): boolean {
  try {
    const found = fstatSync(descriptor);
    return found.isFile() || (found.isCharacterDevice() && !process.stdout.isTTY);
  } catch {
    return false;
  }
}

/** Node takes no notice where a disk takes the first part of a text and not the rest. */
function writeWhole(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
  try {
    for (let at = 0; at < chunk.length; ) at += writeSync(1, chunk, at);
    done();
  } catch (error) {
    done(error as Error);
  }
}
