#!/usr/bin/env node
// renditions.mjs: two renditions of one multitrack FLV, as a player sees them that changes from one to the other.
//
// ffmpeg 9 writes two sizes of one picture, with the same key frames at uneven times, as two tracks of Enhanced RTMP. The example
// `renditions` segments them, and hls.js in headless Chromium plays its multivariant playlist to the end: the small pictures
// first, and the large ones from the middle on.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Checks, here, root, run } from './common.mjs';

const SECONDS = 24;
const KEY_FRAMES = '0,2.2,4.4,7,9.04,11.2,14,16.2,18.6,21.4';
const WIDTHS = [320, 640];
const END_TOLERANCE = 0.3;
const LIMIT = 90_000;
const PAGE = '<!doctype html><title>renditions</title><script src="/hls.js"></script><video muted playsinline></video>';

const example = process.env.RENDITIONS || path.join(root, 'target/release/examples/renditions');
const python = path.join(here, '.venv/bin/python');
const ffmpeg = execFileSync(python, ['-c', 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())'], { encoding: 'utf8' }).trim();

/** Makes an FLV of two video tracks and one of audio. */
async function encode(file) {
  const picture = `testsrc2=s=${WIDTHS[1]}x360:r=25:d=${SECONDS}`;
  const sizes = `[0:v]split[large][whole];[whole]scale=${WIDTHS[0]}:180[small]`;
  await run(ffmpeg, ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', `sine=d=${SECONDS}`,
    '-filter_complex', sizes, '-map', '[large]', '-map', '[small]', '-map', '1:a', '-c:v', 'libx264', '-preset', 'veryfast',
    '-pix_fmt', 'yuv420p', '-g', '1000', '-sc_threshold', '0',
    // For each track alone: one list for both, ffmpeg gives to the first.
    '-force_key_frames:v:0', KEY_FRAMES, '-force_key_frames:v:1', KEY_FRAMES, '-b:v:0', '900k', '-b:v:1', '250k',
    '-c:a', 'aac', '-f', 'flv', file]);
}

/** Runs inside the page: plays `source`, changes to the best level in the middle, and resolves to what was seen. */
async function play({ source, middle, limit }) {
  const video = document.querySelector('video');
  const seen = { fatal: [], errors: [], levels: [], played: [], widths: [] };
  const hls = new Hls({ startLevel: 0, maxBufferLength: 4, maxMaxBufferLength: 4, backBufferLength: Infinity });
  const finished = new Promise((resolve) => {
    video.addEventListener('ended', () => resolve('ended'));
    video.addEventListener('error', () => resolve(`media error ${video.error.code} ${video.error.message}`));
    hls.on(Hls.Events.ERROR, (_, error) => {
      (error.fatal ? seen.fatal : seen.errors).push(error.details);
      if (error.fatal) resolve(`fatal ${error.details}`);
    });
    setTimeout(() => resolve(`not over after ${limit / 1000} s`), limit);
  });
  hls.on(Hls.Events.MANIFEST_PARSED, (_, { levels }) => {
    seen.levels = levels.map(({ width }) => width);
    hls.loadLevel = 0; // and no choice by bit rate
  });
  hls.on(Hls.Events.FRAG_CHANGED, (_, { frag }) => seen.played.push({ level: frag.level, sequence: frag.sn }));
  video.addEventListener('resize', () => seen.widths.push(video.videoWidth));
  video.addEventListener('timeupdate', () => {
    if (video.currentTime >= middle && hls.loadLevel === 0) hls.nextLevel = 1;
  });
  video.addEventListener('loadedmetadata', () => {
    video.playbackRate = 2;
    video.play();
  });
  hls.loadSource(source);
  hls.attachMedia(video);
  const end = await finished;
  return { ...seen, end, time: video.currentTime, duration: video.duration };
}

/** Opens the page in Chromium, which gets the player, the page and the files below `folder` without a server. */
async function watch(folder) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--autoplay-policy=no-user-gesture-required'] });
  try {
    const page = await browser.newPage();
    await page.route('http://renditions.test/**', (route) => {
      const name = new URL(route.request().url()).pathname;
      if (name === '/') return route.fulfill({ contentType: 'text/html', body: PAGE });
      return route.fulfill({ path: name === '/hls.js' ? path.join(here, 'node_modules/hls.js/dist/hls.min.js') : path.join(folder, name) });
    });
    await page.goto('http://renditions.test/');
    return await page.evaluate(play, { source: '/master.m3u8', middle: SECONDS / 2, limit: LIMIT });
  } finally {
    await browser.close();
  }
}

/** The durations and discontinuities of a media playlist. */
const segments = (folder, track) =>
  readFileSync(path.join(folder, `video${track}/vod.m3u8`), 'utf8').match(/^#EXT(INF|-X-DISCONTINUITY\b).*$/gm) ?? [];

const checks = new Checks();
const scratch = mkdtempSync(path.join(tmpdir(), 'renditions-'));
try {
  const [file, folder] = [path.join(scratch, 'many.flv'), path.join(scratch, 'hls')];
  await encode(file);
  const { stdout, stderr } = await run(example, [file, folder]);
  checks.check(!stderr, 'the example has nothing to complain of', stderr);
  checks.check(stdout.match(/^video\d\/vod\.m3u8$/gm)?.length === 2, 'two variants are listed', stdout);

  const [large, small] = [0, 1].map((track) => segments(folder, track));
  const wanted = KEY_FRAMES.split(',').length;
  checks.check(large.length === wanted && new Set(large).size > 3, `${large.length} segments begin with the ${wanted} key frames`, large.join());
  checks.check(large.join() === small.join(), 'both renditions are cut at the same times', `${large}; ${small}`);

  const seen = await watch(folder);
  const reached = `${seen.time?.toFixed(3)} of ${seen.duration?.toFixed(3)} s`;
  const isWhole = seen.end === 'ended' && Math.abs(seen.time - SECONDS) <= END_TOLERANCE;
  checks.check(isWhole, `hls.js plays to the end: ${reached}`, seen.end);
  checks.check(!seen.fatal.length, `no fatal error${seen.errors.length ? ` (others: ${seen.errors})` : ''}`, seen.fatal.join());
  checks.check(seen.levels.join() === WIDTHS.join(), `the levels are ${seen.levels} pixels wide`);
  checks.check(seen.widths.join() === WIDTHS.join(), `the pictures shown were ${seen.widths} pixels wide`);
  const levels = seen.played.map(({ level }) => level);
  const isOneChange = levels.includes(0) && levels.includes(1) && levels.every((level, nth) => !nth || level >= levels[nth - 1]);
  checks.check(isOneChange, `the levels played were ${levels.join('')}`);
  const sequences = seen.played.map(({ sequence }) => sequence);
  checks.check(sequences.join() === large.map((_, nth) => nth).join(), 'no segment was passed over or shown twice', sequences.join());
} finally {
  rmSync(scratch, { recursive: true });
}
checks.close();
