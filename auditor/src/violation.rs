//! What a breach of the contract is: the rule, the place, and what was found there.

use core::fmt;

macro_rules! rules {
    ($($(#[doc = $doc:literal])* $rule:ident = $id:literal,)*) => {
        /// A rule of the contract, under the number that the specification gives it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])* $rule,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// Returns the number of the rule, as `T-07`.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$rule => $id,)*
                }
            }
        }
    };
}

rules! {
    /// Calls come in the order of the grammar of [`SegmentSink`](hls_segmenter::SegmentSink).
    Order = "R-49",
    /// A failed call is followed by `abort_segment`, and nothing else is.
    Abort = "R-52",
    /// Nothing comes behind the playlist with EXT-X-ENDLIST.
    End = "H-13",
    /// An id is never used again.
    Id = "R-50",
    /// Media sequence numbers are consecutive; an aborted segment's goes to the next one.
    Sequence = "Y-11",
    /// The wall time of a segment is later than that of the one before.
    Wall = "O-30",
    /// A segment that breaks with the one before it says so.
    DiscontinuityMissing = "H-07",
    /// A segment that does not break with the one before it does not say so.
    DiscontinuitySpurious = "R-17",
    /// The first segment of a list has no EXT-X-DISCONTINUITY.
    FirstUntagged = "R-19",
    /// What is told of a segment is what was written: bytes, frames, key frames, start.
    Facts = "V-01",
    /// A segment that is closed has a frame in it.
    Empty = "R-30",
    /// The duration reaches to the first frame of the next segment, or to the end of the last frame.
    Duration = "H-05",
    /// EXTINF is the duration in ms with the rounding error carried, never more than 0.5 ms off in all.
    Extinf = "H-04",
    /// A segment that has left the list, and only such a one, expires, in order and with the right grace.
    Expiry = "H-11",
    /// The playlist is well-formed.
    Syntax = "H-01",
    /// EXT-X-VERSION is 3.
    Version = "H-02",
    /// EXT-X-TARGETDURATION is not shorter than any listed segment.
    Target = "H-03",
    /// EXT-X-TARGETDURATION grows for a longer segment only, and never shrinks.
    TargetChange = "R-23",
    /// EXT-X-MEDIA-SEQUENCE grows by the segments removed, and numbers stay with their segments.
    MediaSequence = "H-06",
    /// EXT-X-DISCONTINUITY-SEQUENCE grows by the tags removed.
    DiscontinuitySequence = "H-08",
    /// A version of the playlist removes at the head and appends at the tail, and changes nothing else.
    Successor = "H-09",
    /// A playlist names only segments whose `close_segment` succeeded.
    Unclosed = "H-10",
    /// EXT-X-GAP stands with the segments that were told lost, as long as they are listed, and with no other.
    Gap = "H-17",
    /// EXT-X-ENDLIST is there exactly when the list has ended, and changes nothing else.
    EndList = "R-47",
    /// No more segments are listed than [`FragCount`](hls_segmenter::config::FragCount) says.
    Window = "O-32",
    /// EXT-X-PROGRAM-DATE-TIME continues by EXTINF except at a discontinuity.
    ProgramDateTime = "H-15",
    /// EXT-X-INDEPENDENT-SEGMENTS does not come and go, and every segment starts with an IDR picture under it.
    Independent = "H-16",
    /// Packets are 188 bytes behind a sync byte, not in error, not scrambled, with an adaptation field or a payload.
    Packet = "T-01",
    /// PAT and PMT have the form that one program needs.
    Section = "T-03",
    /// A section begins in a packet of its own and is followed by 0xFF.
    SectionFill = "T-04",
    /// PAT and PMT change their version by 1 with their content, at a discontinuity, and never otherwise.
    SectionVersion = "T-05",
    /// The CRC of a section is right.
    SectionCrc = "T-06",
    /// The continuity counter of every PID goes on across packets and segments, and no packet is repeated.
    Continuity = "T-07",
    /// `discontinuity_indicator` marks the first packet of each PID behind a break of the timeline, and no other.
    DiscontinuityIndicator = "T-08",
    /// PCRs stand on the PCR PID, at most 100 ms apart, in every segment.
    PcrInterval = "T-09",
    /// PCRs increase and are never later than the DTS of what comes with them.
    PcrOrder = "T-10",
    /// `random_access_indicator` stands where a PES packet begins, with a PCR on the PCR PID.
    RandomAccess = "T-11",
    /// An adaptation field has a legal length and is filled with 0xFF.
    AdaptationField = "T-12",
    /// A PES header has the form of §2.4.3.6, and its length is exact.
    PesHeader = "T-13",
    /// PTS and DTS are coded as they must, DTS only where it differs.
    PesTimes = "T-14",
    /// No PES packet holds more than 700 ms of audio.
    Aggregate = "T-15",
    /// PTS is not before DTS, and DTS strictly increases on every PID.
    TimeOrder = "T-16",
    /// The PMT lists stream types that it may list, each once.
    StreamType = "T-18",
    /// An access unit is an Annex B byte stream behind one access unit delimiter.
    Delimiter = "T-19",
    /// Parameter sets come before the first slice of a segment and before every IDR picture.
    ParameterSets = "T-20",
    /// An ADTS header says what it must.
    Adts = "T-21",
    /// An audio PES packet is made of whole frames.
    AudioFrames = "T-22",
    /// Every PID is in the PAT or the PMT, and there are no null packets.
    UnknownPid = "T-24",
    /// PAT and PMT are the first two packets of a segment.
    TablesFirst = "T-25",
    /// The lead track with a PCR comes right behind the tables.
    LeadFirst = "R-32",
    /// `random_access_indicator` stands on every key frame, and only there for video.
    KeyFrame = "R-35",
    /// A PES packet of video holds one picture, whole within its segment.
    OnePicture = "R-36",
    /// Nothing of another timeline stands in a segment.
    Stray = "R-04",
    /// Another configuration of a codec comes behind EXT-X-DISCONTINUITY.
    Reconfigured = "R-21",
    /// A picture that refers to others before the one that decoding begins with is left out.
    LeadingPicture = "HEVC-5",
    /// An initialization section is `ftyp` and a `moov` without samples, its boxes in order and whole.
    Init = "MP4-1",
    /// A fragment is a whole `moof` and `mdat`; every `traf` counts from its `moof`, with a `tfdt` of version 1.
    Fragment = "MP4-2",
    /// Numbers of fragments grow by 1 and are never used again.
    FragmentNumber = "MP4-3",
    /// Runs lie one behind the other in the payload, and have all of it.
    Runs = "MP4-4",
    /// Video counts in 1/90,000 s, audio in its samples; composition offsets have a sign.
    Timescale = "MP4-5",
    /// A sample is NAL units behind lengths of 4 bytes, or units of AV1, without delimiters and parameter sets; what slices need is in the sample entry.
    NalUnits = "MP4-6",
    /// `hvcC` is whole, with arrays that are complete.
    HevcRecord = "MP4-7",
    /// `av1C` is whole, with one sequence header that says the same.
    Av1Record = "AV1-1",
    /// `esds` is well-formed and has an `AudioSpecificConfig`; the box of another audio codec says its rate.
    Esds = "MP4-8",
    /// EXT-X-MAP stands where a segment needs another section, which was handed over and has not expired.
    Map = "MP4-10",
    /// Key frames and no other pictures are sync samples, and audio is.
    Sync = "MP4-11",
    /// `tfdt` is the sum of the durations before it within a discontinuity, or later behind a hole, and never earlier.
    DecodeTime = "MP4-14",
    /// Payload comes within a segment, its head behind it, and nothing is left when the segment closes.
    FragmentOrder = "MP4-15",
    /// A segment lasts as long as the samples of its lead track.
    Durations = "MP4-16",
    /// A section expires with the last segment that needs it.
    SectionExpiry = "MP4-17",
    /// `avcC` is whole, and says what its parameter sets say.
    AvcRecord = "MP4-18",
    /// A part is what was written since the one before it, and all of them are their segment.
    Part = "LL-7",
    /// No part is longer than PART-TARGET; one that is not exempt has 85 % of it.
    PartDuration = "LL-1",
    /// EXT-X-PART-INF and EXT-X-SERVER-CONTROL are constants.
    PartTarget = "LL-2",
    /// EXT-X-PART names parts that were told, in order, before their segment, with all others of it.
    PartList = "LL-5",
    /// EXT-X-PRELOAD-HINT names what comes next.
    PartHint = "LL-9",
    /// Without what only low latency has, a list is the plain one.
    PlainList = "LL-11",
    /// PTS and DTS run ahead of the engine's timeline by a constant.
    Lead = "Y-01",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// Where the contract was broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// Index of the sink call among those that the auditor judges, from 0.
    pub call: u64,
    /// Id of the segment that is open or just closed.
    pub segment: Option<u64>,
    /// Index of the TS packet within the segment, from 0.
    pub packet: Option<u64>,
    /// PID of the packet.
    pub pid: Option<u16>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {}", self.call)?;
        if let Some(segment) = self.segment {
            write!(f, ", segment {segment}")?;
        }
        if let Some(packet) = self.packet {
            write!(f, ", packet {packet}")?;
        }
        match self.pid {
            Some(pid) => write!(f, ", PID {pid:#06x}"),
            None => Ok(()),
        }
    }
}

/// One breach of the contract. It displays as `T-07 at call 9, segment 1, packet 4: counter 5
/// follows 3`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The rule that was broken.
    pub rule: Rule,
    /// Where.
    pub place: Place,
    /// What was found, for people to read.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.rule, self.place, self.what)
    }
}

impl core::error::Error for Violation {}

/// Gathers violations; the first [`Findings::KEPT`] are kept, the others counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) place: Place,
    kept: Vec<Violation>,
    count: u64,
}

impl Findings {
    /// A stream that goes wrong goes wrong in every packet: the beginning tells it all.
    const KEPT: usize = 1000;

    pub(super) fn add(&mut self, rule: Rule, what: fmt::Arguments<'_>) {
        self.count = self.count.saturating_add(1);
        if self.kept.len() < Self::KEPT {
            self.kept.push(Violation { rule, place: self.place, what: what.to_string() });
        }
    }

    /// Adds what was found unless `holds`.
    pub(super) fn expect(&mut self, holds: bool, rule: Rule, what: fmt::Arguments<'_>) {
        if !holds {
            self.add(rule, what);
        }
    }

    pub(super) fn kept(&self) -> &[Violation] {
        &self.kept
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_a_number_of_its_own() {
        let ids: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
    }

    #[test]
    fn a_violation_says_rule_place_and_finding() {
        let place = Place { call: 9, segment: Some(1), packet: Some(4), pid: Some(0x100) };
        let mut findings = Findings { place, ..Findings::default() };
        findings.expect(true, Rule::Order, format_args!("not this"));
        findings.expect(false, Rule::Continuity, format_args!("counter 5 follows 3"));
        let want = "T-07 at call 9, segment 1, packet 4, PID 0x0100: counter 5 follows 3";
        assert_eq!(findings.kept()[0].to_string(), want);
    }

    #[test]
    fn violations_beyond_the_first_thousand_are_only_counted() {
        let mut findings = Findings::default();
        for n in 0..1500 {
            findings.add(Rule::Order, format_args!("{n}"));
        }
        assert_eq!((findings.kept().len(), findings.count()), (1000, 1500));
    }
}
