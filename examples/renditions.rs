//! Renditions of one stream from one FLV file: `cargo run --example renditions -- many.flv hls`.
//!
//! The file has several video tracks in the messages of Enhanced RTMP, as ffmpeg 9 and OBS write
//! them. Each of them becomes a rendition, with the first audio track: an engine and a folder for
//! each, and a multivariant playlist beside the folders. Where the encoder gives all tracks their
//! key frames at the same times, the segments of all renditions are cut at the same times too.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use hls_segmenter::config::FragDuration;
use hls_segmenter::dir::{self, Channel};
use hls_segmenter::flv::{Reader, Step, Tag, TrackId, TrackMedia, tracks};
use hls_segmenter::playlist::{Multivariant, Variant};
use hls_segmenter::{Config, End, Options, Segmenter};

type Failure = Box<dyn core::error::Error>;

/// What players may choose: one video track, in a folder of its own.
struct Rendition {
    playlist: String,
    segmenter: Segmenter,
    channel: Channel,
}

impl Rendition {
    fn new(folder: &Path, id: TrackId) -> Result<Self, Failure> {
        let name = format!("video{}", id.get());
        let options = Options { frag_duration: FragDuration::new(2)?, ..Options::default() };
        // A list of the whole recording beside the window of the newest segments.
        let channel =
            Channel::create(folder.join(&name), dir::Options::new().vod_name("vod.m3u8"))?;
        let segmenter = Segmenter::new(Config::new(options)?);
        Ok(Self { playlist: format!("{name}/vod.m3u8"), segmenter, channel })
    }
}

/// Hands every tag of an FLV file on.
fn each_tag(
    mut file: &[u8],
    mut take: impl FnMut(Tag<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut reader = Reader::new();
    while let step @ (Step::Tag { consumed, .. } | Step::Header { consumed, .. }) =
        reader.step(file)?
    {
        if let Step::Tag { tag, .. } = step {
            take(tag)?;
        }
        file = file.get(consumed..).unwrap_or_default();
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let (Some(input), Some(folder)) = (env::args_os().nth(1), env::args_os().nth(2)) else {
        return Err("usage: renditions FILE.flv FOLDER".into());
    };
    let (file, folder) = (fs::read(input)?, Path::new(&folder));

    // An engine that begins later would miss the audio's header: all begin before the first tag. A
    // server knows the tracks from its own configuration, or from the first second of the stream.
    let mut renditions = BTreeMap::new();
    each_tag(&file, |tag| {
        for track in tracks(tag)? {
            if matches!(track.media, TrackMedia::Video(_)) && !renditions.contains_key(&track.id) {
                renditions.insert(track.id, Rendition::new(folder, track.id)?);
            }
        }
        Ok(())
    })?;

    each_tag(&file, |tag| {
        for track in tracks(tag)? {
            for (&id, Rendition { segmenter, channel, .. }) in &mut renditions {
                let is_its_own = match track.media {
                    TrackMedia::Video(_) => track.id == id,
                    TrackMedia::Audio(_) => track.id == TrackId::DEFAULT,
                    _ => false,
                };
                if is_its_own && let Err(error) = segmenter.push_track(track, channel) {
                    eprintln!("video {}: {error}", id.get()); // the stream goes on
                }
            }
        }
        Ok(())
    })?;

    for Rendition { segmenter, channel, .. } in renditions.values_mut() {
        segmenter.finish(End::List, channel)?;
    }
    let variants: Vec<_> = renditions
        .values()
        .filter_map(|each| Variant::of_stats(&each.playlist, &each.segmenter.stats()))
        .collect();
    let list = Multivariant::new(&variants, &[])?;
    fs::write(folder.join("master.m3u8"), list.to_string())?;
    print!("{list}");
    Ok(())
}
