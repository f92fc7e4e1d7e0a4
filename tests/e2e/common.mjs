// What the JavaScript end-to-end tests share: where things are, how the engine is run, how a check is told.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(here, '../..');
export const testdata = path.join(root, 'testdata');
const engine = process.env.FLV2HLS || path.join(root, 'target/release/flv2hls');

if (!existsSync(engine)) {
  console.error(`${engine} is not there: cargo build --release -p flv2hls`);
  process.exit(1);
}

/** Runs a program and resolves to what it printed; rejects when it fails. */
export const run = promisify(execFile);

/** Segments `source` into the folder `out`. */
export const segment = (source, out, ...options) => run(engine, [source, out, ...options], { timeout: 120_000 });

/** The names of the captures whose name contains `only`. */
export const streams = (only = '') =>
  readdirSync(testdata).filter((name) => name.endsWith('.flv') && name.includes(only)).sort();

/** Counts checks and prints one line for each. */
export class Checks {
  passed = 0;
  failed = 0;

  check(good, what, detail = '') {
    good ? this.passed++ : this.failed++;
    console.log(`${good ? 'ok  ' : 'FAIL'} ${what}${good || !detail ? '' : `: ${detail}`}`);
  }

  /** Prints the sum and sets the exit code: 1 if a check failed or none was made. */
  close() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed || !this.passed ? 1 : 0;
  }
}
