import type { Command } from 'commander';
import { writeCode } from '../../compiler/compile.ts';
import { parseTarget } from '../../compiler/targets/index.ts';
import { InputError } from '../../errors.ts';
import type { Model } from '../../model/ir/graph.ts';
import { macsOf, nodeMacs } from '../../model/ir/macs.ts';
import { printable, quoteName } from '../../model/ir/names.ts';
import { printModel } from '../../model/ir/print.ts';
import { schemeOf, schemesOf } from '../../model/ir/scheme.ts';
import type { Quantization } from '../../model/tensor/quantization.ts';
import { showShape } from '../../model/tensor/shape.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import { listProblems, type OperatorEntry, type Reading, readModel } from '../../model/tflite/importer.ts';
import { columnsOf } from '../../report/terminal.ts';
import { readModelFile } from '../input_file.ts';

export function register(program: Command): void {
  program
    .command('inspect')
    .argument('<model>', 'a .tflite file')
    .description('operators, quantization, multiply-accumulates, and what is unsupported and why')
    .option('--json', 'print the description as JSON')
    .option('--ir', 'print the imported graph as text')
    .action(run);
}

/** The description is printed even where the file is at fault, which the exit status then says. */
function run(path: string, options: InspectOptions): void {
  const { text, fault } = inspect(path, { ...options, columns: columnsOf(process.stdout, process.env) });
  process.stdout.write(text);
  if (fault !== null) throw fault;
}

interface InspectOptions {
  readonly json?: boolean;
  readonly ir?: boolean;
  /** Characters of a line; columns of the table that do not fit are left out. */
  readonly columns?: number;
}

/** What `inspect` prints, and what is wrong with the file. */
export interface Inspection {
  readonly text: string;
  readonly fault: InputError | null;
}

/**
 * Describes the file at `path`. Throws InputError where it is no readable model. Operators that are not supported are
 * no fault of the file but part of the description, except that there is no graph to print then.
 */
export function inspect(path: string, options: InspectOptions): Inspection {
  const bytes = readModelFile(path);
  const reading = readModel(bytes, path);
  const refused = new InputError(listProblems(path, reading.problems));
  if (options.ir) {
    if (reading.model === null) throw refused;
    return { text: printable(printModel(reading.model)), fault: null };
  }
  const description = describe(reading, path, bytes.length);
  const text = options.json
    ? `${JSON.stringify(description, null, 2)}\n`
    : show(description, reading.malformed, options.columns);
  return { text: printable(text), fault: reading.malformed ? refused : null };
}

interface PortInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly signature?: readonly number[];
  readonly quantization: Quantization | null;
}
interface OperatorInfo extends OperatorEntry {
  /** `supported`; `unsupported`: the project does not know the operator; `faulty`: it is not sound. */
  readonly status: 'supported' | 'unsupported' | 'faulty';
  /** Why it is not supported or not sound. */
  readonly reason: string | null;
  readonly scheme: string | null;
  readonly macs: number | null;
}
interface Description {
  readonly schema: 'int8-gate/inspect@1';
  readonly file: string;
  readonly bytes: number;
  readonly supported: boolean;
  readonly description: string;
  readonly schemes: readonly string[];
  readonly macs: number | null;
  readonly constantBytes: number | null;
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  /** Entries of the model by name, with the names of their inputs and outputs. */
  readonly signatures: readonly {
    readonly key: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }[];
  readonly operators: readonly OperatorInfo[];
  readonly problems: readonly string[];
  /** Why no build can be made although all operators are supported; null where one can, or the model cannot be read. */
  readonly buildProblem: string | null;
}

/** What stands in the way of a build, in the words of `build`; a build for one CPU can be made for all. */
function buildProblemOf(model: Model): string | null {
  try {
    writeCode(model, { target: parseTarget('aarch64'), name: model.name, symbol: 'model' });
    return null;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

function describe(reading: Reading, file: string, bytes: number): Description {
  const { model } = reading;
  const main = model?.subgraphs[0];
  const nodes = model?.subgraphs.map((graph) => new Map(graph.nodes.map((node) => [node.source, node])));
  const operators = reading.operators.map((entry): OperatorInfo => {
    const graph = model?.subgraphs[entry.subgraph];
    const node = nodes?.[entry.subgraph].get(entry.index);
    const judged = { ...entry, status: statusOf(entry), reason: entry.problems.join('; ') || null };
    return graph === undefined || node === undefined
      ? { ...judged, scheme: null, macs: null }
      : { ...judged, scheme: schemeOf(graph, node), macs: nodeMacs(graph, node) };
  });
  const ports = (ids: readonly number[] = []): PortInfo[] => ids.map((id) => port(main!.tensors[id]));
  const constants = model?.subgraphs.flatMap((g) => g.tensors.map((t) => t.data?.byteLength ?? 0));
  return {
    schema: 'int8-gate/inspect@1',
    file,
    bytes,
    supported: model !== null,
    description: model?.description ?? '',
    schemes: main === undefined ? [] : schemesOf(main),
    macs: main === undefined ? null : macsOf(main),
    constantBytes: constants?.reduce((sum, n) => sum + n, 0) ?? null,
    inputs: ports(main?.inputs),
    outputs: ports(main?.outputs),
    signatures: (model?.signatures ?? []).map(({ key, inputs, outputs }) => ({
      key,
      inputs: inputs.map((p) => p.name),
      outputs: outputs.map((p) => p.name),
    })),
    operators,
    problems: reading.problems,
    buildProblem: model === null ? null : buildProblemOf(model),
  };
}

const statusOf = ({ problems, unsupported }: OperatorEntry): OperatorInfo['status'] =>
  problems.length === 0 ? 'supported' : unsupported ? 'unsupported' : 'faulty';

const port = (t: Tensor): PortInfo => ({
  name: t.name,
  dtype: t.dtype,
  shape: t.shape,
  ...(t.signature && { signature: t.signature }),
  quantization: t.quantization,
});

const thousands = (n: number): string => n.toLocaleString('en-US');
const short = (x: number): string => String(Number(x.toPrecision(7)));

function showPort(p: PortInfo): string {
  const q = p.quantization;
  const scale = q === null ? '' : `, scale ${short(q.scales[0])}, zero point ${q.zeroPoints[0]}`;
  const dynamic = p.signature === undefined ? '' : `, signature ${showShape(p.signature)}`;
  return `${quoteName(p.name)} ${p.dtype} ${showShape(p.shape)}${dynamic}${scale}`;
}

function show(d: Description, malformed: boolean, columns = Number.POSITIVE_INFINITY): string {
  const lines = [`${d.file}: ${thousands(d.bytes)} bytes`];
  if (d.supported) {
    lines.push(`  computes     ${d.schemes.join('; ')}`);
    lines.push(
      `  work         ${thousands(d.macs ?? 0)} multiply-accumulates, ${thousands(d.constantBytes ?? 0)} bytes of constants`,
    );
    lines.push(...d.inputs.map((p) => `  input        ${showPort(p)}`));
    lines.push(...d.outputs.map((p) => `  output       ${showPort(p)}`));
    if (d.signatures.length > 1)
      lines.push(`  signatures   ${d.signatures.map((s) => JSON.stringify(s.key)).join(', ')} (--signature)`);
  }
  lines.push(`  operators    ${summary(d.operators)}`, '', ...table(d.operators, columns));
  if (d.buildProblem !== null)
    lines.push('', `NO BUILD (the interpreter runs it: verify --engine interpreter): ${d.buildProblem}`);
  if (d.problems.length > 0 && !malformed) lines.push('', `NOT SUPPORTED: ${listProblems(d.file, d.problems)}`);
  return `${lines.join('\n')}\n`;
}

/** `CONV_2D 14, SOFTMAX 1`, the most frequent first. */
function summary(operators: readonly OperatorInfo[]): string {
  const counts = new Map<string, number>();
  for (const { name } of operators) counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return `${operators.length}: ${sorted.map(([name, n]) => `${name} ${n}`).join(', ')}`;
}

/** The first to go where a line is short: result, computes, kind. What is not supported stays. */
const SPARE = [5, 3, 2];

function table(operators: readonly OperatorInfo[], columns: number): string[] {
  const rows = operators.map((op) => [
    op.subgraph === 0 ? `#${op.index}` : `${op.subgraph}#${op.index}`,
    op.name,
    op.status === 'supported' ? op.kind! : op.status === 'faulty' ? 'FAULTY' : 'NOT SUPPORTED',
    op.scheme ?? '',
    op.macs ? thousands(op.macs) : '',
    op.outputs[0] ?? '',
  ]);
  const all = [['', 'operator', 'kind', 'computes', 'MACs', 'result'], ...rows];
  const widths = all[0].map((_, c) => Math.max(...all.map((row) => row[c].length)));
  const spare = operators.every((op) => op.status === 'supported') ? SPARE : SPARE.slice(0, 2);
  let kept = all[0].map((_, c) => c);
  for (const column of spare) {
    if (kept.reduce((sum, c) => sum + 2 + widths[c], 0) <= columns) break;
    kept = kept.filter((c) => c !== column);
  }
  return all.map((row) =>
    `  ${kept.map((c) => (c === 4 ? row[c].padStart(widths[c]) : row[c].padEnd(widths[c]))).join('  ')}`.trimEnd(),
  );
}
