import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openRepository } from '../../../src/gate/baseline/git.ts';
import { withTree } from '../../../src/gate/baseline/tree.ts';
import type { Files } from '../../../src/gate/data/files.ts';
import { TestRepository } from './repository.ts';

const inTree = async <T>(
  { folder }: TestRepository,
  commit: string,
  use: (files: Files) => T,
  below = '',
): Promise<T> =>
  withTree(await openRepository(join(folder, below)), { commit, remote: 'origin' }, async (files) => use(files));

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

/** A folder that temporary files go to for the length of a test. */
function temporary(): string {
  const [folder, before] = [mkdtempSync(join(tmpdir(), 'int8-gate-tmp-')), process.env.TMPDIR];
  process.env.TMPDIR = folder;
  onTestFinished(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

it('holds the files of the commit from where paths count, and is gone afterwards', async () => {
  const repository = TestRepository.create();
  const first = repository.commit({ 'sub/a.txt': 'one', 'b.txt': 'b' });
  repository.commit({ 'sub/a.txt': 'two', 'b.txt': null });
  repository.write({ 'sub/a.txt': 'three' });
  repository.git('add', 'sub');
  const [status, index] = [repository.git('status', '--short'), repository.git('ls-files', '--stage')];
  const parent = temporary();
  expect(
    await inTree(repository, first, (files) => [text(files.read('a.txt')), files.exists('../b.txt')], 'sub'),
  ).toEqual(['one', true]);
  const failing = inTree(repository, first, () => {
    expect(readdirSync(parent)).toHaveLength(1);
    throw new Error('on the way');
  });
  await expect(failing).rejects.toThrow('on the way');
  expect(readdirSync(parent)).toEqual([]);
  expect(repository.git('status', '--short')).toBe(status);
  expect(repository.git('ls-files', '--stage')).toBe(index);
  expect(repository.git('worktree', 'list').split('\n')).toHaveLength(1);
});

it('runs neither hooks nor filters of Git LFS', async () => {
  const repository = TestRepository.create();
  const commit = repository.commit({ '.gitattributes': '*.bin filter=lfs\n', 'a.bin': 'a' });
  const touch = (name: string) => `#!/bin/sh\necho > "${repository.folder}/${name}"\ncat\n`;
  for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction']) {
    repository.write({ [`.git/hooks/${hook}`]: touch('hook-ran') });
    chmodSync(join(repository.folder, '.git', 'hooks', hook), 0o755);
  }
  repository.write({ '.git/filter': touch('filter-ran') });
  chmodSync(join(repository.folder, '.git', 'filter'), 0o755);
  repository.git('config', 'filter.lfs.smudge', join(repository.folder, '.git', 'filter'));
  repository.git('config', 'filter.lfs.required', 'true');
  expect(await inTree(repository, commit, (files) => text(files.read('a.bin')))).toBe('a');
  for (const name of ['hook-ran', 'filter-ran']) expect(existsSync(join(repository.folder, name))).toBe(false);
});

it('is not left by links, dots or absolute paths', async () => {
  const repository = TestRepository.create();
  repository.write({ 'in.txt': 'in', 'sub/x': 'x' });
  const link = (to: string, name: string) => symlinkSync(to, join(repository.folder, name));
  link('/etc/passwd', 'out');
  link('/etc', 'folder');
  link('in.txt', 'inner');
  const commit = repository.commit();
  await inTree(repository, commit, (files) => {
    expect(text(files.read('inner'))).toBe('in');
    for (const path of ['out', 'folder/passwd', '../index', '/etc/passwd']) {
      expect(() => files.read(path)).toThrow(`${path}: leads out of the repository, and is not followed`);
      expect(() => files.digest(path)).toThrow('leads out');
      expect(files.exists(path)).toBe(false);
    }
    expect(() => files.expand('folder/passwd')).toThrow('leads out');
  });
});

it('reads files of Git LFS from its store, tells their content by the pointer, and says what is missing', async () => {
  const repository = TestRepository.create();
  const pointer = (oid: string) => `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 5\n`;
  const [here, gone] = [sha256('model'), sha256('other')];
  const commit = repository.commit({
    'here.tflite': pointer(here),
    'gone.tflite': pointer(gone),
    'bad.tflite': pointer(sha256('x')),
  });
  const place = (oid: string) => join('.git', 'lfs', 'objects', oid.slice(0, 2), oid.slice(2, 4), oid);
  repository.write({ [place(here)]: 'model', [place(sha256('x'))]: 'damaged' });
  await inTree(repository, commit, (files) => {
    expect(text(files.read('here.tflite'))).toBe('model');
    expect([files.digest('here.tflite'), files.digest('gone.tflite')]).toEqual([here, gone]);
    const remedy = `type: git lfs fetch origin ${commit}`;
    expect(() => files.read('gone.tflite')).toThrow(remedy);
    expect(() => files.read('gone.tflite')).toThrow('gone.tflite is a Git LFS pointer at');
    expect(() => files.read('bad.tflite')).toThrow(remedy);
  });
});
