//! A rendition: audio or captions that go with variants (RFC 8216 §4.3.4.1).

use core::fmt::{self, Write};

use crate::codec::audio::AudioCodecString;
use crate::stats::BitRates;
use crate::track::AudioTrack;

use super::super::uri::UriLine;
use super::error::MultivariantError;
use super::{is_quotable, is_uri};

/// A member of a group that variants name: EXT-X-MEDIA.
#[derive(Clone, Copy, Debug)]
pub struct Rendition<'a> {
    pub(super) media: Media<'a>,
    group: &'a str,
    pub(super) name: &'a str,
    language: Option<&'a str>,
    pub(super) is_default: bool,
}

/// What a rendition is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Media<'a> {
    /// Audio, in a playlist of its own or in the variants.
    Audio { track: AudioTrack, playlist: Option<AudioPlaylist<'a>> },
    /// Captions in the video of the variants.
    Captions(CaptionService),
}

/// Where the segments of an audio rendition are listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct AudioPlaylist<'a> {
    uri: &'a str,
    rates: BitRates,
}

/// What the members of a group are. Groups of both kinds may have one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupKind {
    Audio,
    Captions,
}

/// A group as a variant names it, or a rendition is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group<'a> {
    pub(super) kind: GroupKind,
    pub(super) id: &'a str,
}

impl GroupKind {
    /// Returns the attribute of EXT-X-STREAM-INF that names such a group; TYPE of its members is
    /// the same word.
    pub(super) const fn attribute(self) -> &'static str {
        match self {
            Self::Audio => "AUDIO",
            Self::Captions => "CLOSED-CAPTIONS",
        }
    }
}

/// Where in the video captions are: INSTREAM-ID. Further ones may come: it is not exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptionService {
    /// A channel of CEA-608, 1 to 4.
    Cea608(u8),
    /// A service of CEA-708, 1 to 63.
    Cea708(u8),
}

impl CaptionService {
    fn exists(self) -> bool {
        match self {
            Self::Cea608(channel) => channel_name(channel).is_some(),
            Self::Cea708(service) => matches!(service, 1..=63),
        }
    }

    fn write(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cea608(channel) => f.write_str(channel_name(channel).ok_or(fmt::Error)?),
            Self::Cea708(service) => write!(f, "SERVICE{service}"),
        }
    }
}

/// Returns INSTREAM-ID of a channel of CEA-608; `None` for one that does not exist.
const fn channel_name(channel: u8) -> Option<&'static str> {
    match channel {
        1 => Some("CC1"),
        2 => Some("CC2"),
        3 => Some("CC3"),
        4 => Some("CC4"),
        _ => None,
    }
}

impl<'a> Rendition<'a> {
    /// Makes an audio rendition; `name` is what players show. Its media is in the segments of the
    /// variants unless it has a [`playlist`](Self::playlist) of its own.
    pub const fn audio(group: &'a str, name: &'a str, track: AudioTrack) -> Self {
        Self::new(group, name, Media::Audio { track, playlist: None })
    }

    /// Makes a rendition of captions in the video of the variants; `name` is what players show.
    pub const fn captions(group: &'a str, name: &'a str, service: CaptionService) -> Self {
        Self::new(group, name, Media::Captions(service))
    }

    const fn new(group: &'a str, name: &'a str, media: Media<'a>) -> Self {
        Self { media, group, name, language: None, is_default: false }
    }

    /// Sets where the media playlist of an audio rendition is, relative to the multivariant
    /// playlist, and the bit rates of its segments. Captions have none, and stay as they are.
    #[must_use]
    pub const fn playlist(mut self, uri: &'a str, rates: BitRates) -> Self {
        if let Media::Audio { playlist, .. } = &mut self.media {
            *playlist = Some(AudioPlaylist { uri, rates });
        }
        self
    }

    /// Sets LANGUAGE, a tag of RFC 5646: `en`.
    #[must_use]
    pub const fn language(mut self, language: &'a str) -> Self {
        self.language = Some(language);
        self
    }

    /// Makes this the rendition that is played unless the user chooses otherwise: DEFAULT. Only one
    /// of a group may be.
    #[must_use]
    pub const fn default_choice(mut self) -> Self {
        self.is_default = true;
        self
    }

    /// Returns the group that the rendition is of.
    pub(super) const fn group(&self) -> Group<'a> {
        let kind = match self.media {
            Media::Audio { .. } => GroupKind::Audio,
            Media::Captions(_) => GroupKind::Captions,
        };
        Group { kind, id: self.group }
    }

    /// Returns the bit rates of a playlist of its own.
    pub(super) fn rates(&self) -> Option<BitRates> {
        match self.media {
            Media::Audio { playlist, .. } => playlist.map(|playlist| playlist.rates),
            Media::Captions(_) => None,
        }
    }

    /// Returns the codec of audio.
    pub(super) const fn codec(&self) -> Option<AudioCodecString> {
        match self.media {
            Media::Audio { track, .. } => Some(track.codec),
            Media::Captions(_) => None,
        }
    }

    /// Returns what is wrong with the rendition by itself.
    pub(super) fn check(&self, nth: usize) -> Result<(), MultivariantError> {
        let is_language = |language: &str| {
            !language.is_empty() && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let (has_uri, has_service) = match self.media {
            Media::Audio { playlist, .. } => {
                (playlist.is_none_or(|playlist| is_uri(playlist.uri)), true)
            }
            Media::Captions(service) => (true, service.exists()),
        };
        for (attribute, is_sound) in [
            ("GROUP-ID", is_quotable(self.group)),
            ("NAME", is_quotable(self.name)),
            ("LANGUAGE", self.language.is_none_or(is_language)),
            ("URI", has_uri),
            ("INSTREAM-ID", has_service),
        ] {
            if !is_sound {
                return Err(MultivariantError::RenditionAttribute { nth, attribute });
            }
        }
        Ok(())
    }

    /// Writes the playlist tag.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.group().kind.attribute();
        let Self { group, name, .. } = self;
        write!(f, "#EXT-X-MEDIA:TYPE={kind},GROUP-ID=\"{group}\",NAME=\"{name}\"")?;
        if let Some(language) = self.language {
            write!(f, ",LANGUAGE=\"{language}\"")?;
        }
        let is_default = if self.is_default { "YES" } else { "NO" };
        write!(f, ",DEFAULT={is_default},AUTOSELECT=YES")?;
        match self.media {
            Media::Captions(service) => {
                f.write_str(",INSTREAM-ID=\"")?;
                service.write(f)?;
                f.write_char('"')?;
            }
            Media::Audio { track, playlist } => {
                if let Some(channels) = track.channels {
                    write!(f, ",CHANNELS=\"{channels}\"")?;
                }
                if let Some(AudioPlaylist { uri, .. }) = playlist {
                    f.write_str(",URI=\"")?;
                    UriLine::new(f).write_str(uri)?;
                    f.write_char('"')?;
                }
            }
        }
        f.write_char('\n')
    }
}
