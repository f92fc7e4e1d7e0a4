#!/usr/bin/env node
// ali_oss.mjs [STORE]: the official JavaScript SDK, unmodified, makes every live-channel call it has, and ffmpeg
// publishes to the address it signs. STORE is a folder of its own by default.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import OSS from 'ali-oss';

const here = path.dirname(new URL(import.meta.url).pathname);
const program = process.env.LIVECHANNEL || path.resolve(here, '../../../target/debug/livechannel');
const run = promisify(execFile);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let passed = 0;
let failed = 0;
function check(good, what, detail = '') {
  good ? passed++ : failed++;
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}${good || !detail ? '' : `: ${detail}`}`);
}
const equal = (got, want, what) => check(isDeepStrictEqual(got, want), what, `${JSON.stringify(got)}, not ${JSON.stringify(want)}`);

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Resolves to name, code and EC of a call that has to fail. */
async function errorOf(call) {
  try {
    await call;
    return null;
  } catch (error) {
    return [error.status, error.name, error.code, error.ecCode ?? null];
  }
}

const CONF = {
  Description: 'this is channel 1',
  Status: 'enabled',
  Target: { Type: 'HLS', FragDuration: '10', FragCount: '5', PlaylistName: 'playlist.m3u8' },
};

async function everyCall(client, version) {
  const id = `js live channel ${version}`;
  const made = await client.putChannel(id, CONF);
  check(made.publishUrls.length > 0 && made.playUrls.length > 0, `${version}: put gives addresses`);
  equal((await client.getChannel(id)).data, CONF, `${version}: O-17 get gives back what was put`);
  equal((await client.getChannelStatus(id)).data.Status, 'Idle', `${version}: O-18 status`);
  await client.putChannelStatus(id, 'disabled');
  equal((await client.getChannelStatus(id)).data, { Status: 'Disabled' }, `${version}: O-15 disabled, and nothing else is said`);
  await client.putChannelStatus(id, 'enabled');
  equal((await client.getChannelHistory(id)).records, [], `${version}: O-22 no history`);
  const listed = await client.listChannels({ prefix: 'js live', 'max-keys': 10 });
  equal(listed.channels.map((channel) => channel.Name), [id], `${version}: list`);
  equal([listed.nextMarker, listed.isTruncated], [null, false], `${version}: O-23 the list is whole`);
  equal((await client.deleteChannel(id)).res.status, 204, `${version}: O-24 delete`);
  equal(await errorOf(client.getChannel(id)), [404, 'NoSuchLiveChannelError', 'NoSuchLiveChannel', null], `${version}: O-42 get after delete`);
}

async function publishing(client) {
  const id = 'js-live';
  await client.putChannel(id, { ...CONF, Target: { ...CONF.Target, FragDuration: '1', FragCount: '3' } });
  const startTime = Math.floor(Date.now() / 1000);
  const url = client.getRtmpUrl(id, { expires: 600, params: { playlistName: 'playlist.m3u8' } });
  const encoder = run('ffmpeg', ['-v', 'error', '-nostdin', '-re', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25', '-t', '5', '-c:v', 'libx264',
    '-preset', 'ultrafast', '-g', '25', '-flvflags', 'no_duration_filesize', '-f', 'flv', url]);
  let data = {};
  for (let n = 0; n < 60 && !data.Video; n++) {
    await sleep(100);
    ({ data } = await client.getChannelStatus(id));
  }
  equal([data.Status, data.Video?.Width, data.Video?.Height, data.Video?.FrameRate, data.Video?.Codec], ['Live', '320', '180', '25', 'H264'], 'O-20 the channel is live under the address that the SDK signed');
  equal(await errorOf(client.deleteChannel(id)), [409, 'ChannelStillLiveError', 'ChannelStillLive', null], 'O-24 a live channel is not deleted');
  await encoder;
  for (let n = 0; n < 60 && data.Status !== 'Idle'; n++) {
    await sleep(100);
    ({ data } = await client.getChannelStatus(id));
  }
  equal((await client.getChannelHistory(id)).records.length, 1, 'O-22 the publication is history');
  const endTime = Math.floor(Date.now() / 1000) + 1;
  equal((await client.createVod(id, 'vod.m3u8', { startTime, endTime })).res.status, 200, 'O-27 a VOD playlist is made');
  const vod = (await client.get(`${id}/vod.m3u8`)).content.toString();
  check(vod.endsWith('#EXT-X-ENDLIST\n') && vod.match(/^\d{13}_\d+\.ts$/gm).length >= 4, 'O-27 and can be got', vod);
  const segment = await client.get(`${id}/${vod.match(/^\d{13}_\d+\.ts$/m)[0]}`);
  check(segment.content.length % 188 === 0 && segment.content[0] === 0x47, 'and so can its segments');
  equal((await errorOf(client.createVod(id, 'vod.m3u8', { startTime: endTime, endTime: startTime })))?.slice(2), ['InvalidArgument', '0044-00000306'], 'O-28 an end before its start');
  await client.deleteChannel(id);
}

const scratch = mkdtempSync(path.join(tmpdir(), 'livechannel-ali-'));
const [http, rtmp] = [await freePort(), await freePort()];
const server = spawn(program, ['--http', `127.0.0.1:${http}`, '--rtmp', `127.0.0.1:${rtmp}`, '--store', process.argv[2] || scratch, '--bucket', 'bkt', '--key', 'AKID:SECRET'],
  { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, LIVECHANNEL_LOG: 'error' } });
try {
  for (let n = 0; n < 100; n++) {
    if (await fetch(`http://127.0.0.1:${http}/-/health`).then((r) => r.ok, () => false)) break;
    await sleep(100);
  }
  const options = { accessKeyId: 'AKID', accessKeySecret: 'SECRET', bucket: 'bkt', endpoint: `http://127.0.0.1:${http}` };
  const client = new OSS(options);
  await everyCall(client, 'V1');
  await everyCall(new OSS({ ...options, authorizationV4: true, region: 'oss-cn-hangzhou' }), 'V4');
  await publishing(client);
  const wrong = new OSS({ ...options, accessKeySecret: 'WRONG' });
  equal((await errorOf(wrong.getChannel('x')))?.slice(2), ['SignatureDoesNotMatch', '0002-00000040'], 'a wrong secret is refused');
} catch (error) {
  check(false, 'the calls work', error.stack);
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => (server.exitCode === null ? server.on('exit', resolve) : resolve()));
  check(server.exitCode === 0, 'the service ends well', `${server.exitCode}`);
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
