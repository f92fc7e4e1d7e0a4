//! Lists over an index, whole and as delta updates.

use std::fmt::Write as _;

use arbitrary::{Arbitrary, Result, Unstructured};
use hls_segmenter::config::PlaylistVersion;
use hls_segmenter::playlist::{IndexKind, IndexPlaylist, ListedSegment};
use hls_segmenter::time::Secs;

use super::Item;

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Vod,
    Event,
    Sliding,
}

#[derive(Arbitrary, Debug)]
struct Index {
    kind: Kind,
    target: u8,
    media_sequence: u64,
    discontinuity_sequence: u64,
    is_v3: bool,
    least_version: u8,
    is_typed: bool,
    is_ended: bool,
    is_independent: bool,
    skip: Option<(bool, u16)>,
    items: Vec<Item>,
}

impl Index {
    fn target(&self) -> Secs {
        Secs::new(self.target.into())
    }

    fn kind(&self) -> IndexKind {
        let target = self.target();
        match self.kind {
            Kind::Vod => IndexKind::Vod,
            Kind::Event => IndexKind::Event { target },
            Kind::Sliding => IndexKind::Sliding {
                target,
                media_sequence: self.media_sequence,
                discontinuity_sequence: self.discontinuity_sequence,
            },
        }
    }

    /// Returns the text of the writer; `None` where it fails.
    fn written(&self) -> Option<String> {
        let segments = self.items.iter().enumerate().map(|(nth, item)| item.listed(nth));
        let item = |segment: &ListedSegment| &self.items[segment.id as usize];
        let mut list =
            IndexPlaylist::new(self.kind(), segments, |segment, uri| item(segment).uri.write(uri))
                .tags(|segment, _, out| item(segment).tags.write(out))
                .min_version(self.least_version % 13);
        if self.is_v3 {
            list = list.version(PlaylistVersion::V3);
        }
        if self.is_typed {
            list = list.typed();
        }
        if self.is_ended {
            list = list.ended();
        }
        if self.is_independent {
            list = list.independent_segments();
        }
        match self.skip {
            Some((true, boundary)) => list = list.delta(Secs::new(boundary.into())),
            Some((false, boundary)) => list = list.offer_delta(Secs::new(boundary.into())),
            None => {}
        }
        let mut text = String::new();
        write!(text, "{list}").is_ok().then_some(text)
    }

    /// Returns what the text must be.
    fn expected(&self) -> Option<String> {
        let segments: Vec<_> =
            self.items.iter().enumerate().map(|(nth, item)| item.listed(nth)).collect();
        let millis: Vec<u64> =
            segments.iter().map(|segment| segment.extinf.millis().into()).collect();
        let is_over = self.is_ended || self.kind == Kind::Vod;
        let skipped = match self.skip {
            Some((true, boundary)) if !is_over => (0..segments.len())
                .take_while(|nth| {
                    millis[nth + 1..].iter().sum::<u64>() >= u64::from(boundary) * 1000
                })
                .count(),
            _ => 0,
        };
        let least = if skipped > 0 { 9 } else { 0 };
        let version = (if self.is_v3 { 3 } else { 6 }).max(self.least_version % 13).max(least);
        let secs = |millis: u64| match version {
            ..6 => millis.div_ceil(1000),
            _ => (millis + 500) / 1000,
        };
        let longest = millis.iter().map(|&millis| secs(millis)).max().unwrap_or_default();
        let target = if self.kind == Kind::Vod { longest.max(1) } else { self.target.into() };
        if millis[skipped..].iter().any(|&millis| secs(millis) > target) {
            return None;
        }
        let mut lines = vec!["#EXTM3U".to_owned(), format!("#EXT-X-VERSION:{version}")];
        if self.is_independent {
            lines.push("#EXT-X-INDEPENDENT-SEGMENTS".to_owned());
        }
        if self.kind == Kind::Sliding {
            lines.push(format!("#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence));
            let discontinuities = self.discontinuity_sequence;
            lines.push(format!("#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}"));
        } else {
            lines.push("#EXT-X-MEDIA-SEQUENCE:0".to_owned());
        }
        lines.push(format!("#EXT-X-TARGETDURATION:{target}"));
        match self.kind {
            Kind::Vod if self.is_typed => lines.push("#EXT-X-PLAYLIST-TYPE:VOD".to_owned()),
            Kind::Event => lines.push("#EXT-X-PLAYLIST-TYPE:EVENT".to_owned()),
            _ => {}
        }
        if let Some((_, boundary)) = self.skip {
            if u64::from(boundary) < 6 * target {
                return None;
            }
            lines.push(format!("#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL={boundary}.0"));
        }
        if skipped > 0 {
            lines.push(format!("#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"));
        }
        for (nth, segment) in segments.iter().enumerate().skip(skipped) {
            let follows_nothing = nth == 0 && self.kind != Kind::Sliding;
            let discontinuity = segment.discontinuity && !follows_nothing;
            let segment = segment.with_discontinuity(discontinuity);
            lines.extend(self.items[nth].lines(&segment, version)?);
        }
        if is_over {
            lines.push("#EXT-X-ENDLIST".to_owned());
        }
        Some(lines.iter().flat_map(|line| [line, "\n"]).collect())
    }
}

pub(super) fn check(u: &mut Unstructured<'_>) -> Result<()> {
    let index = Index::arbitrary(u)?;
    assert_eq!(index.written(), index.expected(), "{index:?}");
    Ok(())
}
