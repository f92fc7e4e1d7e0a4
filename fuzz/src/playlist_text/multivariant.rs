//! Multivariant lists, read by a strict player.

use std::convert::Infallible;
use std::fmt::Write as _;

use arbitrary::{Arbitrary, Result, Unstructured};
use hls_segmenter::playlist::{
    CaptionService, Captions, Multivariant, Playlist, Rendition, Variant, VideoRange,
};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{AudioTrack, BitRates, Segment, SegmentSink, SegmentStart, Track, VideoTrack};

use super::{encoded, live::run};

#[derive(Arbitrary, Debug)]
struct Lists {
    least_version: u8,
    is_independent: bool,
    variants: Vec<Entry>,
    renditions: Vec<Member>,
}

/// A variant.
#[derive(Arbitrary, Debug)]
struct Entry {
    uri: Name,
    peak: u64,
    average: u64,
    video: Option<Picture>,
    has_audio: bool,
    range: u8,
    group: Option<Name>,
    captions: Option<Option<Name>>,
}

#[derive(Arbitrary, Debug)]
struct Picture {
    size: Option<(u32, u32)>,
    rate: Option<(u32, u32)>,
}

/// A rendition.
#[derive(Arbitrary, Debug)]
struct Member {
    group: Name,
    name: Name,
    language: Option<Name>,
    is_default: bool,
    service: Option<(bool, u8)>,
    playlist: Option<(Name, u64)>,
}

/// A name that is likely to come again.
#[derive(Arbitrary, Debug)]
enum Name {
    Known(bool),
    Any(String),
}

impl Name {
    fn text(&self) -> &str {
        match self {
            Self::Known(false) => "a",
            Self::Known(true) => "en-GB",
            Self::Any(text) => text,
        }
    }
}

pub(super) fn check(u: &mut Unstructured<'_>) -> Result<()> {
    let lists = Lists::arbitrary(u)?;
    let (video, audio) = tracks();
    let renditions: Vec<_> = lists.renditions.iter().map(|member| member.make(audio)).collect();
    let variants: Vec<_> = lists.variants.iter().map(|entry| entry.make(video, audio)).collect();
    let Ok(mut list) = Multivariant::new(&variants, &renditions) else {
        return Ok(());
    };
    list = list.min_version(lists.least_version);
    if lists.is_independent {
        list = list.independent_segments();
    }
    let mut text = String::new();
    write!(text, "{list}").expect("what was checked can be written");
    lists.assert_text(&text);
    Ok(())
}

impl Member {
    fn make(&self, audio: AudioTrack) -> Rendition<'_> {
        let (group, name) = (self.group.text(), self.name.text());
        let mut rendition = match self.service {
            None => Rendition::audio(group, name, audio),
            Some((false, n)) => Rendition::captions(group, name, CaptionService::Cea608(n)),
            Some((true, n)) => Rendition::captions(group, name, CaptionService::Cea708(n)),
        };
        if let Some((uri, rate)) = &self.playlist {
            rendition = rendition.playlist(uri.text(), BitRates::new(*rate, *rate));
        }
        if let Some(language) = &self.language {
            rendition = rendition.language(language.text());
        }
        if self.is_default { rendition.default_choice() } else { rendition }
    }

    const fn is_audio(&self) -> bool {
        self.service.is_none()
    }
}

impl Entry {
    fn make(&self, mut video: VideoTrack, audio: AudioTrack) -> Variant<'_> {
        let mut variant = Variant::new(self.uri.text(), BitRates::new(self.peak, self.average));
        if let Some(picture) = &self.video {
            (video.width, video.height) = picture.size.unzip();
            video.frame_rate = picture.rate;
            variant = variant.video(video);
        }
        if self.has_audio {
            variant = variant.audio(audio);
        }
        variant = match self.range % 4 {
            0 => variant,
            1 => variant.video_range(VideoRange::Sdr),
            2 => variant.video_range(VideoRange::of_transfer(16)),
            _ => variant.video_range(VideoRange::of_transfer(18)),
        };
        if let Some(group) = &self.group {
            variant = variant.audio_group(group.text());
        }
        match &self.captions {
            None => variant,
            Some(None) => variant.captions(Captions::None),
            Some(Some(group)) => variant.captions(Captions::Group(group.text())),
        }
    }
}

impl Lists {
    /// Reads the text as a strict player, and finds in it what went in.
    fn assert_text(&self, text: &str) {
        let mut lines = text.strip_suffix('\n').expect("lines end").split('\n');
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert_eq!(lines.next(), Some("#EXTM3U"));
        let version = lines.next().and_then(|line| line.strip_prefix("#EXT-X-VERSION:"));
        assert!(version.unwrap().parse::<u8>().unwrap() >= self.least_version.max(4));
        if self.is_independent {
            assert_eq!(lines.next(), Some("#EXT-X-INDEPENDENT-SEGMENTS"));
        }
        for member in &self.renditions {
            let line = lines.next().and_then(|line| line.strip_prefix("#EXT-X-MEDIA:")).unwrap();
            let media = Attributes::of(line);
            let kind = if member.is_audio() { "AUDIO" } else { "CLOSED-CAPTIONS" };
            assert_eq!(media.bare("TYPE"), Some(kind));
            assert_eq!(media.quoted("GROUP-ID"), Some(member.group.text()));
            assert_eq!(media.quoted("NAME"), Some(member.name.text()));
            assert_eq!(media.bare("DEFAULT"), Some(if member.is_default { "YES" } else { "NO" }));
            assert_eq!(media.quoted("INSTREAM-ID").is_some(), !member.is_audio(), "{line}");
            let playlist = member.playlist.as_ref().filter(|_| member.is_audio());
            let uri = playlist.map(|(uri, _)| encoded(uri.text()));
            assert_eq!(media.quoted("URI"), uri.as_deref());
        }
        for entry in &self.variants {
            let line = lines.next().and_then(|line| line.strip_prefix("#EXT-X-STREAM-INF:"));
            let info = Attributes::of(line.unwrap());
            self.assert_variant(entry, &info);
            assert_eq!(lines.next(), Some(&encoded(entry.uri.text())[..]));
        }
        assert_eq!(lines.next(), None);
    }

    fn assert_variant(&self, entry: &Entry, info: &Attributes<'_>) {
        let of_group = |member: &&Member, group: &Name| {
            member.is_audio() && member.group.text() == group.text()
        };
        let group = entry.group.as_ref();
        let members = self
            .renditions
            .iter()
            .filter(|member| group.is_some_and(|group| of_group(member, group)));
        let most = members.filter_map(|member| member.playlist.as_ref()).map(|(_, rate)| *rate);
        let most = most.max().unwrap_or_default();
        let bandwidth = info.bare("BANDWIDTH").unwrap().parse();
        assert_eq!(bandwidth, Ok(entry.peak.saturating_add(most)));
        let average = info.bare("AVERAGE-BANDWIDTH").unwrap().parse();
        assert_eq!(average, Ok(entry.average.saturating_add(most)));
        let codecs: Vec<_> = info.quoted("CODECS").unwrap().split(',').collect();
        assert!(codecs.iter().all(|codec| !codec.is_empty()));
        assert_eq!(codecs.len(), {
            let has_audio = entry.has_audio || entry.group.is_some();
            usize::from(entry.video.is_some()) + usize::from(has_audio)
        });
        let size = entry.video.as_ref().and_then(|picture| picture.size);
        let size = size.map(|(width, height)| format!("{width}x{height}"));
        assert_eq!(info.bare("RESOLUTION"), size.as_deref());
        if let Some(rate) = info.bare("FRAME-RATE") {
            let (whole, thousandths) = rate.split_once('.').unwrap();
            assert!(thousandths.len() == 3 && rate != "0.000");
            let told: u64 = format!("{whole}{thousandths}").parse().unwrap();
            let (num, den) = entry.video.as_ref().and_then(|picture| picture.rate).unwrap();
            let exact = f64::from(num) * 1000.0 / f64::from(den.max(1));
            assert!((told as f64 - exact).abs() <= 0.5 + exact * 1e-9, "{rate}: {exact}");
        }
        let range = info.bare("VIDEO-RANGE");
        assert_eq!(
            range,
            [None, Some("SDR"), Some("PQ"), Some("HLG")][usize::from(entry.range % 4)]
        );
        assert!(matches!(range, None | Some("SDR")) || info.bare("FRAME-RATE").is_some());
        assert_eq!(info.quoted("AUDIO"), group.map(Name::text));
        match &entry.captions {
            None => assert!(!info.has("CLOSED-CAPTIONS")),
            Some(None) => assert_eq!(info.bare("CLOSED-CAPTIONS"), Some("NONE")),
            Some(Some(group)) => {
                assert_eq!(info.quoted("CLOSED-CAPTIONS"), Some(group.text()));
            }
        }
    }
}

/// An attribute list (RFC 8216 §4.2).
struct Attributes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Attributes<'a> {
    fn of(mut list: &'a str) -> Self {
        let mut found: Vec<(&str, &str)> = Vec::new();
        loop {
            let (name, rest) = list.split_once('=').expect("a value");
            assert!(
                name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
            );
            assert!(found.iter().all(|(known, _)| *known != name), "{name} stands twice");
            let end = match rest.strip_prefix('"') {
                Some(quoted) => 2 + quoted.find('"').expect("a second quote"),
                None => rest.find(',').unwrap_or(rest.len()),
            };
            let (value, rest) = rest.split_at(end);
            found.push((name, value));
            match rest.strip_prefix(',') {
                Some(later) => list = later,
                None => {
                    assert_eq!(rest, "");
                    return Self(found);
                }
            }
        }
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn quoted(&self, name: &str) -> Option<&'a str> {
        let value = self.value(name)?;
        Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect("quotes"))
    }

    fn bare(&self, name: &str) -> Option<&'a str> {
        let value = self.value(name)?;
        assert!(!value.starts_with('"') && !value.is_empty(), "{name}={value}");
        Some(value)
    }
}

/// Returns tracks as an engine tells them, which nobody else can make.
fn tracks() -> (VideoTrack, AudioTrack) {
    #[derive(Default)]
    struct Seen {
        video: Option<VideoTrack>,
        audio: Option<AudioTrack>,
    }

    impl SegmentSink for Seen {
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

        fn update_playlist(&mut self, _: Playlist<'_>) -> std::result::Result<(), Infallible> {
            Ok(())
        }

        fn track(&mut self, track: &Track) {
            match track {
                Track::Video(track) => self.video = Some(*track),
                Track::Audio(track) => self.audio = Some(*track),
                _ => {}
            }
        }
    }

    let mut seen = Seen::default();
    run(&mut seen, 1);
    seen.video.zip(seen.audio).expect("both tracks are told of")
}
