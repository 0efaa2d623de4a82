import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './cli.ts';

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  .concat(readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)))
  .filter((name) => name.endsWith('.md'));
const linksOf = (page: string): string[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1])
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => relative(root, join(root, dirname(page), link)));

describe('the documentation', () => {
  it.each(pages)('%s links to files that are there', (page) => {
    expect(linksOf(page).filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });

  it('is reached from docs/index.md, page by page', () => {
    const reached = ['docs/index.md', 'docs/adr/index.md'].flatMap(linksOf);
    expect(
      pages.filter((page) => page.startsWith('docs/') && page !== 'docs/index.md' && !reached.includes(page)),
    ).toEqual([]);
  });
});
