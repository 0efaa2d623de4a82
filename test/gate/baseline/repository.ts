import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Git as on a machine that nobody has configured. */
const ENVIRONMENT = {
  ...process.env,
  ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
  ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.com' },
  ...{ GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.com' },
};

/** A real git repository, gone when the test ends. */
export class TestRepository {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** An empty one, on branch main. */
  static create(): TestRepository {
    const repository = new TestRepository(emptyFolder());
    repository.git('init', '--quiet', '--initial-branch=main');
    return repository;
  }

  /** A clone of this one over the protocol that a server speaks, so that it may be shallow. */
  clone(...options: string[]): TestRepository {
    const clone = new TestRepository(emptyFolder());
    clone.git('clone', '--quiet', ...options, `file://${this.folder}`, '.');
    return clone;
  }

  /** What git wrote. */
  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.folder, env: ENVIRONMENT, encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  /** Writes files; null removes one. */
  write(files: Readonly<Record<string, string | Uint8Array | null>>): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      if (content === null) rmSync(path);
      else writeFileSync(path, content);
    }
  }

  /** Commits what is there, and such files; returns the full name of the commit. */
  commit(files: Readonly<Record<string, string | Uint8Array | null>> = {}): string {
    this.write(files);
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', 'a change');
    return this.git('rev-parse', 'HEAD');
  }
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'int8-gate-repository-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
