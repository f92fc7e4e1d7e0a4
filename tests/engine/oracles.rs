//! Parsers that were not written here read what was.

use crate::support;
use crate::support::{AUDIO, VIDEO, captures, policy_for, read_flv, run};
use hls_m3u8::MediaPlaylist;
use hls_segmenter::config::{FragDuration, Options};

fn options(capture: &str) -> Options {
    Options {
        frag_duration: FragDuration::new(2).unwrap(),
        key_frames: policy_for(capture),
        ..Options::default()
    }
}

#[test]
fn v_05_mpeg2ts_reads_every_capture_back_frame_by_frame() {
    for (name, bytes) in captures() {
        let tags = read_flv(&bytes);
        let output = run(&tags, options(&name));
        let stats = output.stats;
        let video = output.stream(VIDEO);
        assert_eq!(video.len() as u64, stats.video.map_or(0, |video| video.frames), "{name}");
        let written: usize = output.stream(AUDIO).iter().map(|pes| pes.data.len()).sum();
        assert_eq!(written as u64, stats.audio.map_or(0, |audio| audio.bytes), "{name}");

        let sent = |kind: fn(&support::OwnedTag) -> bool| {
            tags.iter().filter(|tag| kind(tag) && !tag.is_header()).count() as u64
        };
        let ends =
            tags.iter().filter(|tag| support::is_video(tag) && tag.data[1] == 2).count() as u64;
        assert_eq!(
            stats.video.map_or(0, |video| video.frames),
            sent(support::is_video) - ends,
            "{name}: every picture arrives"
        );
        let audio = sent(|tag| tag.kind == hls_segmenter::flv::TagKind::AUDIO);
        assert_eq!(
            stats.audio.map_or(0, |audio| audio.frames),
            audio,
            "{name}: every audio frame arrives"
        );
    }
}

#[test]
fn h_01_hls_m3u8_reads_every_version_of_every_playlist() {
    for (name, bytes) in captures() {
        let output = run(&read_flv(&bytes), options(&name));
        assert!(!output.memory.playlists.is_empty(), "{name}");
        for (text, target) in output.memory.playlists.iter().zip(output.targets()) {
            let list = MediaPlaylist::try_from(text.as_str())
                .unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
            assert_eq!(list.target_duration.as_secs(), u64::from(target), "{name}");
            let sum: f64 = list
                .segments
                .values()
                .map(|segment| segment.duration.duration().as_secs_f64())
                .sum();
            assert!(sum > 0.0, "{name}");
        }
        let ended = output.memory.playlists.last().unwrap();
        assert!(MediaPlaylist::try_from(ended.as_str()).unwrap().has_end_list, "{name}");
    }
}
