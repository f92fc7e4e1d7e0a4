//! The multivariant playlist: which variants of a stream there are, and which audio goes with them
//! (RFC 8216 §4.3.4, there named master playlist).
//!
//! ```text
//!   #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="stereo",NAME="English",…,URI="en.m3u8"
//!   #EXT-X-STREAM-INF:BANDWIDTH=5128000,…,CODECS="avc1.64001F,mp4a.40.2",AUDIO="stereo"
//!   720p.m3u8
//! ```
//!
//! What an attribute may say depends on other lines of the list: all of that is checked when a
//! [`Multivariant`] is made, so that writing one cannot fail.

mod error;
mod rendition;
mod variant;

pub use error::MultivariantError;
pub use rendition::{CaptionService, Rendition};
pub use variant::{Captions, Variant, VideoRange};

use core::fmt::{self, Write};

use crate::stats::BitRates;

use super::uri::UriLine;
use rendition::Media;

/// A multivariant playlist as text, through [`Display`](fmt::Display); nothing is allocated.
///
/// ```
/// use hls_segmenter::playlist::{Captions, Multivariant, Rendition, Variant};
/// use hls_segmenter::{AudioTrack, BitRates, VideoTrack};
///
/// fn text(high: VideoTrack, low: VideoTrack, sound: AudioTrack) -> String {
///     let audio = Rendition::audio("aac", "English", sound)
///         .playlist("audio.m3u8", BitRates::new(130_000, 128_000))
///         .language("en")
///         .default_choice();
///     let variant = |uri, rates, video| {
///         let variant = Variant::new(uri, rates).video(video).audio_group("aac");
///         variant.captions(Captions::None)
///     };
///     let variants = [
///         variant("720p.m3u8", BitRates::new(3_100_000, 2_500_000), high),
///         variant("360p.m3u8", BitRates::new(900_000, 700_000), low),
///     ];
///     let renditions = [audio];
///     let list = Multivariant::new(&variants, &renditions);
///     list.map(|list| list.to_string()).unwrap_or_default()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Multivariant<'a> {
    variants: &'a [Variant<'a>],
    renditions: &'a [Rendition<'a>],
    least_version: u8,
    has_independent_segments: bool,
}

impl<'a> Multivariant<'a> {
    /// Takes the variants in the order in which players should see them, and the renditions of
    /// their groups.
    ///
    /// # Errors
    ///
    /// [`MultivariantError`] says which variant or rendition is not what it must be: a URI that is
    /// none, an attribute that cannot stand between quotes, no bit rate, no track, VIDEO-RANGE
    /// without FRAME-RATE, a group without members, CLOSED-CAPTIONS=NONE beside other variants, two
    /// members of a group with one name, two defaults.
    pub fn new(
        variants: &'a [Variant<'a>],
        renditions: &'a [Rendition<'a>],
    ) -> Result<Self, MultivariantError> {
        if variants.is_empty() {
            return Err(MultivariantError::NoVariant);
        }
        for (nth, rendition) in renditions.iter().enumerate() {
            rendition.check(nth)?;
            let earlier = renditions.iter().take(nth);
            for other in earlier.filter(|other| other.group() == rendition.group()) {
                if other.name == rendition.name {
                    return Err(MultivariantError::RenditionName { nth });
                }
                if other.is_default && rendition.is_default {
                    return Err(MultivariantError::SecondDefault { nth });
                }
            }
        }
        let without_captions = |variant: &Variant<'_>| variant.captions == Captions::None;
        let is_without_captions = variants.iter().any(without_captions);
        for (nth, variant) in variants.iter().enumerate() {
            variant.check(nth)?;
            for group in variant.groups() {
                if !renditions.iter().any(|rendition| rendition.group() == group) {
                    let attribute = group.kind.attribute();
                    return Err(MultivariantError::EmptyGroup { nth, attribute });
                }
            }
            if is_without_captions && !without_captions(variant) {
                return Err(MultivariantError::CaptionsBesideNone { nth });
            }
        }
        Ok(Self { variants, renditions, least_version: 0, has_independent_segments: false })
    }

    /// Adds EXT-X-INDEPENDENT-SEGMENTS (RFC 8216 §4.3.5.1), which then holds for all segments of
    /// all playlists.
    #[must_use]
    pub const fn independent_segments(mut self) -> Self {
        self.has_independent_segments = true;
        self
    }

    /// Raises EXT-X-VERSION. It is 7 where a rendition is a caption service of CEA-708, and 4
    /// otherwise, the first version with renditions (RFC 8216 §7).
    #[must_use]
    pub const fn min_version(mut self, least: u8) -> Self {
        self.least_version = least;
        self
    }

    fn version(&self) -> u8 {
        let is_service = |rendition: &Rendition<'_>| {
            matches!(rendition.media, Media::Captions(CaptionService::Cea708(_)))
        };
        let needed = if self.renditions.iter().any(is_service) { 7 } else { 4 };
        self.least_version.max(needed)
    }

    /// Iterates over the audio of a variant's group.
    fn audio_of(
        &self,
        variant: &'a Variant<'a>,
    ) -> impl Iterator<Item = &'a Rendition<'a>> + Clone {
        let group = variant.audio_renditions();
        self.renditions.iter().filter(move |rendition| Some(rendition.group()) == group)
    }

    /// Returns the largest rates of the variant with one of the renditions that go with it.
    fn rates(&self, variant: &'a Variant<'a>) -> BitRates {
        let renditions = self.audio_of(variant).filter_map(Rendition::rates);
        let most = renditions.fold(BitRates::new(0, 0), |most, rates| {
            BitRates::new(most.peak.max(rates.peak), most.average.max(rates.average))
        });
        let BitRates { peak, average } = variant.rates;
        BitRates::new(peak.saturating_add(most.peak), average.saturating_add(most.average))
    }

    /// Writes the codecs of a variant and of the audio that goes with it, each once.
    fn write_codecs(&self, f: &mut fmt::Formatter<'_>, variant: &'a Variant<'a>) -> fmt::Result {
        let own = variant.audio.map(|audio| audio.codec);
        let others = self.audio_of(variant).filter_map(Rendition::codec);
        let audio = own.into_iter().chain(others);
        let mut separator = "";
        f.write_str(",CODECS=\"")?;
        if let Some(video) = variant.video {
            write!(f, "{}", video.codec)?;
            separator = ",";
        }
        for (nth, codec) in audio.clone().enumerate() {
            if audio.clone().take(nth).all(|earlier| earlier != codec) {
                write!(f, "{separator}{codec}")?;
                separator = ",";
            }
        }
        f.write_char('"')
    }

    fn write_variant(&self, f: &mut fmt::Formatter<'_>, variant: &'a Variant<'a>) -> fmt::Result {
        let BitRates { peak, average } = self.rates(variant);
        write!(f, "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average}")?;
        self.write_codecs(f, variant)?;
        variant.write_picture(f)?;
        if let Some(group) = variant.audio_group {
            write!(f, ",AUDIO=\"{group}\"")?;
        }
        match variant.captions {
            Captions::Unstated => {}
            Captions::None => f.write_str(",CLOSED-CAPTIONS=NONE")?,
            Captions::Group(group) => write!(f, ",CLOSED-CAPTIONS=\"{group}\"")?,
        }
        f.write_char('\n')?;
        UriLine::new(f).write_str(variant.uri)?;
        f.write_char('\n')
    }
}

impl fmt::Display for Multivariant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXTM3U\n#EXT-X-VERSION:{}", self.version())?;
        if self.has_independent_segments {
            f.write_str("#EXT-X-INDEPENDENT-SEGMENTS\n")?;
        }
        self.renditions.iter().try_for_each(|rendition| rendition.write(f))?;
        self.variants.iter().try_for_each(|variant| self.write_variant(f, variant))
    }
}

/// Returns whether a value can stand between quotes (RFC 8216 §4.2).
fn is_quotable(value: &str) -> bool {
    !value.is_empty() && !value.chars().any(|c| c.is_control() || c == '"')
}

/// Returns whether a URI is one that [`UriLine`] lets through.
fn is_uri(uri: &str) -> bool {
    is_quotable(uri) && !uri.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::audio::AudioFormat;
    use crate::codec::mpeg_audio::FrameHeader;
    use crate::codec::video::VideoCoding;
    use crate::track::{AudioTrack, VideoTrack};
    use std::string::ToString;
    use std::vec::Vec;

    fn video(size: Option<(u32, u32)>, frame_rate: Option<(u32, u32)>) -> VideoTrack {
        let format = VideoCoding::Avc.picture_format(&[0x67, 0x64, 0, 0x1f]).unwrap();
        let (width, height) = size.unzip();
        VideoTrack { codec: format.codec, width, height, frame_rate }
    }

    fn mp3() -> AudioTrack {
        // MPEG-1 layer III, 128 kbit/s, 44 100 Hz, stereo.
        let header = FrameHeader::parse(&[0xff, 0xfb, 0x90, 0x00]).unwrap();
        AudioTrack::from(&AudioFormat::of_mpeg(&header))
    }

    fn hd() -> Variant<'static> {
        let track = video(Some((1280, 720)), Some((30_000, 1001)));
        Variant::new("720p.m3u8", BitRates::new(3_000_000, 2_500_000)).video(track)
    }

    fn english() -> Rendition<'static> {
        Rendition::audio("g", "English", mp3())
            .playlist("a b.m3u8", BitRates::new(130_000, 128_000))
    }

    fn error(variants: &[Variant<'_>], renditions: &[Rendition<'_>]) -> Option<MultivariantError> {
        Multivariant::new(variants, renditions).err()
    }

    #[test]
    fn pl_5_the_text_is_exactly_this() {
        let german = Rendition::audio("g", "Deutsch", mp3())
            .playlist("de.m3u8", BitRates::new(200_000, 127_000))
            .language("de-AT")
            .default_choice();
        let captions = Rendition::captions("c", "Roll-up", CaptionService::Cea608(1));
        let renditions = [english(), german, captions];
        let variants = [
            hd().audio_group("g").video_range(VideoRange::Pq).captions(Captions::Group("c")),
            Variant::new("audio.m3u8", BitRates::new(130_000, 128_000)).audio(mp3()),
        ];
        let list = Multivariant::new(&variants, &renditions).unwrap();
        let want = "#EXTM3U\n#EXT-X-VERSION:4\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"English\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"a%20b.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"Deutsch\",LANGUAGE=\"de-AT\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"de.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"Roll-up\",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID=\"CC1\"\n\
            #EXT-X-STREAM-INF:BANDWIDTH=3200000,AVERAGE-BANDWIDTH=2628000,CODECS=\"avc1.64001F,mp4a.40.34\",\
            RESOLUTION=1280x720,FRAME-RATE=29.970,VIDEO-RANGE=PQ,AUDIO=\"g\",CLOSED-CAPTIONS=\"c\"\n720p.m3u8\n\
            #EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS=\"mp4a.40.34\"\naudio.m3u8\n";
        assert_eq!(list.to_string(), want);
        let independent = want.replace("SION:4\n", "SION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n");
        assert_eq!(list.min_version(6).independent_segments().to_string(), independent);
    }

    #[test]
    fn pl_5_a_service_of_cea_708_needs_version_7() {
        for (service, version) in [(CaptionService::Cea608(4), 4), (CaptionService::Cea708(63), 7)]
        {
            let renditions = [Rendition::captions("c", "n", service)];
            let variants = [hd().captions(Captions::Group("c"))];
            let text = Multivariant::new(&variants, &renditions).unwrap().to_string();
            assert!(text.contains(&std::format!("#EXT-X-VERSION:{version}\n")), "{text}");
        }
    }

    #[test]
    fn pl_5_a_video_range_other_than_sdr_needs_a_frame_rate() {
        for (range, frame_rate, passes) in [
            (VideoRange::Sdr, None, true),
            (VideoRange::Hlg, None, false),
            (VideoRange::Pq, None, false),
            (VideoRange::Pq, Some((0, 1)), false),
            (VideoRange::Pq, Some((25, 1)), true),
            (VideoRange::Hlg, Some((60_000, 1001)), true),
        ] {
            let variant =
                Variant::new("v.m3u8", BitRates::new(1, 1)).video(video(None, frame_rate));
            let want = (!passes).then_some(MultivariantError::FrameRateMissing { nth: 1 });
            assert_eq!(error(&[hd(), variant.video_range(range)], &[]), want, "{range:?}");
        }
        let ranges = [1, 6, 14, 15, 16, 17, 18].map(VideoRange::of_transfer);
        let (sdr, pq, hlg) = (VideoRange::Sdr, VideoRange::Pq, VideoRange::Hlg);
        assert_eq!(ranges, [sdr, sdr, sdr, sdr, pq, sdr, hlg]);
    }

    #[test]
    fn pl_5_what_is_wrong_with_a_variant_is_told() {
        let none = Captions::None;
        let rates = BitRates::new(1, 1);
        let track = video(None, None);
        let at = |uri| Variant::new(uri, rates).video(track);
        for (variant, want) in [
            (hd(), None),
            (at(""), Some(MultivariantError::VariantUri { nth: 0 })),
            (at("#a"), Some(MultivariantError::VariantUri { nth: 0 })),
            (at("a\nb"), Some(MultivariantError::VariantUri { nth: 0 })),
            (Variant::new("v", rates), Some(MultivariantError::NoTrack { nth: 0 })),
            (
                Variant::new("v", BitRates::new(0, 0)).video(track),
                Some(MultivariantError::NoBandwidth { nth: 0 }),
            ),
            (
                hd().audio_group("h"),
                Some(MultivariantError::EmptyGroup { nth: 0, attribute: "AUDIO" }),
            ),
            (
                hd().captions(Captions::Group("g")),
                Some(MultivariantError::EmptyGroup { nth: 0, attribute: "CLOSED-CAPTIONS" }),
            ),
            (hd().captions(none), Some(MultivariantError::CaptionsBesideNone { nth: 1 })),
        ] {
            assert_eq!(error(&[variant, hd()], &[english()]), want, "{variant:?}");
        }
        assert_eq!(error(&[hd().captions(none), hd().captions(none)], &[]), None);
        assert_eq!(error(&[], &[]), Some(MultivariantError::NoVariant));
        let audio = Variant::new("v", rates).audio_group("g");
        assert_eq!(error(&[audio], &[english()]), None);
    }

    #[test]
    fn pl_5_what_is_wrong_with_a_rendition_is_told() {
        let rates = BitRates::new(1, 1);
        let attribute =
            |attribute| Some(MultivariantError::RenditionAttribute { nth: 1, attribute });
        let service = |service| Rendition::captions("g", "n", service);
        for (rendition, want) in [
            (Rendition::audio("g", "n", mp3()), None),
            (Rendition::audio("", "n", mp3()), attribute("GROUP-ID")),
            (Rendition::audio("g\"", "n", mp3()), attribute("GROUP-ID")),
            (Rendition::audio("g", "a\nb", mp3()), attribute("NAME")),
            (Rendition::audio("g", "", mp3()), attribute("NAME")),
            (english().language("en_GB"), attribute("LANGUAGE")),
            (english().language(""), attribute("LANGUAGE")),
            (english().playlist("#x", rates), attribute("URI")),
            (service(CaptionService::Cea608(5)), attribute("INSTREAM-ID")),
            (service(CaptionService::Cea708(0)), attribute("INSTREAM-ID")),
            (Rendition::captions("g", "English", CaptionService::Cea608(1)), None),
            (english(), Some(MultivariantError::RenditionName { nth: 1 })),
            (
                Rendition::audio("g", "n", mp3()).default_choice(),
                Some(MultivariantError::SecondDefault { nth: 1 }),
            ),
            (Rendition::audio("h", "English", mp3()).default_choice(), None),
        ] {
            assert_eq!(error(&[hd()], &[english().default_choice(), rendition]), want);
        }
    }

    #[test]
    fn pl_5_errors_say_which_variant_or_rendition_they_are_about() {
        let nth = 7;
        let texts: Vec<_> = [
            MultivariantError::VariantUri { nth },
            MultivariantError::NoBandwidth { nth },
            MultivariantError::NoTrack { nth },
            MultivariantError::FrameRateMissing { nth },
            MultivariantError::EmptyGroup { nth, attribute: "AUDIO" },
            MultivariantError::CaptionsBesideNone { nth },
            MultivariantError::RenditionAttribute { nth, attribute: "NAME" },
            MultivariantError::RenditionName { nth },
            MultivariantError::SecondDefault { nth },
        ]
        .map(|error| error.to_string())
        .into();
        assert!(texts.iter().all(|text| text.contains(" 7")), "{texts:?}");
    }
}
