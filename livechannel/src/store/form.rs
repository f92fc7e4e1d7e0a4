//! What a channel's segments are made of: extensions of a configuration that OSS does not have.

use hls_segmenter::Options;
use hls_segmenter::config::{ConfigError, Parts, TargetDuration, WindowPolicy};
use hls_segmenter::time::Secs;
use serde::{Deserialize, Serialize};

/// The container of segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Container {
    /// MPEG-2 transport stream, as OSS has it.
    #[default]
    Ts,
    /// Fragmented MP4.
    Fmp4,
}

/// Container and parts; the default is OSS's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    #[serde(default)]
    pub(crate) container: Container,
    /// Milliseconds of a part of Low-Latency HLS; none makes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part_millis: Option<u32>,
}

impl Container {
    /// Reads the name of an extension element.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Ts, Self::Fmp4].into_iter().find(|known| name.eq_ignore_ascii_case(known.name()))
    }

    /// Returns the name that people read and write.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ts => "TS",
            Self::Fmp4 => "fMP4",
        }
    }

    /// Returns how the names of segments end.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Ts => "ts",
            Self::Fmp4 => "m4s",
        }
    }
}

impl Form {
    /// Returns whether it is OSS's own.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what the form asks of the engine. A list with parts declares its target duration: with
    /// key frames no further apart than FragDuration, no segment outgrows twice that.
    pub(crate) fn options(self, options: Options) -> Result<Options, ConfigError> {
        let Some(millis) = self.part_millis else {
            return Ok(options);
        };
        let target = options.frag_duration.secs().saturating_mul(2);
        Ok(Options {
            parts: Some(Parts::lasting(millis)?),
            target_duration: TargetDuration::Declared(Secs::new(target)),
            window: WindowPolicy::AtLeastThreeTargets,
            ..options
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hls_segmenter::Config;
    use hls_segmenter::config::FragDuration;

    #[test]
    fn containers_have_names_in_any_case() {
        for (name, want) in [
            ("ts", Some(Container::Ts)),
            ("TS", Some(Container::Ts)),
            ("fmp4", Some(Container::Fmp4)),
            ("fMP4", Some(Container::Fmp4)),
            ("mp4", None),
            ("", None),
        ] {
            assert_eq!(Container::parse(name), want, "{name}");
        }
    }

    #[test]
    fn ll_2_parts_go_with_a_declared_target_that_is_not_too_long_for_them() {
        for (secs, millis, fits) in
            [(2, 500, true), (5, 500, true), (6, 500, true), (7, 500, false), (2, 200, true)]
        {
            let form = Form { container: Container::Fmp4, part_millis: Some(millis) };
            let frag_duration = FragDuration::new(secs).unwrap();
            let options = form.options(Options { frag_duration, ..Options::default() }).unwrap();
            assert_eq!(Config::new(options).is_ok(), fits, "{secs} s, {millis} ms");
        }
        let form = Form { part_millis: Some(99), ..Form::default() };
        assert!(form.options(Options::default()).is_err());
    }

    #[test]
    fn a_plain_form_changes_nothing() {
        assert_eq!(Form::default().options(Options::default()), Ok(Options::default()));
        assert!(Form::default().is_plain());
    }
}
