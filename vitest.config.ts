import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    // Two workers: the suite runs compilers and an emulator, and CI machines have two cores.
    maxWorkers: 2,
    // A test that hangs ends all the same; one that compiles for minutes on a busy machine is none.
    testTimeout: 400_000,
    hookTimeout: 120_000,
  },
});
