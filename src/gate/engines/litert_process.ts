import { type ChildProcess, fork } from 'node:child_process';
import { nativePath } from '../../compiler/toolchain/root.ts';
import { EnvironmentError } from '../../errors.ts';
import { packagePath } from '../../package_file.ts';

const GLUE = '@litertjs/core/wasm/litert_wasm_compat_internal.js';
const WASM = '@litertjs/core/wasm/litert_wasm_compat_internal.wasm';

/** An input or output as LiteRT names it; `code` is its type of elements. */
export interface LiteRtPort {
  readonly name: string;
  readonly code: number;
}

export interface LiteRtSignature {
  readonly key: string;
  readonly inputs: readonly LiteRtPort[];
  readonly outputs: readonly LiteRtPort[];
}

/** What one inference is asked with. */
export interface LiteRtRequest {
  readonly signature: number;
  readonly inputs: readonly { readonly code: number; readonly dims: readonly number[]; readonly bytes: Uint8Array }[];
}

/** A process that has a model loaded in LiteRT. */
export interface LiteRtProcess {
  readonly signatures: readonly LiteRtSignature[];
  /** The bytes of each output. @throws EnvironmentError in LiteRT's words, or where the process ends or is late */
  infer(request: LiteRtRequest): Promise<Uint8Array[]>;
  close(): void;
}

/**
 * Loads a model in a process of its own (native/reference/litert.cjs). The process ends with this one, and is killed where
 * an answer takes longer than `limitMs`.
 *
 * @throws EnvironmentError as `infer`
 */
export async function startLiteRt(model: Uint8Array, limitMs: number): Promise<LiteRtProcess> {
  const child = fork(nativePath('reference/litert.cjs'), [packagePath(GLUE), packagePath(WASM)], {
    // None of our environment: the file that runs there is not trusted.
    ...{ serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {}, execArgv: [] },
  });
  try {
    const signatures = (await ask(child, { model }, limitMs)) as LiteRtSignature[];
    return {
      signatures,
      infer: async (request) => (await ask(child, request, limitMs)) as Uint8Array[],
      close: () => child.kill('SIGKILL'),
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** One message, and what is answered. A process that is late is ended. */
function ask(child: ChildProcess, message: object, limitMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      child.off('message', answered).off('exit', ended).off('error', failed);
    };
    const give = (reason: string) => {
      done();
      reject(new EnvironmentError(reason));
    };
    const answered = (answer: unknown) => {
      const { value, fault } = answer as { readonly value?: unknown; readonly fault?: string };
      if (fault !== undefined) return give(fault);
      done();
      resolve(value);
    };
    const ended = (code: number | null, signal: string | null) =>
      give(`its process ended (${signal ?? `exit status ${code}`})`);
    const failed = (error: Error) => give(`its process could not be reached (${error.message})`);
    const timer = setTimeout(() => {
      give(`it did not answer within ${limitMs / 1000} s`);
      child.kill('SIGKILL');
    }, limitMs);
    child.on('message', answered).on('exit', ended).on('error', failed);
    if (!child.connected) return give('its process has ended');
    child.send(message, (error) => error && failed(error));
  });
}
