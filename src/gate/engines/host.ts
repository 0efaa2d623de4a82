import { cpus } from 'node:os';

/** The machine that a check runs on, as the report names it. */
export const thisHost = () => ({
  os: process.platform,
  arch: process.arch,
  node: process.version,
  cpu: cpus()[0]?.model.trim() ?? null,
});
