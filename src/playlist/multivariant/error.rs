//! Why a multivariant playlist cannot be made.

/// Why a multivariant playlist cannot be made. `nth` counts from 0 in the slice that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MultivariantError {
    /// There is no variant.
    NoVariant,
    /// The URI of a variant is empty, begins with `#`, or has a control character or a double quote
    /// in it.
    VariantUri {
        /// Which variant.
        nth: usize,
    },
    /// A variant has a peak bit rate of 0: BANDWIDTH is required (RFC 8216 §4.3.4.2).
    NoBandwidth {
        /// Which variant.
        nth: usize,
    },
    /// A variant has neither a track nor an audio group: nothing can be said of its codecs.
    NoTrack {
        /// Which variant.
        nth: usize,
    },
    /// A variant has a VIDEO-RANGE other than SDR and no frame rate: players of Apple leave such
    /// variants out.
    FrameRateMissing {
        /// Which variant.
        nth: usize,
    },
    /// A variant names a group that no rendition is of.
    EmptyGroup {
        /// Which variant.
        nth: usize,
        /// Name of the attribute: AUDIO or CLOSED-CAPTIONS.
        attribute: &'static str,
    },
    /// A variant does not say CLOSED-CAPTIONS=NONE, and another one does.
    CaptionsBesideNone {
        /// Which variant.
        nth: usize,
    },
    /// An attribute of a rendition is empty, or cannot stand between quotes.
    RenditionAttribute {
        /// Which rendition.
        nth: usize,
        /// Name of the attribute.
        attribute: &'static str,
    },
    /// A rendition has the name of another one of its group.
    RenditionName {
        /// Which rendition.
        nth: usize,
    },
    /// A group has a second rendition that is the default.
    SecondDefault {
        /// Which rendition.
        nth: usize,
    },
}

error_texts! {
    MultivariantError {
        Self::NoVariant => "there is no variant";
        Self::VariantUri { nth } => "the URI of variant {nth} cannot stand in a playlist";
        Self::NoBandwidth { nth } => "variant {nth} has no bit rate";
        Self::NoTrack { nth } => "variant {nth} has neither a track nor an audio group";
        Self::FrameRateMissing { nth } =>
            "variant {nth} has a video range other than SDR and no frame rate";
        Self::EmptyGroup { nth, attribute } =>
            "no rendition is of the group that {attribute} of variant {nth} names";
        Self::CaptionsBesideNone { nth } =>
            "variant {nth} does not say CLOSED-CAPTIONS=NONE and another one does";
        Self::RenditionAttribute { nth, attribute } =>
            "{attribute} of rendition {nth} cannot stand in a playlist";
        Self::RenditionName { nth } => "rendition {nth} has the name of another one of its group";
        Self::SecondDefault { nth } => "rendition {nth} is the second default of its group";
    }
}
