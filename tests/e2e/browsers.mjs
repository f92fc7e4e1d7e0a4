// Players in a page of their own, served to a browser: the page plays by itself and posts what it saw, so that the
// browser needs no driver.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { here } from './common.mjs';

const LIMIT = 60_000;
const MIME = { '.m3u8': 'application/vnd.apple.mpegurl', '.ts': 'video/mp2t', '.mp4': 'video/mp4', '.m4s': 'video/iso.segment',
  '.js': 'text/javascript' };
const LIBRARIES = {
  '/hls.js': 'node_modules/hls.js/dist/hls.min.js',
  '/shaka.js': 'node_modules/shaka-player/dist/shaka-player.compiled.js',
};

const PAGE = `<!doctype html><title>player</title><script src="/hls.js"></script><script src="/shaka.js"></script>
<video muted autoplay playsinline></video><script type="module">
const query = new URLSearchParams(location.search);
const video = document.querySelector('video');
const errors = [];
const finished = new Promise((resolve) => {
  video.addEventListener('ended', () => resolve('ended'));
  video.addEventListener('error', () => resolve('media error ' + video.error?.message));
  setTimeout(() => resolve('not over'), ${LIMIT});
  if (query.get('player') === 'native') {
    video.src = query.get('source');
  } else if (query.get('player') === 'hls.js') {
    const hls = new Hls({ backBufferLength: Infinity, maxBufferLength: 600, maxMaxBufferLength: 600 });
    hls.on(Hls.Events.ERROR, (_, error) => {
      errors.push(error.details + ' ' + (error.error?.message ?? error.reason ?? ''));
      if (error.fatal) resolve('fatal');
    });
    hls.loadSource(query.get('source'));
    hls.attachMedia(video);
  } else {
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    player.addEventListener('error', (event) => { errors.push('shaka ' + event.detail.code); resolve('fatal'); });
    player.attach(video).then(() => player.load(query.get('source')))
      .catch((error) => { errors.push('shaka ' + error.code); resolve('fatal'); });
  }
});
video.addEventListener('loadedmetadata', () => (video.playbackRate = Number(query.get('rate') ?? 1)));
video.play().catch(() => {});
const end = await finished;
const seen = { end, errors, time: video.currentTime, duration: video.duration,
  frames: video.getVideoPlaybackQuality().totalVideoFrames, width: video.videoWidth,
  ranges: Array.from({ length: video.buffered.length }, (_, i) => [video.buffered.start(i), video.buffered.end(i)]),
  decodes: MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L60.90"') };
await fetch('/result', { method: 'POST', body: JSON.stringify(seen) });
</script>`;

let report;

/** Resolves to what the next page posts. */
export const posted = () => new Promise((resolve) => (report = resolve));

/** Serves the page, the players and the files below `folder`; what a page posts goes to `report`. */
export function serve(folder) {
  const server = createServer((request, response) => {
    const name = new URL(request.url, 'http://localhost').pathname;
    const send = (type, body) => response.writeHead(200, { 'content-type': type }).end(body);
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (data) => (body += data));
      request.on('end', () => {
        report?.(JSON.parse(body));
        send('text/plain', '');
      });
      return undefined;
    }
    if (name === '/') return send('text/html', PAGE);
    try {
      const file = LIBRARIES[name] ? path.join(here, LIBRARIES[name]) : path.join(folder, name);
      return send(MIME[path.extname(name)] ?? 'application/octet-stream', readFileSync(file));
    } catch {
      return response.writeHead(404).end();
    }
  });
  // Firefox counts a connection that is closed while it waits as a stall.
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Opens an address in a Firefox of its own, and resolves to what the page posts. */
export async function inFirefox(url, scratch) {
  const profile = mkdtempSync(path.join(scratch, 'firefox-'));
  writeFileSync(path.join(profile, 'user.js'), [
    'user_pref("media.autoplay.default", 0);',
    'user_pref("browser.shell.checkDefaultBrowser", false);',
    'user_pref("datareporting.policy.dataSubmissionEnabled", false);',
    'user_pref("app.update.enabled", false);',
  ].join('\n'));
  const env = { ...process.env, HOME: profile, MOZ_DISABLE_CONTENT_SANDBOX: '1', MOZ_DISABLE_RDD_SANDBOX: '1' };
  const browser = spawn('firefox-esr', ['--headless', '--no-remote', '--profile', profile, url], { env, stdio: 'ignore' });
  try {
    return await new Promise((resolve) => {
      report = resolve;
      setTimeout(() => resolve({ end: 'nothing posted', errors: [] }), LIMIT + 30_000);
    });
  } finally {
    browser.kill();
    await new Promise((resolve) => (browser.exitCode === null ? browser.once('exit', resolve) : resolve()));
  }
}

/** The longest stretch from 0 to the end that no buffered range covers. */
export function longestHole(ranges, end) {
  let hole = 0;
  let reached = 0;
  for (const [start, stop] of [...ranges, [end, end]]) {
    hole = Math.max(hole, start - reached);
    reached = Math.max(reached, stop);
  }
  return hole;
}
