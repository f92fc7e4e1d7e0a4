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
    if (list.segments.length > count) return `${at}: ${list.segments.length} segments for FragCount ${count}`;
    if (!list.segments.every((s) => s.uri && s.duration <= list.targetDuration)) return `${at}: a segment outgrows TARGETDURATION ${list.targetDuration}`;
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
    for (const [duration, count, ...pause] of [[1, 3], [2, 100], [2, 1, '--pause']]) {
      const place = mkdtempSync(path.join(scratch, 'run-'));
      const log = path.join(place, 'log');
      mkdirSync(log);
      const what = `${name}: FragDuration ${duration} FragCount ${count} ${pause}`.trim();
      try {
        await segment(path.join(testdata, name), path.join(place, 'out'), '--playlist-log', log,
          '--frag-duration', `${duration}`, '--frag-count', `${count}`, ...pause);
        const texts = readdirSync(log).sort().map((file) => readFileSync(path.join(log, file), 'utf8'));
        const wrong = complaint(texts, count, pause.length > 0);
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
