//! The list of an engine, with the host's tags and URIs.

use std::convert::Infallible;
use std::fmt::Write as _;

use arbitrary::{Arbitrary as _, Result, Unstructured};
use hls_segmenter::flv::TagKind;
use hls_segmenter::playlist::{ListedSegment, Playlist};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Segment, SegmentSink, SegmentStart, Segmenter};

use super::Item;
use crate::script::{OwnedTag, video_header};

/// An engine's own list, with tags and URIs of the host.
pub(super) fn check(u: &mut Unstructured<'_>) -> Result<()> {
    let least_version = u8::arbitrary(u)? % 13;
    let items: Vec<Item> = u.arbitrary()?;
    if items.is_empty() {
        return Ok(());
    }
    let segments = items.len().min(5);
    let mut sink = Live { items, least_version, is_checked: false };
    run(&mut sink, segments);
    assert!(sink.is_checked);
    Ok(())
}

struct Live {
    items: Vec<Item>,
    least_version: u8,
    is_checked: bool,
}

impl SegmentSink for Live {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> std::result::Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> std::result::Result<(), Infallible> {
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> std::result::Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> std::result::Result<(), Infallible> {
        let item = |segment: &ListedSegment| &self.items[segment.id as usize % self.items.len()];
        let list = playlist.m3u8(|segment, uri| item(segment).uri.write(uri));
        let list = list.min_version(self.least_version);
        let list = list.tags(|segment, _, out| item(segment).tags.write(out));
        let mut text = String::new();
        let text = write!(text, "{list}").is_ok().then_some(text);
        let version = self.least_version.max(6);
        let mut lines = vec![
            "#EXTM3U".to_owned(),
            format!("#EXT-X-VERSION:{version}"),
            "#EXT-X-TARGETDURATION:5".to_owned(),
            format!("#EXT-X-MEDIA-SEQUENCE:{}", playlist.media_sequence()),
            "#EXT-X-DISCONTINUITY-SEQUENCE:0".to_owned(),
        ];
        let segments: Option<Vec<_>> =
            playlist.segments().map(|segment| item(&segment).lines(&segment, version)).collect();
        let want = segments.map(|segments| {
            lines.extend(segments.into_iter().flatten());
            if playlist.ended() {
                lines.push("#EXT-X-ENDLIST".to_owned());
            }
            lines.iter().flat_map(|line| [line, "\n"]).collect::<String>()
        });
        assert_eq!(text, want);
        self.is_checked = true;
        Ok(())
    }
}

/// Makes so many segments of 5 s.
pub(super) fn run<S: SegmentSink<Error = Infallible>>(sink: &mut S, segments: usize) {
    let mut segmenter = Segmenter::new(Config::default());
    let mut push = |kind, millis, data| {
        let tag = OwnedTag { kind, millis, data };
        segmenter.push(tag.borrow(), sink).expect("a well-formed stream");
    };
    push(TagKind::VIDEO, 0, video_header(0));
    push(TagKind::AUDIO, 0, vec![0xaf, 0, 0x12, 0x10]);
    for nth in 0..segments as u32 * 5 {
        let key = nth.is_multiple_of(5);
        let head = [if key { 0x17 } else { 0x27 }, 1, 0, 0, 0, 0, 0, 0, 4];
        let slice = if key { [0x65, 0x88, 0x84, 0x21] } else { [0x41, 0x9a, 0x24, 0x6c] };
        push(TagKind::VIDEO, nth * 1000, [&head[..], &slice].concat());
        push(TagKind::AUDIO, nth * 1000, vec![0xaf, 1, 0x21, 0x10]);
    }
    segmenter.finish(End::List, sink).expect("a sink that never fails");
}
