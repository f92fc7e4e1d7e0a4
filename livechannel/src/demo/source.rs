//! Pictures and silence in real time, encoded in a thread of their own.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use hls_segmenter::flv::Tag;
use hls_segmenter::time::FlvTime;
use openh264::OpenH264API;
use openh264::encoder::{BitRate, Encoder, EncoderConfig, FrameRate, RateControlMode};
use openh264::formats::YUVBuffer;
use tokio::sync::mpsc;

use super::avc;
use super::picture::{HEIGHT, Picture, WIDTH};
use crate::clock::now_millis;

/// A message, as an encoder would send it.
#[derive(Debug)]
pub(super) struct Message {
    video: bool,
    time: u32,
    body: Vec<u8>,
}

impl Message {
    pub(super) fn tag(&self) -> Tag<'_> {
        let time = FlvTime::from_millis(self.time);
        if self.video { Tag::video(time, &self.body) } else { Tag::audio(time, &self.body) }
    }
}

/// Starts the thread; it ends when nobody takes its messages.
pub(super) fn start() -> mpsc::Receiver<Message> {
    let (sender, receiver) = mpsc::channel(8);
    let spawned = thread::Builder::new().name("demo".to_owned()).spawn(move || {
        if let Err(error) = produce(&sender) {
            tracing::error!(%error, "the test pattern cannot be encoded");
        }
    });
    if let Err(error) = spawned {
        tracing::error!(%error, "the test pattern has no thread");
    }
    receiver
}

fn produce(sender: &mpsc::Sender<Message>) -> Result<(), openh264::Error> {
    let config = EncoderConfig::new()
        .bitrate(BitRate::from_bps(800_000))
        .max_frame_rate(FrameRate::from_hz(25.0))
        .rate_control_mode(RateControlMode::Off)
        .skip_frames(false)
        .num_threads(1);
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config)?;
    let begun = Instant::now();
    let send = |video, time, body| sender.blocking_send(Message { video, time, body }).is_ok();
    let (mut headers, mut audio_frames) = (None, 0);
    if !send(false, 0, SILENCE_HEADER.to_vec()) {
        return Ok(());
    }
    for count in 0_u64.. {
        let time = u32::try_from(count * 40 % (1 << 32)).unwrap_or(0);
        let due = begun + Duration::from_millis(count * 40);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if count % KEY_INTERVAL == 0 {
            encoder.force_intra_frame();
        }
        let planes = Picture::draw(count, now_millis()).into_planes();
        let stream = encoder.encode(&YUVBuffer::from_vec(planes, WIDTH, HEIGHT))?;
        let picture = avc::Picture::read(&stream.to_vec());
        if let Some(header) = picture.sequence_header().filter(|new| headers.as_ref() != Some(new))
        {
            headers = Some(header.clone());
            if !send(true, time, header) {
                return Ok(());
            }
        }
        if !picture.units.is_empty() && !send(true, time, picture.body()) {
            return Ok(());
        }
        // 1024 samples at 44.1 kHz each.
        while audio_frames * 1_024_000 / 44_100 <= count * 40 {
            let time = u32::try_from(audio_frames * 1_024_000 / 44_100 % (1 << 32)).unwrap_or(0);
            if !send(false, time, SILENCE.to_vec()) {
                return Ok(());
            }
            audio_frames += 1;
        }
    }
    Ok(())
}

/// A key frame every two seconds.
const KEY_INTERVAL: u64 = 50;
/// AAC-LC, 44.1 kHz, one channel.
const SILENCE_HEADER: [u8; 4] = [0xaf, 0, 0x12, 0x08];
/// One AAC frame without a sound: `global_gain` 200, no spectrum, and an end.
const SILENCE: [u8; 8] = [0xaf, 1, 0x00, 0xc8, 0x00, 0x80, 0x23, 0x80];
