#!/usr/bin/env node
// hevc_live.mjs: H.265 in real time, from ffmpeg 9 through the example `origin` to two players.
//
// x265 encodes an open GOP, closed GOPs, and Main 10 with the messages of HDR. ffmpeg 9 publishes each by RTMP at its own pace,
// another one takes it and posts it to the example as it came, and hls.js and Shaka in headless Firefox play the live lists from
// their first segments on. Every picture is decoded, counted by the browser.
// The segments, read as they are listed, decode to the same pictures as the source.
//
// What it takes to count them all: the first picture is shown at 0.08 s, as pictures are reordered, and hls.js seeks over a hole
// of that length and a tenth of a second more, so it is told to start there. Shaka places segments by EXT-X-PROGRAM-DATE-TIME,
// and takes pictures out where two overlap; dates follow the clock of the host, to which ffmpeg sends its first half second at
// once, so Shaka is told to place segments by their own times.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Checks, here, root, run } from './common.mjs';

const SECONDS = 14;
const RATE = 25;
const FIRST_PICTURE = 0.08;
const LIMIT = 45_000;
const COLOUR = 'colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc';
const STREAMS = {
  open_gop: ['-pix_fmt', 'yuv420p', '-x265-params', 'log-level=error:keyint=25:min-keyint=25:bframes=3:scenecut=0'],
  closed_gop: ['-pix_fmt', 'yuv420p', '-x265-params', 'log-level=error:keyint=25:min-keyint=25:bframes=3:scenecut=0:open-gop=0'],
  hdr: ['-pix_fmt', 'yuv420p10le', '-x265-params', `log-level=error:keyint=25:min-keyint=25:bframes=2:scenecut=0:open-gop=0:repeat-headers=1:hdr10=1:${COLOUR}:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400`],
};
const PLAYERS = ['hls.js', 'shaka'];
const LIBRARIES = {
  '/hls.js': 'node_modules/hls.js/dist/hls.min.js',
  '/shaka.js': 'node_modules/shaka-player/dist/shaka-player.compiled.js',
};

/** A page with a frame for each player and stream: all of them play at once. */
const FRAMES = PLAYERS.flatMap((player) => Object.keys(STREAMS).map((name) => [player, name]))
  .map(([player, name]) => `<iframe src="/play?player=${player}&name=${name}" allow="autoplay" width=240 height=160></iframe>`).join('');

/** The page of one player. It starts when there is a list, and posts what it saw. */
const PAGE = `<!doctype html><script src="/hls.js"></script><script src="/shaka.js"></script>
<video muted autoplay playsinline width=192></video><script type="module">
const query = new URLSearchParams(location.search);
const [player, name] = [query.get('player'), query.get('name')];
const source = '/' + name + '/playlist.m3u8';
const video = document.querySelector('video');
const errors = [];
while (!(await fetch(source)).ok) await new Promise((resolve) => setTimeout(resolve, 200));
const finished = new Promise((resolve) => {
  video.addEventListener('ended', () => resolve('ended'));
  video.addEventListener('error', () => resolve('media error ' + video.error?.message));
  setTimeout(() => resolve('not over'), ${LIMIT});
});
if (player === 'hls.js') {
  const hls = new Hls({ startPosition: ${FIRST_PICTURE}, liveSyncDurationCount: 30, liveMaxLatencyDurationCount: 60, maxBufferLength: 60 });
  hls.on(Hls.Events.ERROR, (_, error) => errors.push((error.fatal ? 'fatal ' : '') + error.details));
  hls.loadSource(source);
  hls.attachMedia(video);
} else {
  shaka.polyfill.installAll();
  const shown = new shaka.Player();
  shown.addEventListener('error', (event) => errors.push('fatal shaka ' + event.detail.code));
  shown.configure({ manifest: { availabilityWindowOverride: 600, hls: { ignoreManifestProgramDateTime: true } } });
  await shown.attach(video);
  await shown.load(source, -1000).catch((error) => errors.push('fatal shaka ' + error.code));
}
let began;
video.addEventListener('playing', () => { began ??= Date.now(); });
video.play().catch(() => {});
const end = await finished;
await fetch('/result', { method: 'POST', body: JSON.stringify({ player, name, end, errors, began,
  frames: video.getVideoPlaybackQuality().totalVideoFrames }) });
</script>`;

const reports = [];
const example = process.env.ORIGIN || path.join(root, 'target/release/origin');
const ffmpeg = execFileSync(path.join(here, '.venv/bin/python'), ['-c', 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())'], { encoding: 'utf8' }).trim();

/** When the publishers of channels have gone. */
const gone = new Map();
/** Segments as they were listed, by channel. */
const kept = Object.fromEntries(Object.keys(STREAMS).map((name) => [name, new Map()]));

/**
 * Serves pages and players, and passes lists and segments on. The example leaves the list of a publisher that has gone open for
 * the next one; here it ends, so that players show the pictures that their decoders hold back.
 */
function serve(origin) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const send = (type, body) => response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    if (request.method === 'POST') {
      let body = '';
      for await (const data of request) body += data;
      reports.push(JSON.parse(body));
      return send('text/plain', '');
    }
    if (pathname === '/') return send('text/html', `<!doctype html>${FRAMES}`);
    if (pathname === '/play') return send('text/html', PAGE);
    if (LIBRARIES[pathname]) return send('text/javascript', readFileSync(path.join(here, LIBRARIES[pathname])));
    const answer = await fetch(origin + pathname);
    let body = Buffer.from(await answer.arrayBuffer());
    if (answer.ok && pathname.endsWith('.m3u8') && gone.has(pathname.split('/')[1])) body = `${body}#EXT-X-ENDLIST\n`;
    return response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(body);
  });
  // Firefox counts a connection that is closed while it waits as a stall.
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Reads each segment of a channel as it is listed, until its publisher has gone. */
async function keep(origin, name) {
  for (let last = false; !last; ) {
    last = gone.has(name);
    const answer = await fetch(`${origin}/${name}/playlist.m3u8`);
    const text = answer.ok ? await answer.text() : '';
    for (const uri of text.split('\n').filter((line) => line.endsWith('.ts'))) {
      if (!kept[name].has(uri)) kept[name].set(uri, Buffer.from(await (await fetch(`${origin}/${name}/${uri}`)).arrayBuffer()));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Encodes a stream. */
const encode = (file, options) => run(ffmpeg, ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', `testsrc2=s=192x108:r=${RATE}:d=${SECONDS}`,
  '-f', 'lavfi', '-i', `sine=r=48000:d=${SECONDS}`, '-c:v', 'libx265', '-preset', 'ultrafast', ...options, '-c:a', 'aac', '-f', 'flv', file]);

/** The MD5 of every decoded picture. */
async function hashes(file) {
  const { stdout } = await run(ffmpeg, ['-nostdin', '-v', 'error', '-i', file, '-map', '0:v', '-fps_mode', 'passthrough',
    '-f', 'framemd5', '-'], { maxBuffer: 1 << 26 });
  return stdout.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(',').pop().trim());
}

/** Publishes a stream by RTMP in real time, to an ffmpeg that posts to an address what comes; returns the exit codes of both. */
async function publish(file, rtmp, address) {
  const quiet = ['-nostdin', '-v', 'error'];
  const options = { stdio: ['ignore', 'inherit', 'inherit'] };
  const copy = ['-c', 'copy', '-f', 'flv', '-flvflags', 'no_duration_filesize'];
  const taker = spawn(ffmpeg, [...quiet, '-listen', '1', '-f', 'flv', '-i', rtmp, ...copy, address], options);
  const taken = once(taker, 'exit');
  // It has to listen before it is connected to.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const pusher = spawn(ffmpeg, [...quiet, '-re', '-i', file, ...copy, rtmp], options);
  const [[pushed], [posted]] = await Promise.all([once(pusher, 'exit'), taken]);
  return [pushed, posted];
}

/** Opens an address in a Firefox of its own. */
function firefox(url, scratch) {
  writeFileSync(path.join(scratch, 'user.js'), [
    'user_pref("media.autoplay.default", 0);',
    'user_pref("browser.shell.checkDefaultBrowser", false);',
    'user_pref("datareporting.policy.dataSubmissionEnabled", false);',
    'user_pref("app.update.enabled", false);',
  ].join('\n'));
  const env = { ...process.env, HOME: scratch, MOZ_DISABLE_CONTENT_SANDBOX: '1', MOZ_DISABLE_RDD_SANDBOX: '1' };
  return spawn('firefox-esr', ['--headless', '--no-remote', '--profile', scratch, url], { env, stdio: 'ignore' });
}

const checks = new Checks();
const scratch = mkdtempSync(path.join(tmpdir(), 'hevc-live-'));
const port = 20_000 + (process.pid % 20_000);
const origin = `http://127.0.0.1:${port}`;
const host = spawn(example, [`127.0.0.1:${port}`], { stdio: ['ignore', 'inherit', 'inherit'] });
const server = await serve(origin);
const browser = firefox(`http://127.0.0.1:${server.address().port}/`, scratch);
try {
  await Promise.all(Object.entries(STREAMS).map(([name, options]) => encode(path.join(scratch, `${name}.flv`), options)));
  const began = Date.now();
  const publishers = Object.keys(STREAMS).map(async (name, nth) => {
    const rtmp = `rtmp://127.0.0.1:${port + 1 + nth}/live/${name}`;
    const codes = await publish(path.join(scratch, `${name}.flv`), rtmp, `${origin}/${name}.flv`);
    checks.check(codes.every((code) => code === 0), `${name}: ffmpeg publishes by RTMP to the end`, `exit ${codes}`);
    gone.set(name, Date.now());
  });
  await Promise.all([...publishers, ...Object.keys(STREAMS).map((name) => keep(origin, name))]);
  checks.check(Date.now() - began > (SECONDS - 1) * 1000, `the streams came in real time: ${Date.now() - began} ms`);
  const wanted = PLAYERS.length * Object.keys(STREAMS).length;
  for (const begins = Date.now(); reports.length < wanted && Date.now() - begins < LIMIT; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  for (const name of Object.keys(STREAMS)) {
    const file = path.join(scratch, `${name}.ts`);
    writeFileSync(file, Buffer.concat([...kept[name].values()]));
    const [sent, got] = [await hashes(path.join(scratch, `${name}.flv`)), await hashes(file)];
    const same = sent.length === SECONDS * RATE && sent.join() === got.join();
    checks.check(same, `${name}: ffmpeg decodes the ${sent.length} pictures that were sent from ${kept[name].size} segments`, `${got.length}`);
    for (const player of PLAYERS) {
      const seen = reports.find((report) => report.player === player && report.name === name);
      const what = `${name} with ${player}`;
      checks.check(seen?.end === 'ended' && !seen.errors.some((error) => error.startsWith('fatal')), `${what}: plays to its end`, `${seen?.end ?? 'nothing posted'} ${seen?.errors}`);
      checks.check(seen?.began < gone.get(name) - 5000, `${what}: began to play ${gone.get(name) - seen?.began} ms before the publisher had gone`);
      checks.check(seen?.frames === sent.length, `${what}: decodes ${seen?.frames} pictures of ${sent.length}`);
    }
  }
} finally {
  browser.kill();
  host.kill();
  await once(browser, 'exit');
  server.close();
  server.closeAllConnections();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
checks.close();
