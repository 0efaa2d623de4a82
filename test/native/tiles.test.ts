import { describe, expect, test } from 'vitest';
import type { RecordSource } from '../../src/compiler/emission/context.ts';
import { parseTarget, type Target } from '../../src/compiler/targets/index.ts';
import {
  CHAINS,
  GEMM_KERNELS,
  GEMM_SPACE,
  type GemmKernel,
  type GemmSchedule,
  holdsTile,
} from '../../src/compiler/templates/index.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import { difference, type Form, type Layer, modelOfLayers } from './layers.ts';
import { runLayers } from './run_layers.ts';

/** Every tile of a kernel that the registers hold. */
function tiles(kernel: GemmKernel, target: Target): GemmSchedule[] {
  const info = GEMM_KERNELS[kernel];
  return [1, 2, 3, 4, 5, 6, 7, 8].flatMap((mr) =>
    [4, 8, 12, 16, 20, 24, 28, 32].flatMap((nr, i) => {
      const odd = info.evenRows && mr % 2 === 1;
      if (odd || nr % (info.columns ?? 4) !== 0) return [];
      const knobs =
        kernel === 'chains'
          ? CHAINS.map((form) => ({ ...form, weightsFirst: false }))
          : [{ weightsFirst: i % 2 === 0 }];
      return knobs.flatMap((knob) =>
        holdsTile(kernel, mr, nr, target, 'chain' in knob ? knob.chain : 1) ? [{ kernel, mr, nr, ...knob }] : [],
      );
    }),
  );
}

/** One layer a tile: ragged in rows and columns, now and then narrower than a panel, in place or gathered. */
function layerOf(s: GemmSchedule, index: number, form: Form): Layer {
  const { unit } = GEMM_KERNELS[s.kernel];
  const narrow = index % 3 === 0;
  // Short and long loops along it, whole and ragged.
  const depth = [3 * unit + 8, 27, 6 * unit, 43][index % 4];
  return {
    ...{ kind: 'nn.conv2d', form, input: [1, 1, 9 + index, depth], outs: narrow ? s.nr - 1 : 2 * s.nr + 3, groups: 1 },
    ...{
      kernel: [1, 1],
      strides: [1, 1],
      dilation: [1, 1],
      padding: 'VALID',
      activation: index % 5 ? 'NONE' : 'RELU6',
    },
    ...{ bias: true, perChannel: true, gain: 1, seed: index },
  };
}

const KERNELS: readonly (readonly [GemmKernel, string, readonly Form[]])[] = [
  ['portable', 'host', ['int8-full', 'uint8-full']],
  ['f32_portable', 'host', ['float32']],
  ['f32', 'aarch64', ['float32']],
  ['f32', 'cortex-a53', ['float32']],
  ['mlal', 'aarch64', ['int8-full', 'uint8-full']],
  ['smull', 'aarch64', ['int8', 'uint8-narrow', 'uint8-offset']],
  ['chains', 'cortex-a53', ['int8', 'int8-full', 'uint8-narrow', 'uint8-offset', 'uint8-full']],
  ['dot', 'aarch64+dotprod', ['int8-full', 'uint8-full']],
  ['mmla', 'aarch64+dotprod+i8mm', ['int8-full', 'uint8-full']],
];

describe.each(KERNELS)('every tile of %s', (kernel, target, forms) => {
  const schedules = tiles(kernel, parseTarget(target));
  const layers = schedules.map((s, i) => layerOf(s, i, forms[i % forms.length]));
  const { model, inputs } = modelOfLayers(layers);
  const expected = interpret(model, inputs);
  // Rows tell the layers apart.
  const forced: RecordSource = (key) => {
    const { name: template, version } = GEMM_SPACE;
    return { template, version, key, target, schedule: schedules[Number(/"m":(\d+)/.exec(key)![1]) - 9] };
  };

  test.each(['gcc', 'clang'] as const)(`on ${target} by %s`, async (family) => {
    const actual = await runLayers(model, inputs, target, { family, schedules: forced });
    const wrong = schedules.flatMap((s, i) => {
      const off = difference(actual[i], expected[i]);
      return off === null
        ? []
        : [`${s.mr} x ${s.nr} x ${s.chain}${s.singles ? ' + 1' : ''}, ${layers[i].form}: ${off}`];
    });
    expect(wrong).toEqual([]);
  });
});
