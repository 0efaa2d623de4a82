import type { Command } from 'commander';
import { compileModel } from '../../compiler/compile.ts';
import { cIdentifier } from '../../compiler/emission/c.ts';
import { packageModel } from '../../compiler/package.ts';
import { TARGET_HELP } from '../../compiler/targets/index.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { modelName } from '../../model/tflite/importer.ts';
import { resolveTarget } from '../../runtime/devices/machine.ts';
import { bindArguments, bindOption, loadModel, profileOption, signatureOption, threadsOption } from '../entry.ts';
import { readModelFile } from '../input_file.ts';
import { writeFiles } from '../write_files.ts';

interface Options {
  readonly target: string;
  readonly output: string;
  readonly profile: Profile;
  readonly threads: number;
  readonly signature?: string;
  readonly bind: readonly string[];
}

export function register(program: Command): void {
  program
    .command('build')
    .argument('<model>', 'a .tflite file')
    .description('compile a model to MODEL.so, MODEL.a, MODEL.h and manifest.json')
    .requiredOption('--target <target>', `what to build for: ${TARGET_HELP}`)
    .requiredOption('-o, --output <folder>', 'where the files go')
    .addOption(profileOption())
    .addOption(threadsOption())
    .addOption(signatureOption())
    .addOption(bindOption())
    .action(build);
}

async function build(path: string, options: Options): Promise<void> {
  const target = resolveTarget(options.target);
  const bytes = readModelFile(path);
  const name = modelName(path);
  const model = bindArguments(loadModel(path, options.signature), options.bind);
  const { profile, threads } = options;
  const compiled = await compileModel(model, { target, name, symbol: cIdentifier(name), profile, threads });
  const files = await packageModel(compiled, { model: bytes });
  await writeFiles(options.output, files);
  process.stdout.write(`${options.output}: ${files.map(([file]) => file).join(', ')}\n`);
}
