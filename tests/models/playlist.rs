//! The text of every playlist, written anew from all segments there ever were.

use std::fmt::Write as _;

use hls_segmenter::config::{FragCount, FragDuration, MidGop, Options, PlaylistVersion};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::run;
use crate::support::stream::{SPS, picture, video_header};

/// A segment of the model: EXTINF in ms, and whether a discontinuity is before it.
#[derive(Clone, Copy, Debug)]
struct Listed {
    extinf_millis: u32,
    discontinuity: bool,
}

/// Writes the playlist behind the last of `all` segments.
fn text(all: &[Listed], options: &Options, ended: bool) -> String {
    let count = options.frag_count.get();
    let first = all.len().saturating_sub(count);
    let longest = all.iter().map(|segment| segment.extinf_millis).max().unwrap_or(0);
    let (version, longest) = match options.playlist_version {
        PlaylistVersion::V3 => (3, longest.div_ceil(1000)),
        PlaylistVersion::V6 => (6, (f64::from(longest) / 1000.0).round() as u32),
    };
    let target = longest.max(options.frag_duration.secs());
    let gone = all[..first].iter().filter(|segment| segment.discontinuity).count();
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:{version}\n#EXT-X-TARGETDURATION:{target}\n\
         #EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-DISCONTINUITY-SEQUENCE:{gone}\n"
    );
    for (nth, segment) in all.iter().enumerate().skip(first) {
        if segment.discontinuity {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        let (secs, millis) = (segment.extinf_millis / 1000, segment.extinf_millis % 1000);
        writeln!(text, "#EXTINF:{secs}.{millis:03},\n{nth}.ts").unwrap();
    }
    if ended {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn h_06_h_09_o_32_x1_every_playlist_is_the_one_written_anew(
        gops in vec((1_000_i64..9_000, proptest::bool::weighted(0.1)), 1..40),
        count in 1_u32..12,
        secs in 1_u32..7,
        playlist_version in prop_oneof![Just(PlaylistVersion::V3), Just(PlaylistVersion::V6)],
    ) {
        // The last pictures of a segment are 100 ms apart, so that it is `len` long before a jump as well.
        let (mut millis, mut tags, mut all) = (0, vec![video_header(0, SPS)], Vec::new());
        let mut discontinuity = false;
        for &(len, jump) in &gops {
            let len = len.max(i64::from(secs) * 1000);
            for (at, key_frame) in [(0, true), (len - 300, false), (len - 200, false), (len - 100, false)] {
                tags.push(picture(millis + at, key_frame, 0, 10));
            }
            all.push(Listed { extinf_millis: len as u32, discontinuity });
            millis += len + if jump { 100_000 } else { 0 };
            discontinuity = jump;
        }
        let options = Options {
            playlist_version,
            frag_duration: FragDuration::new(secs).unwrap(),
            frag_count: FragCount::new(count).unwrap(),
            mid_gop: MidGop::Keep,
            ..Options::default()
        };
        let output = run(&tags, options);
        let playlists = &output.memory.playlists;
        prop_assert_eq!(playlists.len(), all.len());
        for (nth, got) in playlists.iter().enumerate() {
            let ended = nth + 1 == all.len();
            prop_assert_eq!(got, &text(&all[..=nth], &options, ended), "playlist {}", nth);
        }
    }
}
