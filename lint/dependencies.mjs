/**
 * Who may import whom, types included; docs/architecture.md draws it. Run by `npm run lint`.
 * A row of ORDERS lists neighbours in the order of the house: each imports only from those before it.
 */

/** Neighbours below a folder, each a pattern of paths from there. */
const ORDERS = [
  {
    name: 'wings',
    base: '^src/',
    rooms: ['model/', 'compiler/', 'runtime/', 'gate/', 'tuner/', 'report/', 'cli/', 'action/'],
    why: 'A model walks through the wings in this order: read it, compile it, run it, judge it, tell it.',
  },
  {
    name: 'model',
    base: '^src/model/',
    rooms: ['tensor/', 'arithmetic/', 'ops/', 'ir/', 'tflite/', 'interpreter/'],
    why: 'Numbers, then operators on tensors, then graphs of them, then files that hold graphs and what runs them.',
  },
  {
    name: 'ops',
    base: '^src/model/ops/',
    rooms: [
      '(attrs|definition)\\.ts$',
      'checks\\.ts$',
      'shared/',
      '(?!(attrs|definition|checks|index)\\.ts|shared/)',
      'index\\.ts$',
    ],
    why: 'A family stands by itself: what several share is below it, the table of all above it.',
  },
  {
    name: 'compiler',
    base: '^src/compiler/',
    rooms: [
      'targets/',
      'passes/',
      '(build\\.ts|emission/)',
      'lower/',
      'templates/',
      'codegen/',
      'toolchain/',
      'compile\\.ts$',
      'package\\.ts$',
    ],
    why: 'A graph becomes layers, templates write their C, codegen a whole model, and C becomes a build.',
  },
  {
    name: 'runtime',
    base: '^src/runtime/',
    rooms: ['devices/', '(timing|modelled)/', 'measure\\.ts$'],
    why: 'A device runs builds; timing and modelled cycles are two ways to measure such runs.',
  },
  {
    name: 'gate',
    base: '^src/gate/',
    rooms: [
      '(words/|sides\\.ts$)',
      'figures/',
      'metrics/',
      'thresholds/',
      'config/',
      'data/',
      'engines/',
      '(drift|baseline|references)/',
      '(remedies|slow)/',
      'verdict/',
      '(check|cases)/',
    ],
    why: 'The configuration names metrics and thresholds; engines run on data, metrics compare, the verdict judges.',
  },
];

/** Where the outside world is touched: files, processes, the machine. */
const OUTSIDE = [
  ...['compiler/toolchain/', 'runtime/devices/', 'runtime/modelled/(index|count)\\.ts', 'gate/data/files\\.ts'],
  ...['gate/engines/', 'gate/baseline/', 'action/', 'cli/', 'package_file\\.ts'],
];
/** Modules of Node that only compute, or wait. */
const PURE = 'assert|buffer|crypto|events|path|stream|string_decoder|timers/promises|url|util|zlib';

const orderRules = ORDERS.flatMap(({ name, base, rooms, why }) =>
  rooms.slice(0, -1).map((room, i) => ({
    name: `order-of-${name}`,
    comment: why,
    severity: 'error',
    from: { path: base + room },
    to: { path: rooms.slice(i + 1).map((later) => base + later) },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'A circle can only be read, moved and tested as a whole.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...orderRules,
    {
      name: 'nothing-below-errors',
      comment: 'What every wing uses depends on none.',
      severity: 'error',
      from: { path: '^src/[a-z_]+\\.ts$' },
      to: { path: '^src/[a-z_]+/' },
    },
    {
      name: 'outside-world',
      comment: 'All but a few rooms are pure functions on data: they take what is outside as arguments.',
      severity: 'error',
      from: { path: '^src/', pathNot: OUTSIDE.map((room) => `^src/${room}`) },
      to: { dependencyTypes: ['core'], pathNot: `^(node:)?(${PURE})$` },
    },
    {
      name: 'github-in-action',
      comment: 'Only action/ knows GitHub.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/action/' },
      to: { path: 'node_modules/@(actions|octokit)/' },
    },
    {
      name: 'commands-in-cli',
      comment: 'Only cli/ reads command lines.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: 'node_modules/commander/' },
    },
    {
      name: 'declared-packages',
      comment:
        'The bundle holds what package.json lists as dependencies, nothing that another package happens to bring.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
    {
      name: 'no-dead-modules',
      comment: 'What neither entry reaches is dead, apart from the ways back that round trips in tests take.',
      severity: 'error',
      from: { path: '^src/(action|cli)/index\\.ts$' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/(action|cli)/index\\.ts$',
          '^src/model/(tflite/writer|ir/(parse|lexer))\\.ts$',
          // The list of tuning tasks, which benches and tests take.
          '^src/compiler/templates/(index|tasks)\\.ts$',
          '\\.d\\.ts$',
        ],
        reachable: false,
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
  },
};
