//! Playlists that a host adds to, or makes from its own index.

use std::convert::Infallible;
use std::fmt::{self, Write};

use crate::support::keep_playlist;
use crate::support::stream::BASE;
use hls_m3u8::MediaPlaylist;
use hls_segmenter::config::{FragDuration, Options, PlaylistVersion};
use hls_segmenter::playlist::{IndexKind, IndexPlaylist, ListedSegment, Playlist};
use hls_segmenter::time::{Millis, Secs, WallTime};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Segment, SegmentSink, SegmentStart, Segmenter};

/// Keeps what a function makes of every version of the playlist.
struct Versions<T, F> {
    make: F,
    made: Vec<T>,
}

impl<T, F: FnMut(Playlist<'_>) -> T> SegmentSink for Versions<T, F> {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        self.made.push((self.make)(playlist));
        Ok(())
    }
}

/// What `make` makes of every version of the playlist of 40 s in segments of 2 s, three listed.
fn versions<T>(options: Options, make: impl FnMut(Playlist<'_>) -> T) -> Vec<T> {
    let options = Options { frag_duration: FragDuration::new(2).unwrap(), ..options };
    let mut sink = Versions { make, made: Vec::new() };
    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    for tag in BASE.both() {
        segmenter.push(tag.borrow(), &mut sink).unwrap();
    }
    segmenter.finish(End::List, &mut sink).unwrap();
    assert!(sink.made.len() > 15, "{}", sink.made.len());
    sink.made
}

fn by_id(segment: &ListedSegment, uri: &mut dyn Write) -> fmt::Result {
    write!(uri, "{}.ts", segment.id)
}

/// The text of a playlist, or `None` if it cannot be written.
fn text_of(text: impl fmt::Display) -> Option<String> {
    let mut written = String::new();
    write!(written, "{text}").is_ok().then_some(written)
}

#[test]
fn pl_1_a_key_of_several_segments_is_known_of_every_segment_of_every_version() {
    let texts = versions(Options::default(), |playlist| {
        let text = playlist.m3u8(by_id).tags(|segment, first, out| {
            if first || segment.sequence.is_multiple_of(10) {
                let key = segment.sequence / 10;
                write!(out, "#EXT-X-KEY:METHOD=AES-128,URI=\"{key}\"\n#EXT-X-BITRATE:900")?;
            }
            Ok(())
        });
        text.to_string()
    });
    let mut seen = 0;
    for text in &texts {
        keep_playlist(text);
        let list = MediaPlaylist::try_from(text.as_str()).unwrap();
        for (nth, segment) in list.segments.values().enumerate() {
            let want = ((list.media_sequence + nth) / 10).to_string();
            let key = segment.keys[0].0.as_ref().unwrap();
            assert_eq!((segment.keys.len(), key.uri()), (1, &want.into()), "{text}");
            seen += 1;
        }
        assert!(text.matches("#EXT-X-KEY:").count() <= 2, "{text}");
        assert_eq!(
            text.matches("#EXT-X-BITRATE:900\n").count(),
            text.matches("#EXT-X-KEY:").count()
        );
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn pl_1_tags_stand_before_extinf_of_their_segment_and_take_nothing_from_the_text() {
    for text in versions(Options::default(), |playlist| {
        let tagged = playlist.m3u8(by_id).tags(|segment, _, out| {
            if segment.sequence.is_multiple_of(2) { Ok(()) } else { write!(out, "#EXT-X-GAP") }
        });
        (tagged.to_string(), playlist.m3u8(by_id).to_string())
    }) {
        let (tagged, plain) = text;
        assert_eq!(tagged.replace("#EXT-X-GAP\n", ""), plain);
        for (at, _) in tagged.match_indices("#EXT-X-GAP\n") {
            let after = &tagged[at + "#EXT-X-GAP\n".len()..];
            let id = after.lines().nth(1).unwrap().strip_suffix(".ts").unwrap();
            assert!(after.starts_with("#EXTINF:"), "{tagged}");
            assert_eq!(id.parse::<u64>().unwrap() % 2, 1, "{tagged}");
        }
    }
}

#[test]
fn pl_1_a_tag_that_breaks_the_list_leaves_no_text() {
    for (tag, passes) in
        [("#EXT-X-GAP", true), ("#EXT-X-ENDLIST", false), ("#A\nevil.ts", false), ("#A\r", false)]
    {
        let written = versions(Options::default(), |playlist| {
            text_of(playlist.m3u8(by_id).tags(|_, _, out| out.write_str(tag))).is_some()
        });
        assert!(written.iter().all(|&written| written == passes), "{tag}");
    }
}

#[test]
fn pl_2_the_version_is_the_larger_of_the_lists_and_what_the_host_needs_and_the_target_stays() {
    for (policy, least, want) in [
        (PlaylistVersion::V3, 0, 3),
        (PlaylistVersion::V3, 2, 3),
        (PlaylistVersion::V3, 5, 5),
        (PlaylistVersion::V3, 9, 9),
        (PlaylistVersion::V6, 5, 6),
        (PlaylistVersion::V6, 9, 9),
    ] {
        let options = Options { playlist_version: policy, ..Options::default() };
        for (plain, raised) in versions(options, |playlist| {
            (playlist.m3u8(by_id).to_string(), playlist.m3u8(by_id).min_version(least).to_string())
        }) {
            let version = |number: u8| format!("#EXT-X-VERSION:{number}\n");
            assert_eq!(plain.replace(&version(policy.number()), &version(want)), raised);
        }
    }
}

#[test]
fn pl_2_a_byte_range_needs_version_4() {
    for (least, passes) in [(0, false), (3, false), (4, true), (6, true)] {
        let options = Options { playlist_version: PlaylistVersion::V3, ..Options::default() };
        let written = versions(options, |playlist| {
            let text = playlist.m3u8(by_id).min_version(least);
            text_of(text.tags(|_, _, out| out.write_str("#EXT-X-BYTERANGE:100@0"))).is_some()
        });
        assert!(written.iter().all(|&written| written == passes), "{least}");
    }
}

/// The lines of a text, in alphabetical order.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn pl_4_a_sliding_list_over_the_listed_segments_says_what_the_engine_says() {
    let texts = versions(Options::default(), |playlist| {
        let kind = IndexKind::Sliding {
            target: playlist.target_duration(),
            media_sequence: playlist.media_sequence(),
            discontinuity_sequence: playlist.discontinuity_sequence(),
        };
        let index = IndexPlaylist::new(kind, playlist.segments(), by_id);
        let index = if playlist.ended() { index.ended() } else { index };
        (playlist.m3u8(by_id).to_string(), index.to_string())
    });
    for (live, index) in texts {
        assert_eq!(sorted(&live), sorted(&index));
        assert_eq!(MediaPlaylist::try_from(live.as_str()), MediaPlaylist::try_from(index.as_str()));
    }
}

/// An index of segments of about 2 s, with dates, and a discontinuity now and then.
fn index(count: u64) -> Vec<ListedSegment> {
    let segment = |id: u64| {
        let millis = Millis::new(2000 + [0, 2, 499, 0, 1, 40][id as usize % 6]);
        let date = WallTime::from_unix_millis(1_795_421_730_250 + 2000 * id.cast_signed());
        ListedSegment::new(id, id, millis)
            .with_program_date_time(id.is_multiple_of(3).then_some(date))
            .with_discontinuity(id % 7 == 5)
    };
    (0..count).map(segment).collect()
}

/// The parts of a media playlist: its head, and each segment with its tags.
fn parts(text: &str) -> (Vec<&str>, Vec<Vec<&str>>) {
    let of_segment = ["#EXTINF", "#EXT-X-DISC", "#EXT-X-PROG", "#EXT-X-KEY", "#EXT-X-ENDLIST"];
    let is_of_segment =
        |line: &&str| !line.starts_with('#') || of_segment.iter().any(|tag| line.starts_with(tag));
    let is_of_list =
        |line: &&str| !is_of_segment(line) || line.starts_with("#EXT-X-DISCONTINUITY-");
    let lines: Vec<_> = text.lines().collect();
    let (head, body) = lines.split_at(lines.iter().take_while(|line| is_of_list(line)).count());
    let segments = body.split_inclusive(|line| !line.starts_with('#'));
    (head.to_vec(), segments.map(<[_]>::to_vec).collect())
}

#[test]
fn pl_4_ll_12_a_client_that_merges_a_delta_into_an_older_version_has_the_whole_list() {
    let all = index(60);
    let (target, boundary) = (Secs::new(2), Secs::new(20));
    for kind in ["event", "sliding"] {
        let mut deltas = 0;
        // The client's version is up to half a boundary old.
        for (now, age) in (30..60).flat_map(|now| (0..5).map(move |age| (now, age))) {
            let from = |now: usize| if kind == "event" { 0 } else { now - 25 };
            let kind = |now| {
                let gone = &all[..from(now)];
                let tags = gone.iter().filter(|segment| segment.discontinuity).count() as u64;
                let media_sequence = gone.len() as u64;
                match kind {
                    "event" => IndexKind::Event { target },
                    _ => {
                        IndexKind::Sliding { target, media_sequence, discontinuity_sequence: tags }
                    }
                }
            };
            let list = |now: usize| {
                let listed = all[from(now)..now].iter().copied();
                IndexPlaylist::new(kind(now), listed, by_id).min_version(9)
            };
            let old = list(now - age).offer_delta(boundary).to_string();
            let whole = list(now).offer_delta(boundary).to_string();
            let delta = list(now).delta(boundary).to_string();

            keep_playlist(&whole);
            keep_playlist(&delta);
            let (_, had) = parts(&old);
            let (mut head, kept) = parts(&delta);
            let skip = head.pop().unwrap();
            let skipped = skip.strip_prefix("#EXT-X-SKIP:SKIPPED-SEGMENTS=").unwrap();
            let skipped: usize = skipped.parse().unwrap();
            let had = had.into_iter().skip(from(now) - from(now - age));
            let merged: Vec<_> = had.take(skipped).chain(kept).collect();
            assert_eq!((head, merged), parts(&whole), "{now} {age}");
            // hls_m3u8 knows no version beyond 7, and passes over tags that it does not know.
            let known = delta.replace("VERSION:9", "VERSION:7");
            let secs: f64 = (MediaPlaylist::try_from(known.as_str()).unwrap().segments.values())
                .map(|segment| segment.duration.duration().as_secs_f64())
                .sum();
            assert!((20.0..22.5).contains(&secs), "{secs}");
            deltas += 1;
        }
        assert_eq!(deltas, 150);
    }
}

#[test]
fn pl_4_hls_m3u8_reads_lists_over_an_index() {
    let all = index(100);
    for (kind, name) in [
        (IndexKind::Vod, Some("VOD")),
        (IndexKind::Event { target: Secs::new(2) }, Some("EVENT")),
        (
            IndexKind::Sliding {
                target: Secs::new(2),
                media_sequence: 9,
                discontinuity_sequence: 4,
            },
            None,
        ),
    ] {
        let text = IndexPlaylist::new(kind, all.iter().copied(), by_id).typed().ended();
        let text = text.tags(|_, first, out| match first {
            true => out.write_str("#EXT-X-KEY:METHOD=AES-128,URI=\"k\""),
            false => Ok(()),
        });
        let text = text.to_string();
        keep_playlist(&text);
        let list = MediaPlaylist::try_from(text.as_str()).unwrap();
        assert_eq!(list.segments.num_elements(), 100);
        assert_eq!(
            list.playlist_type.map(|kind| format!("{kind:?}").to_uppercase()),
            name.map(String::from)
        );
        assert_eq!(list.media_sequence, if name.is_none() { 9 } else { 0 });
        assert_eq!(list.discontinuity_sequence, if name.is_none() { 4 } else { 0 });
        assert!(list.has_end_list && list.unknown.is_empty());
        let tagged = list.segments.values().filter(|segment| segment.has_discontinuity).count();
        assert_eq!(tagged, all.iter().filter(|segment| segment.discontinuity).count());
        assert!(list.segments.values().all(|segment| segment.keys.len() == 1));
    }
}
