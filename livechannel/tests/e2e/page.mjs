#!/usr/bin/env node
// page.mjs [SCREENSHOT]: headless Chromium opens the page of `livechannel --demo`, wide and on a phone.
//
// What counts: the picture moves (currentTime grows and pictures are decoded), nothing fails, the facts are there, a
// snapshot is a picture, and a channel's name cannot become markup.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const here = path.dirname(new URL(import.meta.url).pathname);
const program = process.env.LIVECHANNEL || path.resolve(here, '../../../target/debug/livechannel');
const WATCH_SECONDS = 8;

let passed = 0;
let failed = 0;
function check(good, what, detail = '') {
  good ? passed++ : failed++;
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}${good || !detail ? '' : `: ${detail}`}`);
}

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const scratch = mkdtempSync(path.join(tmpdir(), 'livechannel-page-'));
const [http, rtmp] = [await freePort(), await freePort()];
const origin = `http://127.0.0.1:${http}`;
const server = spawn(program, ['--demo', '--http', `127.0.0.1:${http}`, '--rtmp', `127.0.0.1:${rtmp}`, '--store', scratch],
  { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, LIVECHANNEL_LOG: 'warn' } });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
});

const video = () => {
  const v = document.querySelector('article[data-channel="live/demo"] video');
  return { time: v.currentTime, frames: v.getVideoPlaybackQuality().totalVideoFrames, error: v.error?.message, width: v.videoWidth };
};

try {
  for (let n = 0; n < 100; n++) {
    if (await fetch(`${origin}/-/health`).then((r) => r.ok, () => false)) break;
    await sleep(100);
  }
  const hostile = encodeURIComponent('<img src=x onerror=alert(1)>');
  const made = await fetch(`${origin}/live/${hostile}?live`, {
    method: 'PUT', body: '<LiveChannelConfiguration><Description>&lt;b&gt;bold&lt;/b&gt;</Description><Target><Type>HLS</Type></Target></LiveChannelConfiguration>',
  });
  check(made.ok, 'a channel with a name full of markup is made');

  const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  const errors = [];
  const dialogs = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (line) => line.type() === 'error' && errors.push(line.text()));
  page.on('dialog', (dialog) => { dialogs.push(dialog.message()); dialog.dismiss(); });
  await page.goto(origin);
  await page.waitForFunction(() => document.querySelector('article[data-channel="live/demo"] video')?.currentTime > 0.5, null, { timeout: 30_000 });
  const before = await page.evaluate(video);
  await sleep(WATCH_SECONDS * 1000);
  const after = await page.evaluate(video);
  const moved = after.time - before.time;
  check(moved > WATCH_SECONDS * 0.8 && moved < WATCH_SECONDS * 1.3, `currentTime grew by ${moved.toFixed(2)} s in ${WATCH_SECONDS} s`);
  check(after.frames - before.frames > WATCH_SECONDS * 25 * 0.7, `${after.frames - before.frames} pictures were decoded meanwhile`);
  check(after.width === 640 && !after.error, 'the picture is 640 pixels wide and has no error', JSON.stringify(after));
  const facts = await page.textContent('article[data-channel="live/demo"]');
  check(/H264 640×360/.test(facts) && /AAC 44100 Hz/.test(facts), 'the page says what video and audio are');
  check(/key-frame/.test(facts), 'the page says why segments ended');
  check(facts.includes(`rtmp://127.0.0.1:${rtmp}/live`), 'the page says where to publish to');
  await page.click('article[data-channel="live/demo"] details.cuts summary');
  await page.click('article[data-channel="live/demo"] details.publish summary');
  const markup = await page.$$eval('article .facts img, article .facts b', (found) => found.length);
  check(markup === 0 && dialogs.length === 0, 'names and descriptions are text', `${markup} elements, ${dialogs}`);
  check(errors.length === 0, 'nothing failed on the page', errors.join(' | '));
  if (process.argv[2]) await page.screenshot({ path: `${process.argv[2]}-wide.png`, fullPage: true });

  const channels = await (await fetch(`${origin}/-/channels.json`)).json();
  const demo = channels.channels.find((channel) => channel.name === 'demo');
  const jpeg = demo.snapshot && await fetch(origin + demo.snapshot);
  const size = jpeg && await page.evaluate(async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  }, demo.snapshot);
  check(jpeg?.headers.get('content-type') === 'image/jpeg' && size?.join() === '640,360', 'the snapshot is a picture of 640 × 360', `${demo.snapshot} ${size}`);
  await page.close();

  const phone = await browser.newPage({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await phone.goto(origin);
  await phone.waitForFunction(() => document.querySelector('video')?.currentTime > 0.2, null, { timeout: 30_000 });
  const overflow = await phone.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(overflow <= 0, 'nothing is wider than a phone', `${overflow} pixels`);
  if (process.argv[2]) await phone.screenshot({ path: `${process.argv[2]}-phone.png` });
} catch (error) {
  check(false, 'the page works', error.message);
} finally {
  await browser.close();
  server.kill('SIGTERM');
  await new Promise((resolve) => (server.exitCode === null ? server.on('exit', resolve) : resolve()));
  check(server.exitCode === 0, 'the service ends well', `${server.exitCode}`);
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
