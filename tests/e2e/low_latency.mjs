#!/usr/bin/env node
// low_latency.mjs [SECONDS [PART_MS]]: Low-Latency HLS over loopback, as two players see it.
//
// ffmpeg encodes in real time, pictures with their time in white and black squares, and examples/low_latency serves them.
// hls.js, in Chromium and in Firefox, and Shaka must play it by its parts. How old the pictures are that they show is read
// back from the squares. With SECONDS it is held against a limit, and so are stalls: that is for a machine which does
// nothing else. Plain players read the same list.

import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import HLS from 'hls-parser';
import { Checks, here, root, run } from './common.mjs';

const SECONDS = Number(process.argv[2] ?? 15);
const IS_MEASURED = process.argv.length > 2;
const PART_MILLIS = Number(process.argv[3] ?? 500);
// Players start, fill their buffers and speed up to the edge meanwhile.
const SETTLING = 6;
const LATENCY_LIMIT = PART_MILLIS >= 500 ? 2.2 : 1.5;
const SERVER = process.env.LOW_LATENCY ?? path.join(root, 'target/release/low_latency');
const LIBRARIES = {
  '/hls.js': 'node_modules/hls.js/dist/hls.min.js',
  '/shaka.js': 'node_modules/shaka-player/dist/shaka-player.compiled.js',
};

/** Plays for a while, and posts what it saw. */
const PAGE = `<!doctype html><title>player</title><script src="/hls.js"></script><script src="/shaka.js"></script>
<video muted autoplay playsinline></video><canvas width="320" height="32"></canvas><script type="module">
const query = new URLSearchParams(location.search);
const source = query.get('source'), started = Number(query.get('started'));
const video = document.querySelector('video');
const context = document.querySelector('canvas').getContext('2d', { willReadFrequently: true });
const seen = { errors: [], parts: 0, segments: 0, stalls: 0, ages: [] };
let settled = false;
video.addEventListener('waiting', () => { seen.stalls += settled; });
if (query.get('player') === 'hls.js') {
  // Without a rate above 1 a player that began late would stay behind the edge for ever.
  const hls = new Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5 });
  setInterval(() => { seen.latency = [hls.latency, hls.targetLatency, hls.maxLatency]; }, 1000);
  hls.on(Hls.Events.ERROR, (_, error) => {
    seen.errors.push(error.details + ' ' + (error.error?.message ?? error.reason ?? ''));
    seen.fatal ||= error.fatal;
  });
  hls.on(Hls.Events.FRAG_LOADED, (_, { part }) => { part ? seen.parts++ : seen.segments++; });
  hls.loadSource(source);
  hls.attachMedia(video);
} else {
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  player.configure({ streaming: { lowLatencyMode: true, liveSync: { enabled: true, targetLatency: ${3.6 * PART_MILLIS / 1000} } } });
  player.addEventListener('error', (event) => { seen.errors.push('shaka ' + event.detail.code); seen.fatal = true; });
  player.getNetworkingEngine().registerRequestFilter((type, { uris: [uri] }) => {
    if (/\\.\\d+\\.m4s/.test(uri)) seen.parts++;
    else if (/\\.m4s/.test(uri)) seen.segments++;
  });
  player.attach(video).then(() => player.load(source)).catch((error) => { seen.errors.push('shaka ' + error.code); seen.fatal = true; });
}
video.play().catch(() => {});
/** Reads the time of the picture that is shown, in seconds; its least bit stands on the left. */
function shown() {
  context.drawImage(video, 0, 0, video.videoWidth, 32, 0, 0, 320, 32);
  const { data } = context.getImageData(0, 16, 320, 1);
  let value = 0;
  for (let bit = 9; bit >= 0; bit--) value = value * 2 + (data[(bit * 32 + 16) * 4] > 128 ? 1 : 0);
  return value / 20;
}
const until = performance.now() + ${SECONDS + SETTLING} * 1000;
setTimeout(() => { settled = true; seen.parts = seen.segments = 0; }, ${SETTLING * 1000});
while (performance.now() < until) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  // The squares come round after 51.2 s.
  if (settled && video.readyState > 2) seen.ages.push((((Date.now() - started) / 1000 - shown()) % 51.2 + 51.2) % 51.2);
}
seen.time = video.currentTime;
seen.frames = video.getVideoPlaybackQuality().totalVideoFrames;
await fetch('/result', { method: 'POST', body: JSON.stringify(seen) });
</script>`;

let report;

function serve() {
  const server = createServer((asked, response) => {
    const name = new URL(asked.url, 'http://localhost').pathname;
    if (asked.method === 'POST') {
      let body = '';
      asked.on('data', (data) => (body += data));
      asked.on('end', () => {
        report?.(JSON.parse(body));
        response.end();
      });
    } else if (LIBRARIES[name]) {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(path.join(here, LIBRARIES[name])));
    } else {
      response.writeHead(name === '/' ? 200 : 404, { 'content-type': 'text/html' }).end(name === '/' ? PAGE : '');
    }
  });
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const posted = () => new Promise((resolve) => {
  report = resolve;
  setTimeout(() => resolve({ errors: ['nothing posted'], fatal: true, ages: [] }), (SECONDS + SETTLING + 30) * 1000);
});

async function inChromium(url) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] });
  try {
    const seen = posted();
    await (await browser.newPage()).goto(url);
    return await seen;
  } finally {
    await browser.close();
  }
}

async function inFirefox(url, scratch) {
  const profile = mkdtempSync(path.join(scratch, 'firefox-'));
  writeFileSync(path.join(profile, 'user.js'), 'user_pref("media.autoplay.default", 0);\nuser_pref("privacy.resistFingerprinting", false);\n');
  const env = { ...process.env, HOME: profile, MOZ_DISABLE_CONTENT_SANDBOX: '1', MOZ_DISABLE_RDD_SANDBOX: '1' };
  const seen = posted();
  const browser = spawn('firefox-esr', ['--headless', '--no-remote', '--profile', profile, url], { env, stdio: 'ignore' });
  try {
    return await seen;
  } finally {
    browser.kill();
    await new Promise((resolve) => (browser.exitCode === null ? browser.once('exit', resolve) : resolve()));
  }
}

/** Encodes in real time and posts it to the service; resolves to the encoder and when its first byte came. */
function publish(address) {
  const squares = Array.from({ length: 10 }, (_, bit) =>
    `drawbox=x=${bit * 32}:y=0:w=32:h=32:color=white:t=fill:enable='mod(floor(t*20/${2 ** bit}),2)'`);
  const filter = ['drawbox=x=0:y=0:w=320:h=32:color=black:t=fill', ...squares].join(',');
  const encoder = spawn('ffmpeg', ['-nostdin', '-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25',
    '-re', '-f', 'lavfi', '-i', 'sine=sample_rate=48000', '-vf', filter, '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency',
    '-g', '50', '-keyint_min', '50', '-sc_threshold', '0', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-flush_packets', '1', '-f', 'flv', '-'],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const post = request(`${address}/live.flv`, { method: 'POST' });
  post.on('error', () => {});
  encoder.stdout.pipe(post);
  return new Promise((resolve) => encoder.stdout.once('data', () => resolve({ encoder, started: Date.now() })));
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const checks = new Checks();
const scratch = mkdtempSync(path.join(tmpdir(), 'low-latency-'));
const port = 20_000 + (process.pid % 20_000);
const address = `http://127.0.0.1:${port}`;
const service = spawn(SERVER, [`127.0.0.1:${port}`, `${PART_MILLIS}`], { stdio: 'inherit' });
const pages = await serve();
let encoder;
try {
  await new Promise((resolve) => setTimeout(resolve, 500));
  const publishing = await publish(address);
  encoder = publishing.encoder;
  const source = `${address}/live/playlist.m3u8`;
  await new Promise((resolve) => setTimeout(resolve, 9_000));

  HLS.setOptions({ strictMode: true });
  const text = await (await fetch(source)).text();
  try {
    const list = HLS.parse(text);
    const parts = list.segments.flatMap((segment) => segment.parts);
    checks.check(parts.length > 4, `hls-parser reads the list: ${list.segments.length} segments, ${parts.length} parts`, text);
  } catch (error) {
    checks.check(false, 'hls-parser reads the list', error.message);
  }
  const { stderr } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-i', source, '-t', '3', '-f', 'null', '-'], { timeout: 60_000 });
  checks.check(!stderr.trim(), 'a player that knows no parts plays the same list', stderr.slice(0, 300));

  const url = (player) => `http://127.0.0.1:${pages.address().port}/?player=${player}&source=${encodeURIComponent(source)}&started=${publishing.started}`;
  for (const [name, play] of [
    ['hls.js in Chromium', () => inChromium(url('hls.js'))],
    ['hls.js in Firefox', () => inFirefox(url('hls.js'), scratch)],
    ['Shaka in Chromium', () => inChromium(url('shaka'))],
  ]) {
    const seen = await play();
    const share = seen.parts / (seen.parts + seen.segments);
    checks.check(!seen.fatal && seen.frames > SECONDS * 20, `${name} plays: ${seen.frames} pictures`, seen.errors.slice(0, 4).join('; '));
    checks.check(share > 0.9, `${name} loads parts: ${seen.parts}, and ${seen.segments} segments`);
    checks.check(!IS_MEASURED || seen.stalls === 0, `${name} stalls ${seen.stalls} times in ${SECONDS} s`, seen.errors.slice(0, 4).join('; '));
    const age = median(seen.ages);
    checks.check(!IS_MEASURED || age <= LATENCY_LIMIT, `${name} shows pictures ${age?.toFixed(2)} s after they were encoded, ${Math.max(...seen.ages).toFixed(2)} s at the most`, `by its own measure ${seen.latency}`);
  }
} finally {
  encoder?.kill();
  service.kill();
  pages.close();
  pages.closeAllConnections();
  rmSync(scratch, { recursive: true, maxRetries: 5 });
}
checks.close();
