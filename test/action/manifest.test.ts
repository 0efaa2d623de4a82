import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/gate/config/load.ts';
import { root, runGate, workspace } from './gate.ts';

const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const manifest = parse(text('action.yml'));
/** The fenced YAML blocks of a page. */
const blocks = (page: string): string[] =>
  [...text(page).matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => match[1]);

describe('action.yml', () => {
  it('runs the committed bundle on node24', () => {
    expect(manifest.runs.using).toBe('node24');
    expect(existsSync(join(root, manifest.runs.main))).toBe(true);
  });

  it('has defaults that the action accepts, and outputs that it sets', async () => {
    const inputs: [string, { default: string }][] = Object.entries(manifest.inputs);
    const defaults = inputs.map(([name, input]) => [name, input.default]).filter(([name]) => name !== 'token');
    const ended = await runGate(workspace({}), { with: { ...Object.fromEntries(defaults), comment: 'never' } });
    expect(ended.log).toContain('.github/int8-gate.yml');
    expect(ended.log).not.toMatch(/::error::input /);
    expect(Object.keys(ended.outputs).sort()).toEqual(Object.keys(manifest.outputs).sort());
  });

  it('is described in docs/action.md, input by input and output by output', () => {
    const page = text('docs/action.md');
    for (const name of [...Object.keys(manifest.inputs), ...Object.keys(manifest.outputs)]) {
      expect(page).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|`, 'm'));
    }
  });
});

describe('README.md', () => {
  it('opens with a workflow and a configuration that are valid', () => {
    const [workflow, config] = blocks('README.md');
    expect(parse(workflow).jobs.gate.steps.at(-1).uses).toBe('org/tvm-int8-gate@v1');
    expect(parseConfig(config, 'README.md').models.map(({ name }) => name)).toEqual(['keyword-spotting']);
  });
});
