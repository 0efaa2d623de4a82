import type { Profile } from '../model/arithmetic/multiplier.ts';
import type { DType, TensorData } from '../model/tensor/dtype.ts';
import type { Quantization } from '../model/tensor/quantization.ts';
import type { Shape } from '../model/tensor/shape.ts';
import type { Target } from './targets/target.ts';

/** An input or output of a build, as the runner needs it. `bytes` counts one sample. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly bytes: number;
  readonly quantization: Quantization | null;
  /** Of an output: its first extent may come out smaller than `shape` says, which is then the largest. */
  readonly varies?: true;
  /** Of an input: the only elements that the build takes. */
  readonly bound?: TensorData;
}

/** A compiled model on disk: a static archive that defines `int8_gate_model_<symbol>`. */
export interface Build {
  /** What messages and reports call it. */
  readonly name: string;
  /** C identifier, unique among the builds of one runner image. */
  readonly symbol: string;
  readonly target: Target;
  readonly profile: Profile;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly arenaBytes: number;
  /** Parts that heavy operators are cut into at most; absent: 1. */
  readonly threads?: number;
  /** Absolute path of the .a file, in the cache. */
  readonly archive: string;
  /** What compiled it, such as `clang 19.1.7`; absent for an archive from elsewhere. */
  readonly compiler?: string;
  /** Multiply-accumulates of one inference, for MAC/cycle. */
  readonly macs: number;
  /** The C functions of its operators, in the order in which they run. */
  readonly nodes?: readonly BuildNode[];
}

/** One operator of a build: a C function of its own, so that counters and profiles can tell operators apart. */
export interface BuildNode {
  /** The local symbol of the function. */
  readonly symbol: string;
  readonly kind: string;
  /** How messages name it. */
  readonly label: string;
  readonly macs: number;
  /** What it computes on; absent in builds from elsewhere, as are the fields below. */
  readonly numbers?: Numbers;
  /** Files of native/kernels that it is made of. */
  readonly kernels?: readonly string[];
  /** Shape of its first result. */
  readonly result?: Shape;
}

/** `hybrid`: float data, which are quantized while running; `mixed`: it converts between floats and integers. */
export type Numbers = 'integer' | 'float' | 'hybrid' | 'mixed';
