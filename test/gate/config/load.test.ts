import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { parseConfig } from '../../../src/gate/config/load.ts';
import { nearest } from '../../../src/gate/words/suggest.ts';

const model = (rest = '') =>
  `version: 1\nmodels:\n  - name: a\n    int8: a.tflite\n    data: { inputs: "*.bin", labels: l.csv }\n${rest}`;

/** The message and place of the InputError that `text` is answered with. */
function fault(text: string): InputError {
  try {
    parseConfig(text, 'gate.yml');
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  }
  throw new Error('the configuration was accepted');
}

describe('a configuration', () => {
  it('applies defaults, and lets a model override them', () => {
    const config = parseConfig(
      `version: 1
targets: [native, cortex-a72]
defaults:
  thresholds: { max-accuracy-drop: 1.0, min-speedup: 1.3 }
models:
  - name: one
    int8: one.tflite
    data: { inputs: data/*.bin, labels: labels.csv }
    thresholds: { max-accuracy-drop: 2, max-latency: 4ms }
  - name: two
    int8: two.tflite
    fp32: two_float.tflite
    data: { inputs: [a.npy] }
`,
      '.github/int8-gate.yml',
    );
    expect(config.targets).toEqual(['native', 'cortex-a72']);
    const [one, two] = config.models;
    expect(one.thresholds).toEqual({ 'max-accuracy-drop': 2, 'min-speedup': 1.3, 'max-latency': '4ms' });
    expect(one.metric).toBe('top1');
    expect(two.metric).toBe('agreement');
    expect(two.thresholds).toEqual({ 'max-accuracy-drop': 1, 'min-speedup': 1.3 });
    expect(one.thresholdAt['max-accuracy-drop']).toEqual({ file: '.github/int8-gate.yml', line: 9, column: 19 });
    expect(one.thresholdAt['min-speedup']?.line).toBe(4);
    expect(two.at.line).toBe(10);
  });

  it('takes the settings of a metric', () => {
    const { models } = parseConfig(model('    metric: { name: f1, threshold: 0.25, average: binary }\n'), 'gate.yml');
    expect(models[0]).toMatchObject({ metric: 'f1', metricOptions: { threshold: 0.25, average: 'binary' } });
    expect(parseConfig(model('    metric: f1\n'), 'gate.yml').models[0]).toMatchObject({
      metric: 'f1',
      metricOptions: {},
    });
  });

  it('takes a number of threads, for all models or for one', () => {
    const threads = (text: string) => parseConfig(text, 'gate.yml').models[0].threads;
    expect(threads(model())).toBe(1);
    expect(threads(model('defaults: { threads: 4 }'))).toBe(4);
    expect(threads(model('    threads: 2\ndefaults: { threads: 4 }'))).toBe(2);
    expect(fault(model('    threads: 65')).message).toMatch(/a number of threads, at most 64; found 65/);
  });

  it('takes a tolerance of times, for all models or for one', () => {
    const tolerance = (text: string) => parseConfig(text, 'gate.yml').models[0].tolerance;
    expect(tolerance(model())).toBeUndefined();
    expect(tolerance(model('defaults: { tolerance: 3% }'))).toBe(0.03);
    expect(tolerance(model('    tolerance: 0\ndefaults: { tolerance: 0.04 }'))).toBe(0);
    for (const wrong of ['2', '60%', '-1%', '2pt'])
      expect(fault(model(`    tolerance: ${wrong}`)).message).toMatch(/a share from 0, at most 0\.5, e\.g\. 2%; found/);
  });

  it('runs on native by default, and says whether regression thresholds are set', () => {
    expect(parseConfig(model(), 'c').targets).toEqual(['native']);
    expect(parseConfig(model(), 'c').regression).toBe(false);
    expect(parseConfig(model('    regression: { max-slowdown: 5% }\n'), 'c').regression).toBe(true);
  });

  it('takes a confidence, for all models or for one', () => {
    const confidence = (text: string) => parseConfig(text, 'gate.yml').models[0].confidence;
    expect(confidence(model())).toBe(0.8);
    expect(confidence(model('defaults: { confidence: 95% }'))).toBe(0.95);
    expect(confidence(model('    confidence: point\ndefaults: { confidence: 95% }'))).toBe('point');
    for (const wrong of ['50%', '95', '1', '100%', 'points', '0.5']) {
      expect(fault(model(`    confidence: ${wrong}`)).message).toMatch(
        /gate\.yml:6:5: models\[0\]\.confidence must be a confidence above 50%, at most 99\.9%, e\.g\. 80% or 0\.95, or point; found/,
      );
    }
  });

  const accepted = (entry: string, more = '') =>
    `${model(`    thresholds: { max-accuracy-drop: 1, min-speedup: 1.5, max-latency: 4ms }\n    accept:\n      - { ${entry} }\n`)}${more}`;
  const GOOD = 'threshold: max-accuracy-drop, worst: 2.5pt, reason: tanh layer, by: Jo, until: 2027-01-31';

  it('takes acceptances of limits against a baseline, also of those that are in force unwritten', () => {
    const slower = GOOD.replace('max-accuracy-drop', 'regression.max-slowdown');
    expect(parseConfig(accepted(slower.replace('2.5pt', '12%')), 'c').models[0].accept).toMatchObject([
      { threshold: 'regression.max-slowdown', worst: 12 },
    ]);
    expect(fault(accepted(slower.replace('2.5pt', '4%'))).message).toContain(
      'accept[0].worst accepts nothing: it is no weaker than the limit, 5',
    );
  });

  it('takes acceptances of known regressions', () => {
    expect(parseConfig(accepted(GOOD), 'c').models[0].accept).toEqual([
      { threshold: 'max-accuracy-drop', worst: 2.5, reason: 'tanh layer', by: 'Jo', until: '2027-01-31' },
    ]);
  });

  it.each([
    [GOOD.replace(', by: Jo', ''), 'models[0].accept[0].by is missing; it must be a name: who accepts it'],
    [GOOD.replace('tanh layer', '" "'), 'models[0].accept[0].reason must be a text: why it is accepted; found " "'],
    [
      GOOD.replace('01-31', '02-30'),
      'accept[0].until must be a date such as 2027-01-31: a day that there is; found "2027-02-30"',
    ],
    [GOOD.replace('2027-01-31', 'tomorrow'), 'accept[0].until must be a date such as 2027-01-31; found "tomorrow"'],
    [GOOD.replace(', until: 2027-01-31', ''), 'accept[0].until is missing; it must be a date such as 2027-01-31'],
    [
      GOOD.replace('max-accuracy-drop', 'max-drop'),
      'accept[0].threshold must be one of max-accuracy-drop, min-accuracy',
    ],
    [GOOD.replace('2.5pt', '2.5x'), 'accept[0].worst must be percentage points from 0 to 100'],
    [GOOD.replace('2.5pt', '1pt'), 'accept[0].worst accepts nothing: it is no weaker than the limit, 1'],
    [
      GOOD.replace('max-accuracy-drop, worst: 2.5pt', 'min-speedup, worst: 1.6'),
      'accepts nothing: it is no weaker than the limit, 1.5',
    ],
    [
      GOOD.replace('max-accuracy-drop, worst: 2.5pt', 'max-latency, worst: 5Mcycles'),
      'must be in the unit of the limit, 4ms; found 5Mcycles',
    ],
    [
      GOOD.replace('max-accuracy-drop, worst: 2.5pt', 'min-sqnr, worst: 20'),
      'accept[0].threshold is min-sqnr, which is not in force for this model',
    ],
    [`${GOOD} }\n      - { ${GOOD}`, 'accept[1].threshold is max-accuracy-drop again'],
    [`${GOOD}, note: x`, 'unknown key "note"'],
    [`${GOOD}, targets: [cortex-a53]`, 'accept[0].targets[0] is "cortex-a53", which is none of the targets cortex-a72'],
  ])('refuses an acceptance { %s }', (entry, words) => {
    const { message, at } = fault(accepted(entry, 'targets: [cortex-a72]\n'));
    expect(message).toContain(words);
    expect(at!.line).toBeGreaterThanOrEqual(8);
    expect(message.split('\n')).toHaveLength(1);
  });

  it('leaves out a default that the metric has no use for', () => {
    const text = `${model('    metric: cosine\n')}defaults: { thresholds: { max-accuracy-drop: 1, min-cosine: 0.9 } }\n`;
    expect(parseConfig(text, 'c').models[0].thresholds).toEqual({ 'min-cosine': 0.9 });
  });

  it.each([
    ['max-accuracy-drop', '1', 1],
    ['max-accuracy-drop', '1.0', 1],
    ['max-accuracy-drop', '1pt', 1],
    ['max-accuracy-drop', '1.5 pts', 1.5],
    ['max-accuracy-drop', '1%', 1],
    ['max-accuracy-drop', '0.05pt', 0.05],
    ['max-accuracy-drop', '0', 0],
    ['min-accuracy', '0.9', 0.9],
    ['min-accuracy', '90%', 0.9],
    ['min-accuracy', '7%', 0.07],
    ['min-agreement', '100%', 1],
    ['min-agreement', '99.5 %', 0.995],
    ['min-sqnr', '20dB', 20],
    ['min-sqnr', '20', 20],
    ['min-speedup', '1.3x', 1.3],
    ['min-cosine', '1', 1],
  ])('takes %s: %s', (id, text, value) => {
    const { thresholds } = parseConfig(model(`    thresholds: { ${id}: ${text} }\n`), 'c').models[0];
    expect(thresholds).toEqual({ [id]: value });
  });

  it.each([
    ['max-accuracy-drop', '-1', 'must be percentage points from 0 to 100'],
    ['max-accuracy-drop', '-1pt', 'must be percentage points from 0 to 100'],
    ['max-accuracy-drop', '101', 'must be percentage points from 0 to 100'],
    ['max-accuracy-drop', '0.01', 'is ambiguous: write 0.01pt for 0.01 percentage points, 1pt if 0.01 is a share'],
    ['max-accuracy-drop', '1 percent', 'must be percentage points from 0 to 100'],
    ['min-accuracy', '1', 'is ambiguous: write 100% for all of them, or 1%'],
    ['min-agreement', '1.0', 'is ambiguous: write 100% for all of them, or 1%'],
    ['min-accuracy', '90', 'must be a share above 0, at most 1, e.g. 0.9 or 90%; found 90'],
    ['min-accuracy', '101%', 'must be a share above 0, at most 1, e.g. 0.9 or 90%; found "101%"'],
    ['min-accuracy', '1pt', 'must be a share above 0'],
    ['min-accuracy', '0', 'must be a share above 0'],
    ['min-sqnr', '-3', 'must be decibels from 0'],
    ['min-cosine', '-0.5', 'must be a cosine from 0 to 1'],
    ['min-cosine', '99%', 'must be a cosine from 0 to 1'],
    ['min-speedup', '0', 'must be a ratio above 0'],
    ['min-speedup', '.inf', 'must be a ratio above 0'],
    ['max-error', '-1', 'must be a number from 0'],
    ['max-latency', '0ms', 'must be a time or cycles above 0'],
  ])('refuses %s: %s, with line and column', (id, text, words) => {
    const { message, at } = fault(model(`    thresholds: { ${id}: ${text} }\n`));
    expect(message).toContain(`models[0].thresholds.${id} ${words}`);
    expect(at).toMatchObject({ line: 6, column: 19 });
  });

  it('refuses the same in regression and in defaults', () => {
    expect(fault(model('    regression: { max-slowdown: -5 }\n')).message).toContain('a percentage from 0');
    expect(fault(model('    regression: { max-accuracy-drop: -1 }\n')).message).toContain('percentage points from 0');
    expect(fault(model('defaults: { thresholds: { min-accuracy: 1 } }\n')).message).toContain('is ambiguous');
  });

  it.each([
    ['', 1, 'is empty'],
    ['version: 2\nmodels: []\n', 1, 'version must be 1; found 2'],
    [model('    treshold: {}\n'), 6, 'unknown key "treshold"; did you mean "thresholds"?'],
    [model('    thresholds: { max_latency: 4ms }\n'), 6, 'did you mean "max-latency"?'],
    [model('    thresholds: { max-latency: 4 parsecs }\n'), 6, 'must be a time or cycles'],
    [model('    thresholds: { min-speedup: fast }\n'), 6, 'must be a ratio above 0; found "fast"'],
    [model('    thresholds: { min-speedup: .nan }\n'), 6, 'must be a ratio above 0'],
    [
      model().replace('labels: l.csv', 'preprocess: { crop: { fraction: 0.9, rul: floor } }'),
      5,
      'did you mean "rule"?',
    ],
    [
      model().replace('labels: l.csv', 'preprocess: { resize: { method: lanczos } }'),
      5,
      'method must be one of bilinear',
    ],
    [model().replace('"*.bin"', '{ ids: { files: x, dtyp: int8 } }'), 5, 'unknown key "dtyp"; did you mean "dtype"?'],
    [model().replace('labels: l.csv', 'limit: { count: 0 }'), 5, 'limit.count must be a number of samples; found 0'],
    [model().replace('labels: l.csv', 'preprocess: { resize: area }'), 5, 'resize must be one of bilinear, bicubic'],
    [model('    metric: top0\n'), 6, 'models[0].metric must be one of top1'],
    [model('    metric: mse\n    thresholds: { max-accuracy-drop: 1 }\n'), 7, 'has no meaning for the metric mse'],
    [
      'version: 1\ntargets: host\nmodels: [{ name: a, int8: a, data: { inputs: x } }]\n',
      2,
      'targets must be a list; found "host"',
    ],
    [
      'version: 1\ntargets: []\nmodels: [{ name: a, int8: a, data: { inputs: x } }]\n',
      2,
      'a list of at least one target',
    ],
    [
      'version: 1\nmodels: [{ name: a, int8: a, data: { inputs: [] } }]\n',
      2,
      'data.inputs must be a list of at least one path; found []',
    ],
    [model('    score: 1\n'), 6, 'belongs to "metric: f1, precision, recall, auc, pr-auc or eer"'],
    [model('    metric: { name: auc, threshold: 1 }\n'), 6, 'is no setting of the metric auc, which takes average'],
    [
      model('    metric: { name: mse, average: macro }\n'),
      6,
      'models[0].metric.average is no setting of the metric mse',
    ],
    [model('    metric: { name: auc, average: micro }\n'), 6, 'the metric auc knows binary and macro'],
    [model('    metric: { name: f1, avrage: macro }\n'), 6, 'unknown key "avrage"; did you mean "average"?'],
    [model('    metric: { name: f2 }\n'), 6, 'models[0].metric.name must be one of top1'],
    [model('    metric: { average: macro }\n'), 6, 'models[0].metric.name is missing'],
    [model('    metric: [f1]\n'), 6, 'or a mapping such as { name: f1, average: macro }'],
    ['version: 1\nmodels:\n  - int8: a\n    data: { inputs: x }\n', 3, 'models[0].name is missing; it must be a name'],
    ['models: []\n', 1, 'version is missing; it must be 1'],
    ['version: 1\nmodels: [', 2, 'Flow sequence'],
    ['version: 1\nversion: 1\n', 2, 'this key stands twice'],
    ['version: 1\nmodels:\n  - name: *x\n', 3, 'the alias *x has no anchor &x before it'],
    ['version: 1\nmodels:\n  - name: *x\n  - &x a\n', 3, 'the alias *x has no anchor &x before it'],
    ['version: 1\nmodels: &m\n  - *m\n', 3, 'found a value that contains itself'],
    ['version: 1\n---\nversion: 1\n', 2, 'a second document begins here'],
    [`version: 1\nmodels: ${'['.repeat(20_000)}`, 2, 'is nested too deeply'],
    [`${model()}  - name: a\n    int8: b\n    data: { inputs: x }\n`, 6, 'already that of model 1'],
  ])('is refused with file, line and remedy: %j', (text, line, words) => {
    const error = fault(text);
    expect(error.message).toContain(words);
    expect(error.message).toMatch(/^gate\.yml:\d+:\d+: /);
    expect(error.at?.file).toBe('gate.yml');
    expect(error.at?.line).toBe(line);
  });

  it('names all problems at once, in the order of the file', () => {
    const { message } = fault(model('    metric: bleu\n    thresholds: { min-sped: 1 }\n'));
    expect(message.split('\n').map((line) => line.split(':')[1])).toEqual(['6', '7']);
  });

  it('says in plain words what is wrong with a value of any wrong kind, anywhere', () => {
    const good = {
      version: 1,
      targets: ['host'],
      defaults: { thresholds: { 'min-speedup': 2 }, threads: 2 },
      models: [
        {
          ...{ name: 'a', int8: 'a.tflite', fp32: 'b.tflite', metric: 'top1' },
          data: { inputs: ['x'], labels: 'l', limit: 3, preprocess: { mean: [1, 2], scale: 2 }, window: { step: 1 } },
          thresholds: { 'max-latency': '4ms', 'max-accuracy-drop': 1 },
        },
      ],
    };
    const paths: (string | number)[][] = [];
    const collect = (value: unknown, path: (string | number)[]): void => {
      if (path.length > 0) paths.push(path);
      if (typeof value !== 'object' || value === null) return;
      for (const [key, part] of Object.entries(value)) collect(part, [...path, key]);
    };
    collect(good, []);
    const wrong = [
      [],
      {},
      '',
      'text',
      -1,
      1.5,
      true,
      null,
      [[]],
      'x'.repeat(9000),
      Array(2000).fill('x'),
      Array(40).fill(1),
    ];
    for (const path of paths) {
      for (const value of wrong) {
        const config = structuredClone(good) as Record<string, unknown>;
        const holder = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, config);
        holder[path[path.length - 1]] = value;
        try {
          parseConfig(JSON.stringify(config), 'gate.yml');
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          const { message } = error as InputError;
          expect(message).not.toMatch(/Invalid|Too (small|big)|expected|received|undefined|>=|<=/);
          for (const line of message.split('\n')) expect(line).toMatch(/^gate\.yml:\d+:\d+: |^… and/);
        }
      }
    }
  });

  it('takes no option of an input for a path', () => {
    const inputs = '{ a: { files: "x/*.png", dtype: float32, preprocess: { resize: none } }, b: [y.npy, z.npy] }';
    const [{ paths }] = parseConfig(model().replace('"*.bin"', inputs), 'gate.yml').models;
    expect(paths.map(({ path }) => path)).toEqual(['a.tflite', 'x/*.png', 'y.npy', 'z.npy', 'l.csv']);
  });

  it('lists its paths with their places', () => {
    const text =
      'version: 1\nmodels:\n  - name: a\n    int8: a.tflite\n    data:\n      inputs:\n        - x/*.bin\n        - y.npy\n';
    expect(parseConfig(text, 'c').models[0].paths).toEqual([
      { path: 'a.tflite', kind: 'model', key: 'int8', at: { file: 'c', line: 4, column: 5 } },
      { path: 'x/*.bin', kind: 'inputs', key: 'data.inputs.0', at: { file: 'c', line: 7, column: 11 } },
      { path: 'y.npy', kind: 'inputs', key: 'data.inputs.1', at: { file: 'c', line: 8, column: 11 } },
    ]);
  });

  it('says what a slip of the syntax is, and not what follows from it', () => {
    const error = fault('version: 1\nmodels:\n\t- name: a\n    int8: b\n    data: { inputs: x }\n');
    expect(error.message).toBe('gate.yml:3:1: a tab; YAML is indented with spaces');
    expect(fault('version: 1\nversion: 1\nmodels: []\nmodels: []\n').message.split('\n')).toHaveLength(2);
  });

  it('cannot be blown up by aliases', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`);
    expect(fault(`a0: &a0 [x]\n${levels.join('\n')}\n`).message).toContain('alias');
  });

  it('answers any text with a configuration or an InputError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'version: 1\nmodels-[]{}&*!|>\'"%@#,?0a') }), (text) => {
        try {
          expect(parseConfig(text, 'c').models.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('helpers', () => {
  it('suggests near words only', () => {
    expect(nearest('lables', ['inputs', 'labels'])).toBe('labels');
    expect(nearest('xyzzy', ['inputs', 'labels'])).toBeNull();
  });
});

describe('numbers that data are computed with', () => {
  const data = (options: string) => model().replace('labels: l.csv', `labels: l.csv, ${options}`);

  it.each([
    [
      'preprocess: { scale: 1e300 }',
      /preprocess\.scale must be a number that float32 holds, up to 3\.4e38; found 1e\+300/,
    ],
    ['preprocess: { mean: -1e39 }', /preprocess\.mean must be .*found -1e\+39/],
    ['preprocess: { mean: [0, 1e39, 0] }', /preprocess\.mean/],
    ['preprocess: { std: 1e39 }', /preprocess\.std must be/],
    ['quantized: { scale: 1e39, zero-point: 0 }', /quantized\.scale must be a scale that float32 holds/],
    ['quantized: { scale: 1e-60, zero-point: 0 }', /quantized\.scale must be .* above 0; found 1e-60/],
    ['quantized: { scale: 0, zero-point: 0 }', /quantized\.scale must be .* above 0; found 0/],
  ])('fit float32: %s', (options, message) => {
    expect(fault(data(options)).message).toMatch(message);
  });

  it.each(['preprocess: { scale: 1e38, mean: -3.4e38 }', 'quantized: { scale: 1.5e-45, zero-point: 0 }'])(
    'may be as large or small as it has them: %s',
    (options) => {
      expect(parseConfig(data(options), 'gate.yml').models).toHaveLength(1);
    },
  );
});
