//! The text of a media playlist with parts (draft-pantos-hls-rfc8216bis §4.4.3.7, §4.4.3.8,
//! §4.4.4.9, §4.4.5.3, §6.2.5.1).
//!
//! ```text
//!   EXT-X-SERVER-CONTROL, EXT-X-PART-INF
//!   segments further than three target durations from the end      EXTINF
//!   those that are nearer                                          EXT-X-PART …, EXTINF
//!   the segment that is being written                              EXT-X-PART …
//!   what comes next                                                EXT-X-PRELOAD-HINT
//! ```

use core::fmt::{self, Write};

use super::lines::{Before, SegmentLines};
use super::live::{Live, NextPart};
use super::uri::UriLine;
use super::{ListedSegment, Playlist};
use crate::part::ListedPart;
use crate::time::TickSpan;

/// A live playlist with parts as text, through [`Display`](fmt::Display); nothing is allocated.
///
/// Without what it adds it is the [plain text](super::M3u8), of which it is made by
/// [`M3u8::low_latency`](super::M3u8::low_latency). Tags that stand before the parts of the segment
/// that is being written have no segment yet: players that know no parts pass them over.
#[derive(Clone, Copy)]
pub struct LowLatencyM3u8<'a, F, T, M, P> {
    playlist: Playlist<'a>,
    lines: SegmentLines<F, T, M>,
    part_uri: P,
    update: Update,
}

/// Which segments a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Update {
    Whole,
    Delta,
}

impl<'a, F, T, M, P> LowLatencyM3u8<'a, F, T, M, P> {
    pub(super) const fn new(
        playlist: Playlist<'a>,
        lines: SegmentLines<F, T, M>,
        part_uri: P,
    ) -> Self {
        Self { playlist, lines, part_uri, update: Update::Whole }
    }

    /// Makes the delta update that answers `_HLS_skip=YES`: segments further from the end than six
    /// target durations are counted by one EXT-X-SKIP, and EXT-X-VERSION is at least 9 where there
    /// are any. A list that has ended is always whole (§6.2.5.1).
    #[must_use]
    pub fn delta(self) -> Self {
        Self { update: Update::Delta, ..self }
    }
}

impl<F, T, M, P> LowLatencyM3u8<'_, F, T, M, P>
where
    P: Fn(NextPart, &mut dyn Write) -> fmt::Result,
{
    /// Returns how many segments a delta update leaves out: those that end six target durations or
    /// more before the end of the list.
    fn skipped(&self, live: &Live<'_>) -> usize {
        if self.update == Update::Whole || self.playlist.ended() {
            return 0;
        }
        let boundary = self.playlist.target_duration().span() * SKIP_TARGETS;
        let parts = live.open.into_iter().flat_map(|open| live.ring.of_open(open.id));
        let segments = self.playlist.segments().map(|segment| segment.extinf.span());
        let mut left = segments
            .chain(parts.map(|part| part.duration))
            .fold(TickSpan::ZERO, |whole, span| whole + span);
        let is_skipped = |segment: &ListedSegment| {
            left = left - segment.extinf.span();
            left >= boundary
        };
        self.playlist.segments().take_while(is_skipped).count()
    }

    /// Writes the tags that say what players may ask for.
    fn write_control(&self, f: &mut fmt::Formatter<'_>, live: &Live<'_>) -> fmt::Result {
        let target = self.playlist.target_duration().secs();
        let part_target = live.parts.target();
        let (skip, hold) = (u64::from(target) * 6, u64::from(target) * 3);
        let part_hold = Decimal(part_target * PART_HOLD_TARGETS);
        writeln!(
            f,
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={skip}.0,HOLD-BACK={hold}.0,\
             PART-HOLD-BACK={part_hold}"
        )?;
        writeln!(f, "#EXT-X-PART-INF:PART-TARGET={}", Decimal(part_target))
    }

    fn write_part(&self, f: &mut fmt::Formatter<'_>, part: ListedPart) -> fmt::Result {
        write!(f, "#EXT-X-PART:DURATION={},URI=\"", Decimal(part.duration))?;
        self.write_uri(f, part.into())?;
        f.write_str(if part.independent { "\",INDEPENDENT=YES\n" } else { "\"\n" })
    }

    fn write_uri(&self, f: &mut fmt::Formatter<'_>, part: NextPart) -> fmt::Result {
        let mut line = UriLine::new(f);
        (self.part_uri)(part, &mut line)?;
        line.finish()
    }
}

impl<F, T, M, P> fmt::Display for LowLatencyM3u8<'_, F, T, M, P>
where
    F: Fn(&ListedSegment, &mut dyn Write) -> fmt::Result,
    T: Fn(&ListedSegment, bool, &mut dyn Write) -> fmt::Result,
    M: Fn(u64, &mut dyn Write) -> fmt::Result,
    P: Fn(NextPart, &mut dyn Write) -> fmt::Result,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (playlist, lines) = (&self.playlist, &self.lines);
        let live = playlist.live.as_ref().ok_or(fmt::Error)?;
        let skipped = self.skipped(live);
        let listed = playlist.segments().chain(live.open);
        let version = lines.version(playlist.version().number(), listed);
        let version = if skipped > 0 { version.max(SKIP_VERSION) } else { version };
        playlist.write_head(f, version)?;
        self.write_control(f, live)?;
        playlist.write_numbers(f)?;
        if skipped > 0 {
            writeln!(f, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")?;
        }
        let mut before = Before::NOTHING;
        let count = playlist.segments().len();
        for (nth, segment) in playlist.segments().enumerate() {
            if nth < skipped {
                before.init = segment.init;
                continue;
            }
            lines.write_tags(f, version, &segment, before)?;
            for part in live.ring.of_closed(count - 1 - nth, segment.id) {
                self.write_part(f, part)?;
            }
            lines.write_segment(f, &segment)?;
            before = Before::after(&segment);
        }
        if playlist.ended() {
            return f.write_str("#EXT-X-ENDLIST\n");
        }
        if let Some(open) = live.open.filter(|_| live.ring.open_count() > 0) {
            lines.write_tags(f, version, &open, before)?;
            for part in live.ring.of_open(open.id) {
                self.write_part(f, part)?;
            }
        }
        f.write_str("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"")?;
        self.write_uri(f, live.next_part())?;
        f.write_str("\"\n")
    }
}

impl<F, T, M, P> fmt::Debug for LowLatencyM3u8<'_, F, T, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LowLatencyM3u8").field("playlist", &self.playlist).finish_non_exhaustive()
    }
}

/// Seconds with as many decimals as a tick needs, and no more zeros than one.
struct Decimal(TickSpan);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticks = self.0.get();
        let (secs, rest) = (ticks / 90_000, ticks % 90_000);
        // Rounded down: no part is printed as longer than it is.
        let mut decimals = rest * 100_000 / 90_000;
        let mut places = 5;
        while places > 1 && decimals % 10 == 0 {
            decimals /= 10;
            places -= 1;
        }
        write!(f, "{secs}.{decimals:0places$}")
    }
}

/// The Skip Boundary, in target durations (§4.4.3.8).
const SKIP_TARGETS: i64 = 6;
/// How far from the end players begin, in Part Target Durations (§4.4.3.8).
const PART_HOLD_TARGETS: i64 = 3;
/// EXT-X-VERSION that EXT-X-SKIP needs (§8).
const SKIP_VERSION: u8 = 9;
