#!/usr/bin/env node
// open_playlists.mjs: the npm package hls-parser, in its strict mode, reads what hosts make with the playlist writers.
//
// The tests of those writers leave their texts in a folder: keys and gaps, VOD, EVENT and sliding lists over an index, delta updates, and
// a multivariant playlist.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import HLS from 'hls-parser';
import { Checks, root, run } from './common.mjs';

HLS.setOptions({ strictMode: true });

const count = (text, tag) => text.split('\n').filter((line) => line === tag || line.startsWith(`${tag}:`)).length;
const value = (text, pattern) => Number(text.match(pattern)?.[1] ?? 0);

/**
 * Returns the text as hls-parser takes it. It follows Apple's table of versions, which asks for 8 with EXT-X-GAP, where the draft (§8) asks
 * for none; and it takes EXT-X-SERVER-CONTROL for a sign of low latency.
 */
const accepted = (text) =>
  (text.includes('#EXT-X-GAP') ? text.replace('VERSION:6', 'VERSION:8') : text).replace('CONTROL:CAN-SKIP', 'CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP');

/** Returns what hls-parser reads otherwise than it was written, in words; '' if nothing. */
function complaint(text) {
  let list;
  try {
    list = HLS.parse(text);
  } catch (error) {
    return error.message;
  }
  if (list.version !== value(text, /#EXT-X-VERSION:(\d+)/)) return `version ${list.version}`;
  if (list.isMasterPlaylist) {
    const variants = list.variants.filter((variant) => variant.uri && variant.bandwidth >= variant.averageBandwidth && variant.codecs);
    return variants.length === count(text, '#EXT-X-STREAM-INF') ? '' : `${variants.length} variants`;
  }
  const skipped = value(text, /#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)/);
  const listed = list.segments.filter((segment) => segment.uri);
  const written = {
    segments: [count(text, '#EXTINF'), listed.length],
    gaps: [count(text, '#EXT-X-GAP'), listed.filter((segment) => segment.gap).length],
    discontinuities: [count(text, '#EXT-X-DISCONTINUITY'), listed.filter((segment) => segment.discontinuity).length],
    keys: [count(text, '#EXT-X-KEY') > 0, listed.every((segment) => segment.key)],
    skipped: [skipped, list.skip],
    boundary: [value(text, /CAN-SKIP-UNTIL=([\d.]+)/), list.lowLatencyCompatibility?.canSkipUntil ?? 0],
    sequence: [value(text, /#EXT-X-MEDIA-SEQUENCE:(\d+)/), list.mediaSequenceBase],
    type: [text.match(/#EXT-X-PLAYLIST-TYPE:(.*)/)?.[1], list.playlistType],
    ended: [count(text, '#EXT-X-ENDLIST') > 0, list.endlist],
  };
  return Object.entries(written)
    .filter(([, [want, got]]) => want !== got)
    .map(([what, [want, got]]) => `${what}: ${got}, not ${want}`)
    .join(', ');
}

const checks = new Checks();
const folder = mkdtempSync(path.join(tmpdir(), 'playlists-'));
try {
  const tests = ['pl_', 'll_', 'h_17_'];
  await run('cargo', ['test', '-q', '-p', 'hls-segmenter-tests', '--test', 'engine', '--', ...tests], {
    cwd: root,
    env: { ...process.env, PLAYLISTS_FOLDER: folder },
    maxBuffer: 1 << 24,
  });
  const complaints = new Map();
  for (const file of readdirSync(folder).sort()) {
    const test = file.split('.')[0];
    const of = complaints.get(test) ?? complaints.set(test, []).get(test);
    of.push(complaint(accepted(readFileSync(path.join(folder, file), 'utf8'))));
  }
  for (const [test, of] of complaints) {
    checks.check(of.every((what) => !what), `${test}: ${of.length} texts are read as they were written`, of.find((what) => what));
  }
} finally {
  rmSync(folder, { recursive: true });
}
checks.close();
