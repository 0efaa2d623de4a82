// A thread that simulates one machine.
import { parentPort, workerData } from 'node:worker_threads';
import { MACHINES } from './machines.mjs';
import { judgeSpeed } from './speed.mjs';

const { machine, margins, trials, seed } = workerData;
const { noise, pair } = MACHINES[machine];
parentPort.postMessage(await judgeSpeed(noise, pair, margins, trials, seed));
