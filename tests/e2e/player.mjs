#!/usr/bin/env node
// player.mjs [NAME]: headless Chromium plays the output to its end, with hls.js and by itself.
//
// Played are captures of testdata/ and two made here, in which a second encoder session follows the first behind a
// DISCONTINUITY: with a clock that restarts, and with one that jumps. What counts: the end is reached, without a
// fatal error, without a hole in the buffer, with every picture decoded.

import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Checks, here, run, segment, testdata } from './common.mjs';

// Fast, but not so fast that decoding falls behind; a long capture of few pictures a second can go faster.
const rate = (seconds) => (seconds > 60 ? 16 : 4);
const END_TOLERANCE = 0.3;
const HOLE_LIMIT = 0.2;
// hls.js seeks over the hole before the first picture, and where two sessions meet they may overlap by a few pictures.
const PICTURE_TOLERANCE = 0.02;

const CAPTURES = ['bframes', 'nobframes', 'audio_only', 'video_only', 'open_gop', 'intra_refresh', 'slices',
  'he_aac', 'mp3', 'fps2997', 'aud_inband', 'long_gop'];

// name, first, second, milliseconds between them or none for a clock that restarts
const SPLICES = [
  ['restart', 'bframes', 'nobframes'],
  ['jump', 'nobframes', 'aud_inband', '3600000'],
];

// What Chromium's own player gets; it is a separate demuxer.
const NATIVE = ['bframes', 'audio_only', 'restart'];

const PAGE = '<!doctype html><title>player</title><script src="/hls.js"></script><video muted playsinline></video>';

const MIME = { '.m3u8': 'application/vnd.apple.mpegurl', '.ts': 'video/mp2t' };

/** Serves the page, hls.js and the files below `folder` on a free port of 127.0.0.1. */
function serve(folder) {
  const library = readFileSync(path.join(here, 'node_modules/hls.js/dist/hls.min.js'));
  const server = createServer((request, response) => {
    const name = new URL(request.url, 'http://localhost').pathname;
    const send = (type, body) => response.writeHead(200, { 'content-type': type }).end(body);
    if (name === '/') return send('text/html', PAGE);
    if (name === '/hls.js') return send('text/javascript', library);
    try {
      return send(MIME[path.extname(name)] ?? 'application/octet-stream', readFileSync(path.join(folder, name)));
    } catch {
      return response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Runs inside the page: plays `source` and resolves to what was seen. */
async function play({ source, native, rate, limit }) {
  const video = document.querySelector('video');
  const seen = { fatal: [], errors: [] };
  const finished = new Promise((resolve) => {
    video.addEventListener('ended', () => resolve('ended'));
    video.addEventListener('error', () => resolve(`media error ${video.error.code} ${video.error.message}`));
    setTimeout(() => resolve(`not over after ${limit / 1000} s`), limit);
  });
  if (native) {
    video.src = source;
  } else {
    const hls = new Hls({ backBufferLength: Infinity, maxBufferLength: 600, maxMaxBufferLength: 600 });
    hls.on(Hls.Events.ERROR, (_, error) => (error.fatal ? seen.fatal : seen.errors).push(error.details));
    hls.loadSource(source);
    hls.attachMedia(video);
  }
  video.addEventListener('loadedmetadata', () => {
    video.playbackRate = rate;
    video.play();
  });
  seen.end = await finished;
  return {
    ...seen,
    time: video.currentTime,
    duration: video.duration,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    ranges: Array.from({ length: video.buffered.length }, (_, i) => [video.buffered.start(i), video.buffered.end(i)]),
  };
}

/** The longest stretch from 0 to the end that no buffered range covers. */
function longestHole(ranges, end) {
  let hole = 0;
  let reached = 0;
  for (const [start, stop] of [...ranges, [end, end]]) {
    hole = Math.max(hole, start - reached);
    reached = Math.max(reached, stop);
  }
  return hole;
}

/** Number of pictures and length in seconds of a capture, as ffprobe counts them. */
async function measure(capture) {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-count_packets', '-show_entries',
    'stream=codec_type,nb_read_packets:format=duration', '-of', 'json', path.join(testdata, `${capture}.flv`)]);
  const { streams, format } = JSON.parse(stdout);
  const video = streams.find((s) => s.codec_type === 'video');
  return { pictures: Number(video?.nb_read_packets ?? 0), seconds: Number(format.duration) };
}

const checks = new Checks();
const only = process.argv[2] ?? '';
const scratch = mkdtempSync(path.join(tmpdir(), 'player-'));
const server = await serve(scratch);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
});

/** Plays one output folder and tells its checks. */
async function show(name, want, native) {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const limit = (2 * want.seconds * 1000) / rate(want.seconds) + 20_000;
  const seen = await page.evaluate(play, { source: `/${name}/playlist.m3u8`, native, rate: rate(want.seconds), limit });
  await page.close();

  const what = `${name} with ${native ? "Chromium's own player" : 'hls.js'}`;
  const reached = `${seen.time?.toFixed(3)} of ${seen.duration?.toFixed(3)} s`;
  const good = seen.end === 'ended' && Math.abs(seen.duration - seen.time) <= END_TOLERANCE;
  checks.check(good, `${what}: plays to its end, ${reached}`, seen.end);
  checks.check(Math.abs(seen.duration - want.seconds) <= END_TOLERANCE, `${what}: is as long as its source`, `${seen.duration}, not ${want.seconds} s`);
  const decoded = Math.abs(seen.frames - want.pictures) <= PICTURE_TOLERANCE * want.pictures;
  checks.check(decoded, `${what}: decodes ${seen.frames} pictures of ${want.pictures}`);
  if (native) return;
  const hole = longestHole(seen.ranges, seen.duration);
  checks.check(hole <= HOLE_LIMIT, `${what}: the longest hole is ${hole.toFixed(3)} s`, JSON.stringify(seen.ranges));
  checks.check(!seen.fatal.length, `${what}: no fatal error${seen.errors.length ? ` (others: ${seen.errors})` : ''}`, seen.fatal.join());
}

try {
  const outputs = [];
  for (const capture of CAPTURES) {
    outputs.push([capture, path.join(testdata, `${capture}.flv`), await measure(capture)]);
  }
  for (const [name, first, second, ...gap] of SPLICES) {
    const source = path.join(scratch, `${name}.flv`);
    const captures = [first, second].map((c) => path.join(testdata, `${c}.flv`));
    await run('python3', [path.join(here, 'splice.py'), ...captures, source, ...gap]);
    const [a, b] = [await measure(first), await measure(second)];
    outputs.push([name, source, { pictures: a.pictures + b.pictures, seconds: a.seconds + b.seconds }]);
  }
  for (const [name, source, want] of outputs.filter(([name]) => name.includes(only))) {
    try {
      await segment(source, path.join(scratch, name), '--keep-all', '--frag-count', '100', '--frag-duration', '2');
    } catch (error) {
      checks.check(false, `${name}: flv2hls ends well`, error.message);
      continue;
    }
    if (SPLICES.some(([splice]) => splice === name)) {
      const tags = readFileSync(path.join(scratch, name, 'playlist.m3u8'), 'utf8').match(/^#EXT-X-DISCONTINUITY$/gm) ?? [];
      checks.check(tags.length === 1, `${name}: one DISCONTINUITY`, `${tags.length}`);
    }
    await show(name, want, false);
    if (NATIVE.includes(name)) await show(name, want, true);
  }
} finally {
  await browser.close();
  server.close();
  rmSync(scratch, { recursive: true });
}
checks.close();
