#!/usr/bin/env node
// hevc.mjs: H.265 in MPEG-TS, as a decoder and two players see it.
//
// ffmpeg 9, which reads Enhanced RTMP, decodes the same frames from the output as from the capture. Headless Firefox,
// which decodes H.265 with the system's libavcodec, plays it to its end with hls.js and with Shaka, every picture counted.
// Chromium has no decoder here: hls.js there must say so, and not fail otherwise.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { inFirefox, posted, serve } from './browsers.mjs';
import { Checks, here, run, segment, testdata } from './common.mjs';

// Players seek over the stretch before the first picture, and may pass over a few with it.
const PICTURE_TOLERANCE = 0.02;
const CAPTURES = { open_gop: { pictures: 200, seconds: 8 }, hdr: { pictures: 240, seconds: 8.008 } };

/** The MD5 of every decoded picture. */
async function hashes(ffmpeg, ...input) {
  const { stdout } = await run(ffmpeg, ['-nostdin', '-v', 'error', ...input, '-map', '0:v', '-fps_mode', 'passthrough',
    '-f', 'framemd5', '-'], { maxBuffer: 1 << 26 });
  return stdout.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(',').pop().trim());
}

const checks = new Checks();
const ffmpeg = execFileSync(path.join(here, '.venv/bin/python'), ['-c', 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())'], { encoding: 'utf8' }).trim();
const scratch = mkdtempSync(path.join(tmpdir(), 'hevc-'));
const server = await serve(scratch);
const address = `http://127.0.0.1:${server.address().port}`;

try {
  for (const [name, want] of Object.entries(CAPTURES)) {
    const source = path.join(testdata, 'h265', `${name}.flv`);
    const out = path.join(scratch, name);
    mkdirSync(out);
    await segment(source, out, '--keep-all', '--frag-count', '100', '--frag-duration', '2');
    const whole = path.join(scratch, `${name}.ts`);
    writeFileSync(whole, Buffer.concat(readdirSync(out).filter((file) => file.endsWith('.ts')).sort()
      .map((file) => readFileSync(path.join(out, file)))));
    const [sent, got] = [await hashes(ffmpeg, '-i', source), await hashes(ffmpeg, '-i', whole)];
    const same = sent.length === want.pictures && sent.join() === got.join();
    checks.check(same, `${name}: ffmpeg decodes the same ${sent.length} pictures`, `${got.length}`);
    for (const player of ['hls.js', 'shaka']) {
      const seen = await inFirefox(`${address}/?player=${player}&source=/${name}/playlist.m3u8`, scratch);
      const what = `${name} with ${player} in Firefox`;
      checks.check(seen.end === 'ended', `${what}: plays to its end`, `${seen.end} ${seen.errors.join()}`);
      checks.check(Math.abs(seen.frames - want.pictures) <= PICTURE_TOLERANCE * want.pictures, `${what}: decodes ${seen.frames} pictures of ${want.pictures}`);
      checks.check(Math.abs(seen.duration - want.seconds) < 0.3, `${what}: is ${seen.duration} s long`);
    }
  }
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox',
    '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update'] });
  const page = await browser.newPage();
  const said = posted();
  await page.goto(`${address}/?player=hls.js&source=/open_gop/playlist.m3u8`);
  const seen = await said;
  await browser.close();
  const refused = !seen.decodes && seen.errors.some((error) => /bufferAddCodecError|bufferIncompatibleCodecsError|manifestIncompatibleCodecsError/.test(error));
  checks.check(seen.decodes ? seen.end === 'ended' : refused, `open_gop in Chromium: ${seen.decodes ? 'plays' : 'says that it has no decoder'}`,
    `${seen.end} ${seen.errors.join()}`);
} finally {
  server.close();
  server.closeAllConnections();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
checks.close();
