//! The window against a slow, obvious model of it; every playlist is a legal successor of the one
//! before.

use std::convert::Infallible;

use arbitrary::Unstructured;
use hls_segmenter::config::{
    ForcedSwitch, FragCount, FragDuration, MidGop, PlaylistVersion, TargetDuration, WindowPolicy,
};
use hls_segmenter::flv::TagKind;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::{Secs, WallTime};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Config, End, ExpiredSegment, Options, Segment, SegmentSink, SegmentStart, Segmenter, SwitchAt,
};
use hls_segmenter_auditor::Auditor;

use crate::ledger::Ledger;
use crate::script::{OwnedTag, video_header};

/// Makes segments of any durations, with breaks and wall times between them.
pub fn check(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let _ = run(&mut u);
}

fn run(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let [frag, count, flags, first]: [u8; 4] = u.arbitrary()?;
    let frag_duration = 1 + u32::from(frag) % 100;
    let independent = flags & 4 == 4;
    let options = Options {
        frag_duration: FragDuration::new(frag_duration).expect("in range"),
        frag_count: FragCount::new(1 + u32::from(count) % 100).expect("in range"),
        target_duration: if flags & 2 == 2 && !independent {
            TargetDuration::Declared(Secs::new(frag_duration + u32::from(flags >> 4)))
        } else {
            TargetDuration::HighWater
        },
        playlist_version: if flags & 8 == 8 { PlaylistVersion::V3 } else { PlaylistVersion::V6 },
        window: if flags & 1 == 1 {
            WindowPolicy::AtLeastThreeTargets
        } else {
            WindowPolicy::Exactly
        },
        independent_segments: independent,
        forced_switch: if independent { ForcedSwitch::Never } else { ForcedSwitch::Oss },
        mid_gop: if independent { MidGop::DropUntilKey } else { MidGop::Keep },
        first_sequence: u64::from(first),
        ..Options::default()
    };
    let config = Config::new(options).expect("in range");
    let mut segmenter = Segmenter::new(config);
    let mut sink = Auditor::with_options(Ledger::new(config, Model::new(&options)), &options);
    let mut push = |segmenter: &mut Segmenter, millis: u32, key: bool| {
        let nal_unit = if key { [0x65, 0x88, 0x84, 0x21] } else { [0x41, 0x9a, 0x24, 0x6c] };
        let head = [if key { 0x17 } else { 0x27 }, 1, 0, 0, 0, 0, 0, 0, 4];
        let tag = OwnedTag { kind: TagKind::VIDEO, millis, data: [&head[..], &nal_unit].concat() };
        segmenter.push(tag.borrow(), &mut sink).expect("a well-formed stream");
    };
    let header = OwnedTag { kind: TagKind::VIDEO, millis: 0, data: video_header(0) };
    segmenter.push(header.borrow(), &mut Model::new(&options)).expect("a header gives no output");
    let mut millis = 0_u32;
    let mut segments = 0;
    while !u.is_empty() && segments < 200 {
        let [secs, part, what]: [u8; 3] = u.arbitrary()?;
        match what % 8 {
            0 => millis = millis.wrapping_add(3_600_000),
            1 => millis = millis.wrapping_sub(3_600_000),
            2 | 3 => segmenter.set_wall_time(WallTime::from_unix_millis(
                i64::from(secs) * 1000 * i64::from(part),
            )),
            _ => {}
        }
        segmenter.request_switch(SwitchAt::KeyFrame);
        push(&mut segmenter, millis, true);
        // Nothing longer than the jump limit between two pictures.
        let long = if what % 16 == 15 { 10 } else { 1 };
        // Three of four are short: clock references of long ones are slow, not better.
        let secs = if what & 0x60 == 0 { u32::from(secs) % 8 } else { 0 };
        let mut left = (secs * 1000 + u32::from(part) * 4) * long;
        while left > 9000 {
            (millis, left) = (millis.wrapping_add(9000), left - 9000);
            push(&mut segmenter, millis, false);
        }
        millis = millis.wrapping_add(left.max(1));
        segments += 1;
    }
    segmenter.finish(End::List, &mut sink).expect("a sink that never fails");
    sink.assert_clean();
    Ok(())
}

/// Every segment there ever was, and from which on they are listed.
#[derive(Debug)]
struct Model {
    all: Vec<Segment>,
    first: usize,
    count: usize,
    keeps_three: bool,
    target: u32,
    version: PlaylistVersion,
    /// Media sequence, discontinuity sequence, target duration and entries of the playlist before.
    before: Option<Parsed>,
    independent: bool,
}

impl Model {
    fn new(options: &Options) -> Self {
        Self {
            all: Vec::new(),
            first: 0,
            count: options.frag_count.get(),
            keeps_three: options.window == WindowPolicy::AtLeastThreeTargets,
            target: match options.target_duration {
                TargetDuration::HighWater => options.frag_duration.secs(),
                TargetDuration::Declared(secs) => secs.secs(),
            },
            version: options.playlist_version,
            before: None,
            independent: options.independent_segments,
        }
    }

    /// Lists a segment; the oldest leaves while there are more than FragCount, and, where three
    /// target durations must stay, as long as they do (RFC 8216 §6.2.2).
    fn list(&mut self, segment: &Segment) {
        self.all.push(*segment);
        let millis = segment.extinf.millis();
        self.target = self.target.max(match self.version {
            PlaylistVersion::V3 => millis.div_ceil(1000),
            PlaylistVersion::V6 => (millis / 500).div_ceil(2),
        });
        if self.all.len() - self.first > Playlist::MAX_SEGMENTS {
            self.first += 1;
        }
        while self.all.len() - self.first > self.count {
            let rest = &self.all[self.first + 1..];
            let millis: u64 = rest.iter().map(|segment| u64::from(segment.extinf.millis())).sum();
            if self.keeps_three && millis < 3000 * u64::from(self.target) {
                break;
            }
            self.first += 1;
        }
    }
}

impl SegmentSink for Model {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), Infallible> {
        self.list(segment);
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        let text = playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id)).to_string();
        let parsed = Parsed::of(&text, self.version);
        let (gone, listed) = self.all.split_at(self.first);
        let want = Parsed {
            target: self.target,
            media_sequence: listed[0].sequence,
            discontinuity_sequence: gone.iter().filter(|segment| segment.discontinuity).count()
                as u64,
            entries: listed
                .iter()
                .map(|segment| Entry {
                    discontinuity: segment.discontinuity,
                    millis: segment.extinf.millis(),
                    uri: format!("{}.ts", segment.id),
                    dated: segment.program_date_time.is_some(),
                })
                .collect(),
            ended: playlist.ended(),
            independent: self.independent,
        };
        assert_eq!(parsed, want, "the model says otherwise than\n{text}");
        if let Some(before) = &self.before {
            before.assert_successor(&parsed);
        }
        self.before = Some(parsed);
        Ok(())
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        let left =
            self.all[..self.first].iter().any(|segment| segment.sequence == expired.sequence);
        assert!(left, "expired and not gone");
    }
}

/// A media playlist as its text has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parsed {
    target: u32,
    media_sequence: u64,
    discontinuity_sequence: u64,
    entries: Vec<Entry>,
    ended: bool,
    independent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    discontinuity: bool,
    millis: u32,
    uri: String,
    dated: bool,
}

impl Parsed {
    /// Reads our text, and nothing that is laid out otherwise.
    fn of(text: &str, version: PlaylistVersion) -> Self {
        let mut lines = text.strip_suffix('\n').expect("lines end").lines().peekable();
        assert_eq!(lines.next(), Some("#EXTM3U"));
        let version = format!("#EXT-X-VERSION:{}", version.number());
        assert_eq!(lines.next(), Some(&version[..]));
        let independent = lines.next_if_eq(&"#EXT-X-INDEPENDENT-SEGMENTS").is_some();
        let mut number = |tag: &str| -> u64 {
            let line = lines.next().and_then(|line| line.strip_prefix(tag));
            line.expect(tag).parse().expect(tag)
        };
        let mut parsed = Self {
            target: number("#EXT-X-TARGETDURATION:") as u32,
            media_sequence: number("#EXT-X-MEDIA-SEQUENCE:"),
            discontinuity_sequence: number("#EXT-X-DISCONTINUITY-SEQUENCE:"),
            entries: Vec::new(),
            ended: false,
            independent,
        };
        while let Some(&line) = lines.peek() {
            if line == "#EXT-X-ENDLIST" {
                lines.next();
                assert_eq!(lines.next(), None, "nothing follows EXT-X-ENDLIST");
                parsed.ended = true;
                break;
            }
            let discontinuity = lines.next_if_eq(&"#EXT-X-DISCONTINUITY").is_some();
            let dated =
                lines.next_if(|line| line.starts_with("#EXT-X-PROGRAM-DATE-TIME:")).is_some();
            let extinf =
                lines.next().and_then(|line| line.strip_prefix("#EXTINF:")?.strip_suffix(','));
            let (secs, millis) =
                extinf.and_then(|text| text.split_once('.')).expect("EXTINF in ms");
            assert_eq!(millis.len(), 3);
            let millis = secs.parse::<u32>().unwrap() * 1000 + millis.parse::<u32>().unwrap();
            let uri = lines.next().expect("a URI follows EXTINF").to_owned();
            assert!(!uri.starts_with('#') && !uri.is_empty());
            parsed.entries.push(Entry { discontinuity, millis, uri, dated });
        }
        parsed
    }

    /// Says that `next` is what a server may publish after this (RFC 8216 §6.2.1, §6.2.2).
    fn assert_successor(&self, next: &Self) {
        assert!(!self.ended, "nothing follows a list that has ended");
        assert!(next.target >= self.target);
        let gone =
            next.media_sequence.checked_sub(self.media_sequence).expect("the media sequence falls")
                as usize;
        assert!(gone <= self.entries.len(), "segments leave that were never seen");
        let (left, kept) = self.entries.split_at(gone);
        let tags = left.iter().filter(|entry| entry.discontinuity).count() as u64;
        assert_eq!(next.discontinuity_sequence, self.discontinuity_sequence + tags);
        assert!(next.entries.starts_with(kept), "an entry changed");
    }
}
