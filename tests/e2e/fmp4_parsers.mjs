#!/usr/bin/env node
// fmp4_parsers.mjs [NAME]: fragmented MP4 as two parsers see it that were not written here.
//
// Every capture of testdata/ is segmented with --container fmp4. mp4box.js and mediabunny must find each picture and each
// audio frame of the capture in it, at its time, and name the codecs as its headers do.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { MP4BoxBuffer, createFile } from 'mp4box';
import { Checks, segment, streams, testdata } from './common.mjs';

// Enhanced RTMP, and how its video is named.
const ENHANCED = { 'h265/open_gop.flv': 'hvc1.1.6.L30.90', 'h265/hdr.flv': 'hvc1.2.4.L60.90', 'av1/opus.flv': 'av01.0.00M.08' };
const TICKS = 90_000;
// Times of output run ahead of those of the tags by so much: the default of --pcr-lead.
const LEAD = 0.7;

/** The tags of an FLV file: kind, time in ms, body. */
function* tags(bytes) {
  for (let at = bytes.readUInt32BE(5) + 4; at + 11 <= bytes.length; ) {
    const length = bytes.readUIntBE(at + 1, 3);
    const time = bytes.readUIntBE(at + 4, 3) + bytes[at + 7] * 2 ** 24;
    yield [bytes[at], time, bytes.subarray(at + 11, at + 11 + length)];
    at += 11 + length + 4;
  }
}

const hex = (byte) => byte.toString(16).padStart(2, '0');

/** What a capture has: seconds at which pictures are shown, audio frames in their order, codecs. */
function read(name) {
  const want = { pictures: [], frames: [], video: ENHANCED[name], audio: undefined, rate: undefined, frame: 1024 };
  for (const [kind, time, body] of tags(readFileSync(path.join(testdata, name)))) {
    if (kind === 9 && body[0] & 0x80) {
      const type = body[0] & 0x0f;
      if (type === 1) want.pictures.push(time + (body.toString('latin1', 1, 5) === 'av01' ? 0 : body.readIntBE(5, 3)));
      if (type === 3) want.pictures.push(time);
    } else if (kind === 9 && (body[0] & 0x0f) === 7) {
      if (body[1] === 0) want.video = `avc1.${[...body.subarray(6, 9)].map(hex).join('')}`;
      if (body[1] === 1) want.pictures.push(time + body.readIntBE(2, 3));
    } else if (kind === 8 && body.toString('latin1', 1, 5) === 'Opus') {
      // Frames of 20 ms.
      [want.audio, want.rate, want.frame] = ['Opus', 48_000, 960];
      if ((body[0] & 0x0f) === 1) want.frames.push(time);
    } else if (kind === 8 && body[0] >> 4 === 10) {
      if (body[1] === 0) {
        const object = body[2] >> 3;
        want.audio = `mp4a.40.${object}`;
        want.rate = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350][((body[2] & 7) << 1) | (body[3] >> 7)];
      } else {
        want.frames.push(time);
      }
    }
  }
  const ascending = (a, b) => a - b;
  want.pictures = want.pictures.sort(ascending).map((ms) => ms / 1000 + LEAD);
  return want;
}

/** The section and the segments of a folder in one piece. */
function whole(folder) {
  const lines = readFileSync(path.join(folder, 'playlist.m3u8'), 'utf8').split('\n');
  const map = lines.find((line) => line.startsWith('#EXT-X-MAP:')).split('"')[1];
  const files = [map, ...lines.filter((line) => line && !line.startsWith('#'))];
  return Buffer.concat(files.map((file) => readFileSync(path.join(folder, file))));
}

/** What mp4box.js finds: per kind codec, and seconds and key flag of each sample. */
function byMp4box(bytes) {
  const file = createFile();
  const found = {};
  let complaint;
  file.onError = (module, message) => (complaint = `${module}: ${message}`);
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(new Uint8Array(bytes).buffer, 0), true);
  file.flush();
  const info = file.getInfo();
  for (const track of info.tracks) {
    const samples = file.getTrackSamplesInfo(track.id);
    found[track.video ? 'video' : 'audio'] = {
      codec: track.codec,
      timescale: track.timescale,
      samples: samples.map((s) => ({ shown: s.cts / s.timescale, decoded: s.dts, duration: s.duration, key: s.is_sync })),
    };
  }
  return { found, complaint, isFragmented: info.isFragmented };
}

/** The same of mediabunny, which reads packets in the order of decoding. */
async function byMediabunny(bytes) {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
  const found = {};
  for (const track of await input.getTracks()) {
    const samples = [];
    for await (const packet of new EncodedPacketSink(track).packets()) {
      samples.push({ shown: packet.timestamp, duration: packet.duration, key: packet.type === 'key' });
    }
    // It says hev1 of H.265 whatever the sample entry is, and does not spell Opus as the sample entry does.
    const codec = (await track.getCodecParameterString()).replace('hev1', 'hvc1').replace('opus', 'Opus');
    found[track.type] = { codec, samples };
  }
  return { found };
}

/** The largest difference of times, in ticks. */
const furthest = (got, want) => got.reduce((most, time, at) => Math.max(most, Math.abs(time - want[at]) * TICKS), 0);

function check(checks, what, { found, complaint }, want) {
  checks.check(!complaint, `${what}: no complaint`, complaint);
  if (want.pictures.length) {
    const samples = found.video?.samples ?? [];
    checks.check(samples.length === want.pictures.length, `${what}: ${samples.length} pictures of ${want.pictures.length}`);
    const times = samples.map((s) => s.shown).sort((a, b) => a - b);
    const off = furthest(times, want.pictures);
    checks.check(samples.length && off < 1e-3, `${what}: each is shown at its time`, `${off} ticks off`);
    checks.check(found.video?.codec === want.video, `${what}: video is ${want.video}`, found.video?.codec);
  }
  if (want.audio) {
    const samples = found.audio?.samples ?? [];
    checks.check(samples.length === want.frames.length, `${what}: ${samples.length} audio frames of ${want.frames.length}`);
    // Tags are rounded to a millisecond, and frames follow each other by their samples.
    const times = want.frames.map((ms) => ms / 1000 + LEAD);
    const off = furthest(samples.map((s) => s.shown), times);
    const frame = (want.frame / want.rate) * TICKS;
    checks.check(samples.length && off < frame, `${what}: each is within a frame of its tag`, `${off} ticks off`);
    const even = samples.slice(1).every((s, at) => Math.abs((s.shown - samples[at].shown) * want.rate - want.frame) < 1e-3);
    checks.check(even, `${what}: they follow each other by ${want.frame} samples`);
    checks.check(found.audio?.codec === want.audio, `${what}: audio is ${want.audio}`, found.audio?.codec);
  } else {
    checks.check(!found.audio, `${what}: no audio`);
  }
}

const checks = new Checks();
const scratch = mkdtempSync(path.join(tmpdir(), 'fmp4-'));
try {
  const only = process.argv[2] ?? '';
  for (const name of [...streams(), ...Object.keys(ENHANCED)].filter((name) => name.includes(only))) {
    const out = path.join(scratch, name.replaceAll('/', '-'));
    mkdirSync(out);
    await segment(path.join(testdata, name), out, '--container', 'fmp4', '--keep-all', '--frag-count', '100', '--frag-duration', '2');
    const [want, bytes] = [read(name), whole(out)];
    const seen = byMp4box(bytes);
    check(checks, `${name} with mp4box.js`, seen, want);
    checks.check(seen.isFragmented, `${name} with mp4box.js: is fragmented`);
    for (const { samples } of Object.values(seen.found)) {
      const gapless = samples.slice(1).every((s, at) => s.decoded === samples[at].decoded + samples[at].duration);
      checks.check(gapless, `${name} with mp4box.js: decode times are sums of durations`);
    }
    check(checks, `${name} with mediabunny`, await byMediabunny(bytes), want);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
checks.close();
