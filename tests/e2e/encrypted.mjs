#!/usr/bin/env node
// encrypted.mjs: AES-128 through the playlist's hook, as openssl and a player see it.
//
// The example `encrypted` serves a capture, its segments encrypted and the keys beside them. openssl decrypts each segment to what
// flv2hls makes without encryption, byte for byte. hls.js in headless Chromium plays it to the end, the keys loaded from the
// example; with one bit of each key turned over it plays nothing.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Checks, here, root, run, segment, testdata } from './common.mjs';

const CAPTURE = 'bframes';
const WANT = { seconds: 12, pictures: 300, segments: 6, keys: 2 };
// hls.js seeks over the stretch before the first picture.
const PICTURE_TOLERANCE = 0.02;
const LIMIT = 40_000;
const PAGE = '<!doctype html><title>encrypted</title><script src="/hls.js"></script><video muted playsinline></video>';

const example = process.env.ENCRYPTED || path.join(root, 'target/release/encrypted');

/** Serves the page, and passes everything else on to the example; `spoil` turns a bit of each key over. */
function serve(origin, spoil) {
  const library = readFileSync(path.join(here, 'node_modules/hls.js/dist/hls.min.js'));
  const server = createServer(async (request, response) => {
    const send = (type, body) => response.writeHead(200, { 'content-type': type }).end(body);
    if (request.url === '/') return send('text/html', PAGE);
    if (request.url === '/hls.js') return send('text/javascript', library);
    const answer = await fetch(origin + request.url);
    const body = Buffer.from(await answer.arrayBuffer());
    if (spoil && request.url.startsWith('/keys/')) body[15] ^= 1;
    return response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(body);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Runs inside the page: plays the list and resolves to what was seen. */
async function play(limit) {
  const video = document.querySelector('video');
  const seen = { fatal: [], errors: [], keys: 0 };
  const hls = new Hls({ maxBufferLength: 600, fragLoadPolicy: { default: { maxTimeToFirstByteMs: 5000, maxLoadTimeMs: 5000, timeoutRetry: null, errorRetry: null } } });
  const finished = new Promise((resolve) => {
    video.addEventListener('ended', () => resolve('ended'));
    video.addEventListener('error', () => resolve(`media error ${video.error.code}`));
    hls.on(Hls.Events.ERROR, (_, error) => {
      (error.fatal ? seen.fatal : seen.errors).push(error.details);
      if (error.fatal) resolve(`fatal ${error.details}`);
    });
    setTimeout(() => resolve('not over'), limit);
  });
  hls.on(Hls.Events.KEY_LOADED, () => seen.keys++);
  video.addEventListener('loadedmetadata', () => {
    video.playbackRate = 4;
    video.play();
  });
  hls.loadSource('/playlist.m3u8');
  hls.attachMedia(video);
  seen.end = await finished;
  return { ...seen, time: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames };
}

const checks = new Checks();
const scratch = mkdtempSync(path.join(tmpdir(), 'encrypted-'));
const source = path.join(testdata, `${CAPTURE}.flv`);
const host = spawn(example, [source, '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu',
  '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--autoplay-policy=no-user-gesture-required'] });
try {
  const [line] = await once(host.stdout, 'data');
  const origin = new URL('.', `${line}`.trim()).href.replace(/\/$/, '');
  const text = await (await fetch(`${origin}/playlist.m3u8`)).text();
  await segment(source, scratch, '--keep-all', '--frag-count', '100', '--frag-duration', '2');
  const plain = readFileSync(path.join(scratch, 'playlist.m3u8'), 'utf8').split('\n').filter((uri) => uri.endsWith('.ts'));

  // Reads the list as a player does: a key applies to what follows it, and its IV is the media sequence number.
  let [key, sequence, same, keys] = [null, 0, 0, 0];
  for (const tag of text.split('\n')) {
    if (tag.startsWith('#EXT-X-KEY:')) {
      const [, uri] = tag.match(/^#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)"$/);
      key = Buffer.from(await (await fetch(`${origin}/${uri}`)).arrayBuffer()).toString('hex');
      keys++;
    } else if (tag.endsWith('.ts')) {
      const file = path.join(scratch, 'one');
      const encrypted = Buffer.from(await (await fetch(`${origin}/${tag}`)).arrayBuffer());
      writeFileSync(file, encrypted);
      const iv = sequence.toString(16).padStart(32, '0');
      await run('openssl', ['enc', '-d', '-aes-128-cbc', '-K', key, '-iv', iv, '-in', file, '-out', `${file}.ts`]);
      const want = readFileSync(path.join(scratch, plain[sequence++]));
      same += readFileSync(`${file}.ts`).equals(want) && !encrypted.includes(want.subarray(188, 376));
    }
  }
  checks.check(same === WANT.segments && plain.length === same, `openssl decrypts ${same} segments to what flv2hls makes`, text);
  checks.check(keys === WANT.keys, `${keys} keys`);

  for (const spoil of [false, true]) {
    const server = await serve(origin, spoil);
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const seen = await page.evaluate(play, LIMIT);
    await page.close();
    server.close();
    server.closeAllConnections();
    if (spoil) {
      const fails = seen.end !== 'ended' && seen.frames === 0 && seen.fatal.concat(seen.errors).some((error) => /^(frag|key)(Decrypt|Parsing|Load)/.test(error));
      checks.check(fails, `with wrong keys hls.js plays nothing: ${seen.end}`, JSON.stringify(seen));
      continue;
    }
    const ends = seen.end === 'ended' && Math.abs(seen.time - WANT.seconds) < 0.3;
    checks.check(ends, `hls.js plays to the end, ${seen.time.toFixed(3)} s`, JSON.stringify(seen));
    const others = seen.errors.length ? ` (others: ${seen.errors})` : '';
    checks.check(seen.keys > 0 && !seen.fatal.length, `hls.js loads keys for ${seen.keys} segments, no fatal error${others}`, seen.fatal.join());
    const decoded = Math.abs(seen.frames - WANT.pictures) <= PICTURE_TOLERANCE * WANT.pictures;
    checks.check(decoded, `hls.js decodes ${seen.frames} pictures of ${WANT.pictures}`);
  }
} finally {
  await browser.close();
  host.kill();
  rmSync(scratch, { recursive: true });
}
checks.close();
