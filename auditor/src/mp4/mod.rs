//! The fragmented MP4 of one engine, read fragment by fragment across segments (ISO/IEC 14496-12,
//! ISO/IEC 14496-15, RFC 8216 §3.3).
//!
//! ```text
//!   section ──► Movie: tracks, timescales, parameter sets
//!   payload ──► kept ┐
//!   head ───────────►┴──► Fragment ──► places, times ──► samples ──► Unit
//! ```

mod audio;
mod av1;
mod boxes;
mod fragment;
mod init;
mod record;
mod samples;

use std::collections::BTreeMap;

use hls_segmenter::time::{TickSpan, WireTime};
use hls_segmenter::{Segment, SegmentStart};

use super::es::Settings;
use super::numbers::ends_with_last_frame;
use super::ts::Boundary;
use super::violation::{Findings, Rule};
use fragment::{Fragment, Sample};
use init::{Movie, Track};
use samples::Pictures;

/// Sections and numbers that are handed out once in an engine's life: no aborted segment takes them
/// back.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    known: BTreeMap<u64, Section>,
    /// Number that the next fragment has.
    next_fragment: Option<u32>,
}

#[derive(Clone, Debug)]
struct Section {
    bytes: Vec<u8>,
    movie: Movie,
}

/// State of the fragments as the listed segments have them, and of the open one on top.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragments {
    /// The section that the open segment needs.
    section: Option<u64>,
    /// The tables changed with the open segment.
    pub(super) changed: bool,
    payload: Vec<u8>,
    /// Where the next sample of each track begins, in its own units.
    next: BTreeMap<u32, u64>,
    /// From where to where the samples of each kind in the open segment reach, in ticks.
    video: Option<(u64, u64)>,
    audio: Option<(u64, u64)>,
    audio_rate: u32,
    /// When the last picture is decoded, in ticks.
    last_picture: Option<u64>,
    pictures: Pictures,
    /// A fragment of the open segment has come.
    begun: bool,
    /// Pictures are still to come that may be decoded at other times than they should.
    guesses: u32,
    /// There was such a one in the open segment.
    pub(super) has_guessed: bool,
}

/// A sample with all that is known of it.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) is_video: bool,
    pub(super) dts: WireTime,
    pub(super) pts: WireTime,
    pub(super) span: TickSpan,
    pub(super) random_access: Option<bool>,
    pub(super) sync: bool,
    /// It has no slice that begins a picture.
    pub(super) is_rest: bool,
    /// It is decoded at the time of the picture before it.
    pub(super) is_late: bool,
    pub(super) bytes: Vec<u8>,
}

impl Sections {
    /// Takes the number that the next fragment should have.
    pub(super) const fn expect_fragment(&mut self, number: u32) {
        self.next_fragment = Some(number);
    }

    /// Takes a section.
    pub(super) fn take(&mut self, id: u64, bytes: &[u8], findings: &mut Findings) {
        let movie = init::read(bytes, findings);
        let before = self.known.insert(id, Section { bytes: bytes.to_vec(), movie });
        findings.expect(before.is_none(), Rule::Map, format_args!("section {id} comes twice"));
    }

    /// Forgets sections that no segment needs any more.
    pub(super) fn forget(&mut self, id: u64) {
        self.known.remove(&id);
    }

    /// Takes the number of a fragment.
    fn take_number(&mut self, number: Option<u32>, findings: &mut Findings) {
        if let Some(want) = self.next_fragment {
            findings.expect(
                number == Some(want),
                Rule::FragmentNumber,
                format_args!("sequence_number is {number:?}, not {want}"),
            );
        }
        self.next_fragment = number.map(|number| number.wrapping_add(1).max(1));
    }
}

impl Fragments {
    pub(super) fn begin_segment(
        &mut self,
        start: &SegmentStart,
        boundary: Boundary,
        sections: &Sections,
        findings: &mut Findings,
    ) {
        let bytes = |id: Option<u64>| id.and_then(|id| sections.known.get(&id));
        let (old, new) = (bytes(self.section), bytes(start.init));
        self.changed = self.section != start.init
            && old.zip(new).is_none_or(|(old, new)| old.bytes != new.bytes);
        findings.expect(
            boundary != Boundary::Continuous || self.section == start.init,
            Rule::Reconfigured,
            format_args!("section is {:?} behind {:?} without a break", start.init, self.section),
        );
        findings.expect(
            start.init.is_none() || new.is_some(),
            Rule::Map,
            format_args!("section {:?} was not handed over", start.init),
        );
        self.section = start.init;
        if boundary != Boundary::Continuous {
            self.next.clear();
            self.guesses = 0;
        }
        (self.video, self.audio) = (None, None);
        self.payload.clear();
        (self.begun, self.has_guessed) = (false, self.guesses > 0);
        self.pictures.begin_segment(boundary);
    }

    pub(super) fn take_payload(&mut self, payload: &[u8], findings: &mut Findings) {
        findings.expect(
            !payload.is_empty(),
            Rule::FragmentOrder,
            format_args!("payload has no bytes"),
        );
        self.payload.extend_from_slice(payload);
    }

    /// Takes a head, and returns the samples of its fragment in the order of their bytes.
    pub(super) fn take_head(
        &mut self,
        head: &[u8],
        told: (usize, u32),
        sections: &mut Sections,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Vec<Unit> {
        let payload = core::mem::take(&mut self.payload);
        findings.expect(
            !payload.is_empty(),
            Rule::FragmentOrder,
            format_args!("a head comes and no payload before it"),
        );
        let movie = self.section.and_then(|id| sections.known.get(&id));
        let movie = movie.map(|section| section.movie.clone()).unwrap_or_default();
        let fragment = fragment::read(head, payload.len(), &movie, findings);
        let (len, number) = (payload.len(), fragment.sequence);
        findings.expect(
            told == (len, number.unwrap_or(0)),
            Rule::Facts,
            format_args!("a head tells length and number {told:?}, and has {len}, {number:?}"),
        );
        sections.take_number(number, findings);
        let units = self.units(&fragment, &movie, &payload, settings, findings);
        self.follow_guesses(&units, movie.has_video());
        units
    }

    /// Audio that ends a fragment within a segment leaves open how long its last picture lasts. What
    /// was assumed is made good with the next picture, whose beginning is off by as much.
    fn follow_guesses(&mut self, units: &[Unit], has_video: bool) {
        let begins_with_audio = units.first().is_some_and(|unit| !unit.is_video);
        if has_video && begins_with_audio && self.begun {
            (self.guesses, self.has_guessed) = (2, true);
        }
        let pictures = units.iter().filter(|unit| unit.is_video).count();
        self.guesses = self.guesses.saturating_sub(u32::try_from(pictures).unwrap_or(u32::MAX));
        self.begun = true;
    }

    /// Returns how far from its time the next picture may be decoded.
    pub(super) const fn guess(&self) -> u64 {
        if self.guesses > 0 { TICKS_PER_SEC } else { 0 }
    }

    /// Takes the number of a head that a sink did not take: it is not used again.
    pub(super) fn skip_head(number: u32, sections: &mut Sections, findings: &mut Findings) {
        sections.take_number(Some(number), findings);
    }

    fn units(
        &mut self,
        fragment: &Fragment,
        movie: &Movie,
        payload: &[u8],
        settings: &Settings,
        findings: &mut Findings,
    ) -> Vec<Unit> {
        let mut placed = Vec::new();
        for run in &fragment.tracks {
            let Some(track) = movie.track(run.id) else { continue };
            let mut time = self.begin_at(track, run.start, findings);
            for sample in &run.samples {
                placed.push((sample, track, time));
                time = time.saturating_add(u64::from(sample.duration));
            }
            self.next.insert(run.id, time);
        }
        placed.sort_by_key(|(sample, ..)| (sample.bytes.start, sample.bytes.end));
        let units = placed.into_iter().filter_map(|(sample, track, time)| {
            let bytes = payload.get(sample.bytes.clone())?;
            Some(self.unit(sample, track, time, bytes, settings, findings))
        });
        units.collect()
    }

    /// Returns where a track goes on, which is where its samples so far end.
    fn begin_at(&self, track: &Track, start: u64, findings: &mut Findings) -> u64 {
        if let Some(&want) = self.next.get(&track.id) {
            let track_id = track.id;
            // A hole that shows when the frame before it is in an earlier fragment (§8.8.12).
            let least = if track.coding.is_video() { LATE_PICTURE } else { SAMPLES };
            let is_hole = start > want.saturating_add(least);
            findings.expect(
                start == want || is_hole,
                Rule::DecodeTime,
                format_args!(
                    "tfdt of track {track_id} is {start}, its samples so far end at {want}"
                ),
            );
        }
        start
    }

    fn unit(
        &mut self,
        sample: &Sample,
        track: &Track,
        time: u64,
        bytes: &[u8],
        settings: &Settings,
        findings: &mut Findings,
    ) -> Unit {
        let is_video = track.coding.is_video();
        findings.expect(
            !bytes.is_empty(),
            Rule::NalUnits,
            format_args!("a sample of track {} is empty", track.id),
        );
        let picture = self.pictures_take(sample, track, bytes, settings, findings);
        let dts = in_ticks(time, track.timescale);
        let end = in_ticks(time.saturating_add(u64::from(sample.duration)), track.timescale);
        let is_late = is_video && self.video.is_some() && self.last_picture == Some(dts);
        if is_video {
            self.last_picture = Some(dts);
        }
        let reach = if is_video { &mut self.video } else { &mut self.audio };
        *reach = Some((reach.map_or(dts, |(start, _)| start), end));
        // It came too late to be decoded when it should: others had begun by then.
        self.has_guessed |= is_video && sample.offset < 0;
        if !is_video {
            self.audio_rate = track.timescale;
            findings.expect(
                sample.sync && sample.offset == 0,
                Rule::Sync,
                format_args!("audio with offset {}, sync: {}", sample.offset, sample.sync),
            );
        }
        let offset = if is_video { i64::from(sample.offset) } else { 0 };
        Unit {
            is_video,
            dts: WireTime::new(dts),
            pts: WireTime::new(dts.wrapping_add_signed(offset)),
            span: TickSpan::new(end.wrapping_sub(dts).cast_signed()),
            random_access: picture.random_access,
            sync: sample.sync,
            is_rest: picture.is_rest,
            is_late,
            bytes: bytes.to_vec(),
        }
    }

    fn pictures_take(
        &mut self,
        sample: &Sample,
        track: &Track,
        bytes: &[u8],
        settings: &Settings,
        findings: &mut Findings,
    ) -> samples::Picture {
        if !track.coding.is_video() {
            return samples::Picture::default();
        }
        self.pictures.take(bytes, sample.sync, &track.coding, settings, findings)
    }

    /// Judges a part or a segment that is about to close.
    pub(super) fn check_whole(&self, findings: &mut Findings) {
        let left = self.payload.len();
        findings.expect(
            left == 0,
            Rule::FragmentOrder,
            format_args!("{left} bytes of payload have no head"),
        );
    }

    /// Compares the duration that is told of a segment with that of its samples. What a strange
    /// source does to times that have no overlap is not told by the output.
    pub(super) fn check_duration(
        &self,
        segment: &Segment,
        (has_video, video_leads): (bool, bool),
        findings: &mut Findings,
    ) {
        let (audio, video) = (self.audio.unwrap_or_default(), self.video.unwrap_or_default());
        let (start, end) = if video_leads { video } else { audio };
        let told = segment.duration.get();
        let span_to = |end: u64| end.wrapping_sub(start).cast_signed();
        // A clock of samples and one of ticks agree within two samples at either end.
        let rounding = (4 * TICKS_PER_SEC).div_ceil(u64::from(self.audio_rate.max(1))) + 1;
        // A hole before the next segment's first frame is its own.
        let has_hole = !ends_with_last_frame(segment.cause) && span_to(end) < told;
        let fits = if !video_leads {
            // A picture that comes back ends it where it will.
            has_video || has_hole || span_to(end).abs_diff(told) <= rounding
        } else {
            // Video that has fallen silent leaves the end to audio, or to the picture it comes back
            // with, before which there is a hole then.
            let is_silent = self.audio.is_some() && audio.1 > video.1 + TICKS_PER_SEC;
            let among = span_to(end)..=span_to(audio.1 + TICKS_PER_SEC);
            self.has_guessed || span_to(end) == told || is_silent && among.contains(&told)
        };
        findings.expect(
            fits,
            Rule::Durations,
            format_args!("segment lasts {told}, video {start} {end}, audio {audio:?}"),
        );
    }

    /// Returns whether the segment's section has a track of video.
    pub(super) fn has_video(&self, sections: &Sections) -> bool {
        let section = self.section.and_then(|id| sections.known.get(&id));
        section.is_some_and(|section| section.movie.has_video())
    }
}

/// Converts a time in units of a track to ticks, to the nearest.
fn in_ticks(time: u64, timescale: u32) -> u64 {
    let rate = u128::from(timescale.max(1));
    let ticks = (u128::from(time) * u128::from(TICKS_PER_SEC) + rate / 2) / rate;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// What the clock of audio may be off before it is set anew, and how late a picture may come that
/// leaves no hole.
const SAMPLES: u64 = 2;
const LATE_PICTURE: u64 = 9000;
const TICKS_PER_SEC: u64 = 90_000;
