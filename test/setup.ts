/** Property tests draw the same cases in every run, so that a red check is due to a change; `SEED=7 npm test` draws others. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.SEED ?? 20261128) });
