import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  cached,
  cacheLimit,
  cacheRoot,
  contentKey,
  listEntries,
  ownPrefix,
  runTool,
  trimCache,
} from '../../../src/compiler/toolchain/index.ts';
import { EnvironmentError, InputError } from '../../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'int8-gate-cache-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const make = (text: string) => async (cwd: string) => writeFileSync(join(cwd, 'file'), text);
/** What stands in a cache besides the mark of the process that uses it. */
const shelves = (root: string) => readdirSync(root).filter((name) => !name.startsWith('use-'));
const failure = async (run: Promise<unknown>): Promise<Error> =>
  run.then(
    () => expect.fail('did not fail'),
    (error) => error,
  );

describe('the cache', () => {
  test('makes a folder once', async () => {
    const root = join(folder, 'once');
    const place = await cached(root, contentKey(['a']), make('first'));
    expect(await cached(root, contentKey(['a']), make('second'))).toBe(place);
    expect(readFileSync(join(place, 'file'), 'utf8')).toBe('first');
  });

  test('has one winner when several make the same at once, and leaves nothing behind', async () => {
    const root = join(folder, 'race');
    const key = contentKey(['b']);
    const places = await Promise.all(Array.from({ length: 8 }, (_, i) => cached(root, key, make(`maker ${i}`))));
    expect(new Set(places).size).toBe(1);
    expect(shelves(root)).toEqual([key.slice(0, 2)]);
  });

  test('keeps nothing of what failed', async () => {
    const root = join(folder, 'failed');
    const failing = async (cwd: string) => {
      await make('half')(cwd);
      throw new EnvironmentError('no compiler');
    };
    await expect(cached(root, contentKey(['c']), failing)).rejects.toThrow('no compiler');
    expect(shelves(root).map((shelf) => readdirSync(join(root, shelf)))).toEqual([[]]);
  });

  test('keys tell apart where one part ends', () => {
    expect(contentKey(['ab', 'c'])).not.toBe(contentKey(['a', 'bc']));
    expect(contentKey([Uint8Array.of(97)])).toBe(contentKey(['a']));
  });
});

describe('an entry that was damaged is made again', () => {
  const key = contentKey(['damage']);
  const whole = createHash('sha256').update('content').digest('hex');
  const fill = async (cwd: string) => {
    writeFileSync(join(cwd, 'a.txt'), 'content');
    writeFileSync(join(cwd, 'b.txt'), 'content');
  };
  const noise = (file: string) => writeFileSync(file, Buffer.from('\u0000\u00ff{"noise"').subarray(0, 7));
  const damages: [string, (place: string) => void][] = [
    ...['a.txt', 'b.txt', 'entry.json'].flatMap((name): [string, (place: string) => void][] => [
      [`${name} emptied`, (place) => truncateSync(join(place, name), 0)],
      [`${name} cut in half`, (place) => truncateSync(join(place, name), 3)],
      [`${name} full of noise`, (place) => noise(join(place, name))],
      [`${name} gone`, (place) => rmSync(join(place, name))],
    ]),
    ['a file too many', (place) => writeFileSync(join(place, 'c.txt'), '')],
    ['a manifest that is no mapping', (place) => writeFileSync(join(place, 'entry.json'), '[1]')],
    ['the manifest of another key', (place) => writeFileSync(join(place, 'entry.json'), '{"key":"0","files":{}}')],
    [
      'a file in place of the folder',
      (place) => {
        rmSync(place, { recursive: true });
        writeFileSync(place, 'x');
      },
    ],
    [
      'an empty folder',
      (place) => {
        rmSync(place, { recursive: true });
        mkdirSync(place);
      },
    ],
  ];

  test.each(damages)('%s', async (_, damage) => {
    const root = mkdtempSync(join(folder, 'damaged-'));
    damage(await cached(root, key, fill));
    let made = 0;
    const again = (cwd: string) => {
      made++;
      return fill(cwd);
    };
    const places = [await cached(root, key, again), await cached(root, key, again)];
    expect(made).toBe(1);
    for (const name of ['a.txt', 'b.txt'])
      expect(
        createHash('sha256')
          .update(readFileSync(join(places[1], name)))
          .digest('hex'),
      ).toBe(whole);
    expect(shelves(root)).toEqual([key.slice(0, 2)]);
    expect(readdirSync(join(root, key.slice(0, 2)))).toHaveLength(1);
  });
});

describe('a cache folder that cannot be written', () => {
  test('is the environment’s fault, with its name and the variable', async () => {
    writeFileSync(join(folder, 'file'), '');
    const error = await failure(cached(join(folder, 'file'), contentKey(['d']), make('')));
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error.message).toMatch(/cache folder .*file: .*INT8_GATE_CACHE.*int8-gate cache clear/);
  });

  test('because the disk is full says so, whoever notices', async () => {
    const root = join(folder, 'full');
    // The limit on a file's size is the shortage that needs neither root nor a disk of its own.
    const byTool = (cwd: string) =>
      runTool('sh', ['-c', 'ulimit -f 1; trap "" XFSZ; head -c 100000 /dev/zero > f'], { cwd }).then(() => {});
    const byUs = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    };
    for (const [how, words] of [
      [byTool, 'file too large'],
      [byUs, 'no space left on device'],
    ] as const) {
      const error = await failure(cached(root, contentKey([words]), how));
      expect(error).toBeInstanceOf(EnvironmentError);
      expect(error.message.toLowerCase()).toContain(
        `cannot write to the cache folder ${root}: ${words}.`.toLowerCase(),
      );
    }
    expect(listEntries(root)).toEqual([]);
  });

  test('is still read', async () => {
    const root = join(folder, 'read-only');
    const place = await cached(root, contentKey(['e']), make('kept'));
    chmodSync(root, 0o555);
    onTestFinished(() => chmodSync(root, 0o755));
    expect(await cached(root, contentKey(['e']), make('other'))).toBe(place);
  });

  test.each([
    [{ INT8_GATE_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/a'],
    [{ XDG_CACHE_HOME: '/b', HOME: '/c' }, '/b/int8-gate'],
    [{ XDG_CACHE_HOME: 'relative', HOME: '/c' }, '/c/.cache/int8-gate'],
    [{ HOME: '/c' }, '/c/.cache/int8-gate'],
    [{ HOME: '' }, null],
    [{ HOME: 'relative' }, null],
  ])('the variables %j choose %s', (variables, expected) => {
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    for (const [name, value] of Object.entries({ INT8_GATE_CACHE: '', XDG_CACHE_HOME: '', ...variables }))
      vi.stubEnv(name, value);
    if (expected === null) expect(cacheRoot).toThrow(/HOME.*INT8_GATE_CACHE/);
    else expect(cacheRoot()).toBe(expected);
  });
});

describe('the limit', () => {
  test.each([
    ['', 2e9],
    ['1000', 1000],
    ['500MB', 5e8],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['0', 0],
  ])('"%s" is %d bytes', (text, bytes) => expect(cacheLimit(text)).toBe(bytes));

  test.each(['many', '-1', '5 apples', '1e400', 'GB'])('"%s" is no size', (text) =>
    expect(() => cacheLimit(text)).toThrow(InputError),
  );

  /** A cache of four entries of 1000 bytes and more, as earlier processes left it; entry 0 was used last, 3 first. */
  const filled = async (name: string) => {
    const root = join(folder, name);
    const places: string[] = [];
    for (let i = 0; i < 4; i++) {
      const place = await cached(root, contentKey([String(i)]), make('x'.repeat(1000)));
      const then = new Date(Date.now() - (i + 1) * 3600_000);
      utimesSync(join(place, 'entry.json'), then, then);
      places.push(place);
    }
    return { root, places, here: () => places.map((place) => existsSync(place)) };
  };

  test('drops what was not used for the longest time', async () => {
    const { root, here } = await filled('lru');
    const size = listEntries(root)[0].bytes;
    expect(trimCache(root, 5 * size).removed).toEqual([]);
    expect(trimCache(root, 2 * size).removed).toHaveLength(2);
    expect(here()).toEqual([true, true, false, false]);
    expect(listEntries(root).reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(2 * size);
    expect(trimCache(root, 0).kept).toEqual([]);
  });

  test('counts a hit as a use', async () => {
    const { root, places, here } = await filled('hit');
    await cached(root, contentKey(['3']), make('other'));
    trimCache(root, listEntries(root)[0].bytes);
    expect(here()).toEqual([false, false, false, true]);
    expect(readFileSync(join(places[3], 'file'), 'utf8')).toBe('x'.repeat(1000));
  });

  test('spares what running processes use, this one too', async () => {
    const { root, here } = await filled('used');
    await cached(root, contentKey(['2']), make('other'));
    trimCache(root, 0);
    expect(here()).toEqual([false, false, true, false]);
  });

  test('removes what killed processes left, and nothing else', async () => {
    const root = join(folder, 'strangers');
    mkdirSync(join(root, 'work-00000000-1-old'), { recursive: true });
    mkdirSync(join(root, 'ab', 'my-photos'), { recursive: true });
    writeFileSync(join(root, 'work-plan.txt.d'), '');
    mkdirSync(join(root, ownPrefix('work')));
    const old = new Date(Date.now() - 48 * 3600_000);
    utimesSync(join(root, 'work-00000000-1-old'), old, old);
    await cached(root, contentKey(['0']), make(''));
    expect(existsSync(join(root, 'work-00000000-1-old'))).toBe(false);
    expect(existsSync(join(root, ownPrefix('work')))).toBe(true); // this process still runs
    trimCache(root, 0);
    expect(existsSync(join(root, 'ab', 'my-photos'))).toBe(true);
    expect(existsSync(join(root, 'work-plan.txt.d'))).toBe(true);
  });
});
