#!/usr/bin/env node
// fmp4_players.mjs [NAME]: players of browsers play fragmented MP4 to its end.
//
// hls.js and Shaka in headless Chromium and Firefox, and Chromium's own player. Played are captures of testdata/, two
// in which a second encoder session follows the first behind a discontinuity with another section, one whose audio is away
// for a while, and H.265 where Firefox has a decoder. What counts: the end is reached without a fatal error and without a
// hole in the buffer, with every picture decoded.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { inFirefox, longestHole, posted, serve } from './browsers.mjs';
import { Checks, here, run, segment, testdata } from './common.mjs';

const END_TOLERANCE = 0.3;
const HOLE_LIMIT = 0.2;
// Players seek over the stretch before the first picture, and where two sessions meet they may overlap by a few pictures.
const PICTURE_TOLERANCE = 0.02;
// Shaka in Firefox decodes 16 pictures less where two sessions meet, in MPEG-TS as in fMP4.
const SHAKA_AT_BREAK = 20;

const splice = (first, second, ...gap) => ({ make: [path.join(here, 'splice.py'), flv(first), flv(second)], gap, of: [first, second] });
const flv = (capture) => path.join(testdata, `${capture}.flv`);

/** Where it is played: chromium, native (Chromium's own player), firefox. */
const STREAMS = {
  bframes: { in: ['chromium', 'native', 'firefox'] },
  audio_only: { in: ['chromium', 'native'] },
  video_only: { in: ['chromium'] },
  he_aac: { in: ['chromium'] },
  open_gop: { in: ['chromium'] },
  fps2997: { in: ['chromium'] },
  // The profile, and with it the section, changes where the clock restarts; and where it jumps.
  restart: { in: ['chromium', 'native', 'firefox'], sections: 2, ...splice('bframes', 'nobframes') },
  jump: { in: ['chromium', 'native'], sections: 2, ...splice('bframes', 'nobframes', '3600000') },
  'h265/open_gop': { in: ['firefox'] },
  'h265/hdr': { in: ['firefox'] },
  'av1/opus': { in: ['chromium', 'native', 'firefox'] },
};

/** Number of pictures and length in seconds of captures together, as ffmpeg 9 and ffprobe count them. */
async function measure(captures) {
  const known = { 'h265/open_gop': [200, 8], 'h265/hdr': [240, 8.008], 'av1/opus': [200, 8] };
  let [pictures, seconds] = [0, 0];
  for (const capture of captures) {
    if (known[capture]) return { pictures: known[capture][0], seconds: known[capture][1] };
    const { stdout } = await run('ffprobe', ['-v', 'error', '-count_packets', '-show_entries',
      'stream=codec_type,nb_read_packets:format=duration', '-of', 'json', flv(capture)]);
    const { streams, format } = JSON.parse(stdout);
    pictures += Number(streams.find((s) => s.codec_type === 'video')?.nb_read_packets ?? 0);
    seconds += Number(format.duration);
  }
  return { pictures, seconds };
}

const checks = new Checks();
const scratch = mkdtempSync(path.join(tmpdir(), 'fmp4-players-'));
const server = await serve(scratch);
const address = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
});

async function inChromium(url) {
  const page = await browser.newPage();
  const said = posted();
  await page.goto(url);
  const seen = await said;
  await page.close();
  return seen;
}

/** Plays one output folder and tells its checks. */
async function show(name, want, player, where, sessions) {
  const url = `${address}/?player=${player}&rate=${where === 'firefox' ? 1 : 4}&source=/${name}/playlist.m3u8`;
  const seen = where === 'firefox' ? await inFirefox(url, scratch) : await inChromium(url);
  const what = `${name} with ${player === 'native' ? "Chromium's own player" : `${player} in ${where}`}`;
  const reached = `${seen.time?.toFixed(3)} of ${seen.duration?.toFixed(3)} s`;
  const good = seen.end === 'ended' && Math.abs(seen.duration - seen.time) <= END_TOLERANCE;
  checks.check(good, `${what}: plays to its end, ${reached}`, `${seen.end} ${seen.errors.join()}`);
  checks.check(Math.abs(seen.duration - want.seconds) <= END_TOLERANCE, `${what}: is as long as its source`, `${seen.duration}, not ${want.seconds} s`);
  const tolerance = player === 'shaka' && where === 'firefox' && sessions > 1 ? SHAKA_AT_BREAK : PICTURE_TOLERANCE * want.pictures;
  const decoded = Math.abs(seen.frames - want.pictures) <= tolerance;
  checks.check(decoded, `${what}: decodes ${seen.frames} pictures of ${want.pictures}`);
  if (player === 'native' || !seen.ranges) return;
  // Shaka and Firefox drop what was played.
  if (player !== 'hls.js' || where === 'firefox') return;
  const hole = longestHole(seen.ranges, seen.duration);
  checks.check(hole <= HOLE_LIMIT, `${what}: the longest hole is ${hole.toFixed(3)} s`, JSON.stringify(seen.ranges));
}

try {
  const only = process.argv[2] ?? '';
  for (const [stream, how] of Object.entries(STREAMS).filter(([stream]) => stream.includes(only))) {
    const name = stream.replaceAll('/', '-');
    const [out, want] = [path.join(scratch, name), await measure(how.of ?? [stream])];
    const source = how.make ? path.join(scratch, `${name}.flv`) : flv(stream);
    if (how.make) await run('python3', [...how.make, source, ...how.gap]);
    mkdirSync(out);
    await segment(source, out, '--container', 'fmp4', '--keep-all', '--frag-count', '100', '--frag-duration', '2');
    const maps = readFileSync(path.join(out, 'playlist.m3u8'), 'utf8').match(/^#EXT-X-MAP/gm) ?? [];
    checks.check(maps.length === (how.sections ?? 1), `${name}: ${how.sections ?? 1} sections`, `${maps.length}`);
    for (const where of how.in) {
      for (const player of where === 'native' ? ['native'] : ['hls.js', 'shaka']) {
        await show(name, want, player, where, how.sections ?? 1);
      }
    }
  }
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
checks.close();
