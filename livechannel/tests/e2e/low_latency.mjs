#!/usr/bin/env node
// low_latency.mjs [SECONDS]: glass to glass over loopback. ffmpeg publishes pictures in real time, with their time in
// white and black squares, to one node; hls.js, the page's own, plays the channel from that node and from another one, in
// Chromium. How old the pictures are that it shows is read back from the squares. With SECONDS it is held against a
// limit, and so are stalls: that is for a machine which does nothing else.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const SECONDS = Number(process.argv[2] ?? 12);
const IS_MEASURED = process.argv.length > 2;
const PART_MILLIS = 500;
// The player starts, fills its buffer and speeds up to the edge meanwhile.
const SETTLING = 6;
const LATENCY_LIMIT = 2.2;
const here = path.dirname(new URL(import.meta.url).pathname);
const program = process.env.LIVECHANNEL || path.resolve(here, '../../../target/debug/livechannel');
const library = readFileSync(path.resolve(here, '../../assets/hls.light.min.js'));

let passed = 0;
let failed = 0;
function check(good, what, detail = '') {
  good ? passed++ : failed++;
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}${good || !detail ? '' : `: ${detail}`}`);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
const freePort = async () => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** Plays for a while in the browser, and returns what it saw. */
async function play({ source, started, seconds, settling }) {
  const video = document.querySelector('video');
  const context = document.querySelector('canvas').getContext('2d', { willReadFrequently: true });
  const seen = { errors: [], parts: 0, segments: 0, stalls: 0, ages: [], fatal: false };
  let settled = false;
  video.addEventListener('waiting', () => { seen.stalls += settled; });
  // Without a rate above 1 a player that began late would stay behind the edge for ever.
  const hls = new Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5 });
  hls.on(Hls.Events.ERROR, (_, error) => {
    seen.errors.push(`${error.details} ${error.error?.message ?? error.reason ?? ''}`);
    seen.fatal ||= error.fatal;
  });
  hls.on(Hls.Events.FRAG_LOADED, (_, { part }) => { part ? seen.parts++ : seen.segments++; });
  hls.loadSource(source);
  hls.attachMedia(video);
  video.play().catch(() => {});
  // The time of the picture that is shown, in seconds; its least bit stands on the left.
  const shown = () => {
    context.drawImage(video, 0, 0, video.videoWidth, 32, 0, 0, 320, 32);
    const { data } = context.getImageData(0, 16, 320, 1);
    let value = 0;
    for (let bit = 9; bit >= 0; bit--) value = value * 2 + (data[(bit * 32 + 16) * 4] > 128 ? 1 : 0);
    return value / 20;
  };
  const until = performance.now() + (seconds + settling) * 1000;
  setTimeout(() => { settled = true; seen.parts = seen.segments = 0; }, settling * 1000);
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    // The squares come round after 51.2 s.
    if (settled && video.readyState > 2) seen.ages.push((((Date.now() - started) / 1000 - shown()) % 51.2 + 51.2) % 51.2);
  }
  seen.frames = video.getVideoPlaybackQuality().totalVideoFrames;
  seen.latency = [hls.latency, hls.targetLatency];
  hls.destroy();
  return seen;
}

/** Publishes in real time; resolves to the encoder and to when its first byte came. */
function publish(url) {
  const squares = Array.from({ length: 10 }, (_, bit) =>
    `drawbox=x=${bit * 32}:y=0:w=32:h=32:color=white:t=fill:enable='mod(floor(t*20/${2 ** bit}),2)'`);
  const filter = ['drawbox=x=0:y=0:w=320:h=32:color=black:t=fill', ...squares].join(',');
  const encoder = spawn('ffmpeg', ['-nostdin', '-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25',
    '-re', '-f', 'lavfi', '-i', 'sine=sample_rate=48000', '-vf', filter, '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency',
    '-g', '50', '-keyint_min', '50', '-sc_threshold', '0', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-flags', '+global_header',
    '-map', '0:v', '-map', '1:a', '-flush_packets', '1', '-f', 'tee', `[f=flv]${url}|[f=flv]pipe:1`],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve) => encoder.stdout.once('data', () => {
    resolve({ encoder, started: Date.now() });
    encoder.stdout.resume();
  }));
}

const scratch = mkdtempSync(path.join(tmpdir(), 'livechannel-parts-'));
const nodes = [];
for (const name of ['a', 'b']) {
  const [http, rtmp] = [await freePort(), await freePort()];
  const process_ = spawn(program, ['--node', name, '--http', `127.0.0.1:${http}`, '--rtmp', `127.0.0.1:${rtmp}`, '--peer-http', `127.0.0.1:${http}`, '--store', scratch, '--lease', '4'],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, LIVECHANNEL_LOG: 'warn' } });
  nodes.push({ process: process_, origin: `http://127.0.0.1:${http}`, rtmp });
}
const pages = createServer((asked, response) => {
  if (asked.url === '/hls.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(library);
  else response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><script src="/hls.js"></script><video muted autoplay playsinline></video><canvas width="320" height="32"></canvas>');
});
const page_ = `http://127.0.0.1:${await listen(pages)}/`;
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] });
let encoder;
try {
  const [a, b] = nodes;
  for (const { origin } of nodes) {
    for (let n = 0; n < 100 && !await fetch(`${origin}/-/health`).then((r) => r.ok, () => false); n++) await sleep(100);
  }
  const made = await fetch(`${a.origin}/live/ch?live`, {
    method: 'PUT', body: `<LiveChannelConfiguration><Target><Type>HLS</Type><FragDuration>2</FragDuration><FragCount>5</FragCount><x-Container>fMP4</x-Container><x-PartDuration>${PART_MILLIS}</x-PartDuration></Target></LiveChannelConfiguration>`,
  });
  check(made.ok, 'a channel with parts is made');
  const publishing = await publish(`rtmp://127.0.0.1:${a.rtmp}/live/ch`);
  encoder = publishing.encoder;
  await sleep(9_000);
  for (const [name, node] of [['the node that has the channel', a], ['another node', b]]) {
    const page = await browser.newPage();
    await page.goto(page_);
    const source = `${node.origin}/live/ch/playlist.m3u8`;
    const seen = await page.evaluate(play, { source, started: publishing.started, seconds: SECONDS, settling: SETTLING });
    await page.close();
    const detail = seen.errors.slice(0, 4).join('; ');
    check(!seen.fatal && seen.frames > SECONDS * 20, `${name}: hls.js plays ${seen.frames} pictures`, detail);
    check(seen.parts / (seen.parts + seen.segments) > 0.9, `${name}: it loads ${seen.parts} parts and ${seen.segments} segments`);
    check(!IS_MEASURED || seen.stalls === 0, `${name}: it stalls ${seen.stalls} times in ${SECONDS} s`, detail);
    const age = median(seen.ages);
    check(!IS_MEASURED || age <= LATENCY_LIMIT, `${name}: pictures are shown ${age?.toFixed(2)} s after they were encoded, ${Math.max(...seen.ages).toFixed(2)} s at the most`, `by its own measure ${seen.latency}`);
  }
} catch (error) {
  check(false, 'the players work', error.message);
} finally {
  encoder?.kill();
  await browser.close();
  pages.close();
  pages.closeAllConnections();
  for (const node of nodes) {
    node.process.kill('SIGTERM');
    await new Promise((resolve) => (node.process.exitCode === null ? node.process.on('exit', resolve) : resolve()));
    check(node.process.exitCode === 0, 'a node ends well', `${node.process.exitCode}`);
  }
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
