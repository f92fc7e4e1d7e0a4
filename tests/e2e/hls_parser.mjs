#!/usr/bin/env node
// hls_parser.mjs [NAME]: the npm package hls-parser, in its strict mode, reads every version of every playlist.
//
// For every capture of testdata/, with a window that slides and one that does not, ended by a list and by a pause.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import HLS from 'hls-parser';
import { Checks, segment, streams, testdata } from './common.mjs';

HLS.setOptions({ strictMode: true });

const RUNS = [
  [1, 3],
  [2, 100],
  [2, 1, '--pause'],
  [2, 3, '--container', 'fmp4'],
  [2, 100, '--container', 'fmp4', '--part', '0.5', '--target-duration', '2'],
  [2, 3, '--container', 'ts', '--part', '0.5'],
];

/** Returns what is wrong with the versions of one playlist, in words; '' if nothing. */
function complaint(texts, count, paused) {
  let before = { mediaSequenceBase: 0, targetDuration: 0 };
  for (const [index, text] of texts.entries()) {
    const at = `version ${index + 1}`;
    let list;
    try {
      list = HLS.parse(text);
    } catch (error) {
      return `${at}: ${error.message}`;
    }
    const last = index === texts.length - 1;
    if (list.isMasterPlaylist) return `${at}: read as a master playlist`;
    // Parts of the segment that is being written come as a segment without a URI.
    const segments = list.segments.filter((s) => s.uri || !s.parts.length);
    if (segments.length > count) return `${at}: ${segments.length} segments for FragCount ${count}`;
    // From version 6 on the target duration is rounded to the nearest second.
    const rounded = (s) => (list.version < 6 ? s.duration : Math.round(s.duration));
    if (!segments.every((s) => s.uri && rounded(s) <= list.targetDuration)) return `${at}: a segment outgrows TARGETDURATION ${list.targetDuration}`;
    if (list.mediaSequenceBase < before.mediaSequenceBase) return `${at}: MEDIA-SEQUENCE went back`;
    if (list.targetDuration < before.targetDuration) return `${at}: TARGETDURATION shrank`;
    if (list.endlist !== (last && !paused)) return `${at}: ENDLIST is ${list.endlist}`;
    before = list;
  }
  return texts.length ? '' : 'no playlist was written';
}

const checks = new Checks();
const scratch = mkdtempSync(path.join(tmpdir(), 'hls-parser-'));
try {
  for (const name of streams(process.argv[2])) {
    for (const [duration, count, ...options] of RUNS) {
      // Five pictures a second are too few for parts of half a second: each hole is a break.
      if (name === 'long_gop.flv' && options.includes('--part')) continue;
      const place = mkdtempSync(path.join(scratch, 'run-'));
      const log = path.join(place, 'log');
      mkdirSync(log);
      const what = `${name}: FragDuration ${duration} FragCount ${count} ${options.join(' ')}`.trim();
      try {
        await segment(path.join(testdata, name), path.join(place, 'out'), '--playlist-log', log,
          '--frag-duration', `${duration}`, '--frag-count', `${count}`, ...options);
        const texts = readdirSync(log).sort().map((file) => readFileSync(path.join(log, file), 'utf8'));
        const wrong = complaint(texts, count, options.includes('--pause'));
        checks.check(!wrong, `${what}: ${texts.length} versions parse`, wrong);
      } catch (error) {
        checks.check(false, `${what}: flv2hls ends well`, error.message);
      }
    }
  }
} finally {
  rmSync(scratch, { recursive: true });
}
checks.close();
