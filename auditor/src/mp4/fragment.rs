//! A fragment: `moof`, and the payload in `mdat` (ISO/IEC 14496-12 §8.8.4 to §8.8.12).

use core::ops::Range;

use super::super::violation::{Findings, Rule};
use super::boxes::{Mp4Box, names};
use super::init::Movie;

/// What a head says.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragment {
    pub(super) sequence: Option<u32>,
    pub(super) tracks: Vec<TrackRun>,
}

/// The samples of one track.
#[derive(Clone, Debug)]
pub(super) struct TrackRun {
    pub(super) id: u32,
    /// Decode time of the first sample, in units of the track.
    pub(super) start: u64,
    pub(super) samples: Vec<Sample>,
}

/// A sample as a head has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// Where it lies in the payload.
    pub(super) bytes: Range<usize>,
    pub(super) duration: u32,
    /// PTS less DTS.
    pub(super) offset: i32,
    /// `sample_is_non_sync_sample` is 0.
    pub(super) sync: bool,
}

/// What holds for samples that do not say otherwise.
#[derive(Clone, Copy, Debug)]
struct Defaults {
    duration: Option<u32>,
    len: Option<u32>,
    flags: Option<u32>,
}

/// Reads a head before `payload_len` bytes; what it gets wrong is told.
pub(super) fn read(
    head: &[u8],
    payload_len: usize,
    movie: &Movie,
    findings: &mut Findings,
) -> Fragment {
    let mut fragment = Fragment::default();
    let Some((moof, rest)) = Mp4Box::split(head).filter(|(moof, _)| moof.kind == *b"moof") else {
        findings.add(Rule::Fragment, format_args!("a head does not begin with a whole moof"));
        return fragment;
    };
    let mdat_len = u32::try_from(payload_len + 8).unwrap_or(0).to_be_bytes();
    findings.expect(
        rest == [mdat_len.as_slice(), b"mdat"].concat(),
        Rule::Fragment,
        format_args!("{rest:02x?} stands before {payload_len} bytes of payload"),
    );
    let boxes = Mp4Box::all(moof.body).unwrap_or_default();
    let (order, count) = (names(&boxes), boxes.len().saturating_sub(1));
    findings.expect(
        order == format!("mfhd{}", " traf".repeat(count)) && count > 0,
        Rule::Fragment,
        format_args!("moof is made of: {order}"),
    );
    for found in boxes {
        match &found.kind {
            b"mfhd" => fragment.sequence = number(found),
            b"traf" => match read_track(found, head.len(), findings) {
                Some(track) => fragment.tracks.push(track),
                None => findings.add(Rule::Fragment, format_args!("a traf is not whole")),
            },
            _ => {}
        }
    }
    check_tracks(&fragment, movie, findings);
    check_places(&fragment, payload_len, findings);
    fragment
}

fn number(mfhd: Mp4Box<'_>) -> Option<u32> {
    let (version, flags, mut fields) = mfhd.full()?;
    let number = fields.u32()?;
    ((version, flags) == (0, 0) && fields.0.is_empty()).then_some(number)
}

/// Reads a track fragment (§8.8.6).
fn read_track(traf: Mp4Box<'_>, head_len: usize, findings: &mut Findings) -> Option<TrackRun> {
    let boxes = Mp4Box::all(traf.body)?;
    let (order, count) = (names(&boxes), boxes.len().saturating_sub(2));
    findings.expect(
        order == format!("tfhd tfdt{}", " trun".repeat(count)) && count > 0,
        Rule::Fragment,
        format_args!("traf is made of: {order}"),
    );
    let (id, defaults) = read_header(*boxes.first()?, findings)?;
    let (version, flags, mut tfdt) = boxes.get(1)?.full()?;
    findings.expect(
        (version, flags) == (1, 0),
        Rule::Fragment,
        format_args!("tfdt is of version {version}"),
    );
    let start = tfdt.u64()?;
    tfdt.0.is_empty().then_some(())?;
    let mut track = TrackRun { id, start, samples: Vec::new() };
    for run in boxes.iter().skip(2) {
        read_run(*run, head_len, &defaults, &mut track, findings)?;
    }
    Some(track)
}

/// Reads the header of a track fragment (§8.8.7).
fn read_header(tfhd: Mp4Box<'_>, findings: &mut Findings) -> Option<(u32, Defaults)> {
    let (version, flags, mut fields) = tfhd.full()?;
    findings.expect(
        version == 0 && flags & BASE_IS_MOOF != 0 && flags & !(BASE_IS_MOOF | DEFAULTS) == 0,
        Rule::Fragment,
        format_args!("tfhd has flags {flags:#08x}"),
    );
    let id = fields.u32()?;
    let mut field = |flag| if flags & flag == 0 { Some(None) } else { fields.u32().map(Some) };
    let defaults = Defaults { duration: field(8)?, len: field(0x10)?, flags: field(0x20)? };
    fields.0.is_empty().then_some((id, defaults))
}

/// Reads a run (§8.8.8).
fn read_run(
    trun: Mp4Box<'_>,
    head_len: usize,
    defaults: &Defaults,
    track: &mut TrackRun,
    findings: &mut Findings,
) -> Option<()> {
    let (version, flags, mut fields) = trun.full()?;
    let has = |flag: u32| flags & flag != 0;
    let fits = has(DATA_OFFSET) && !(has(FIRST_FLAGS) && has(FLAGS)) && flags & !0x0f05 == 0;
    findings.expect(
        fits,
        Rule::Fragment,
        format_args!("trun of track {} has flags {flags:#06x}", track.id),
    );
    findings.expect(
        version == 1 || !has(OFFSET),
        Rule::Timescale,
        format_args!("trun of version {version} has composition offsets without a sign"),
    );
    let count = fields.u32()?;
    let from = if has(DATA_OFFSET) { fields.u32()? } else { 0 };
    let Some(mut at) = usize::try_from(from).ok()?.checked_sub(head_len) else {
        findings.add(
            Rule::Runs,
            format_args!(
                "a run of track {} begins at {from}, within {head_len} bytes of head",
                track.id
            ),
        );
        return None;
    };
    let mut first = if has(FIRST_FLAGS) { Some(fields.u32()?) } else { None };
    findings.expect(count > 0, Rule::Runs, format_args!("a run of track {} is empty", track.id));
    for _ in 0..count {
        let mut field =
            |flag, default| if has(flag) { fields.u32().map(Some) } else { Some(default) };
        let duration = field(DURATION, defaults.duration)?;
        let len = usize::try_from(field(LEN, defaults.len)?.unwrap_or(0)).ok()?;
        let flags = field(FLAGS, defaults.flags)?;
        let offset = field(OFFSET, Some(0))?.unwrap_or(0).cast_signed();
        let flags = first.take().or(flags).unwrap_or(0);
        findings.expect(
            matches!(flags, SYNC | NO_SYNC),
            Rule::Runs,
            format_args!("a sample of track {} has flags {flags:#010x}", track.id),
        );
        let sync = flags & NON_SYNC_BIT == 0;
        let duration = duration.unwrap_or(0);
        track.samples.push(Sample { bytes: at..at.checked_add(len)?, duration, offset, sync });
        at += len;
    }
    fields.0.is_empty().then_some(())
}

/// Every track is one that the section has, and comes once.
fn check_tracks(fragment: &Fragment, movie: &Movie, findings: &mut Findings) {
    for (nth, TrackRun { id, .. }) in fragment.tracks.iter().enumerate() {
        let is_known = movie.track(*id).is_some();
        let again = fragment.tracks.iter().take(nth).any(|other| other.id == *id);
        findings.expect(
            is_known && !again,
            Rule::Fragment,
            format_args!("traf of track {id}: in moov: {is_known}, came before: {again}"),
        );
    }
}

/// The samples of all tracks together are the payload, each byte once.
fn check_places(fragment: &Fragment, payload_len: usize, findings: &mut Findings) {
    let samples = fragment.tracks.iter().flat_map(|track| &track.samples);
    let mut places: Vec<_> = samples.map(|sample| sample.bytes.clone()).collect();
    places.sort_by_key(|place| (place.start, place.end));
    let mut end = 0;
    for place in places {
        if place.start != end {
            findings.add(
                Rule::Runs,
                format_args!("a sample begins at {} where the last one ends at {end}", place.start),
            );
            return;
        }
        end = place.end;
    }
    findings.expect(
        end == payload_len,
        Rule::Runs,
        format_args!("samples have {end} bytes of {payload_len}"),
    );
}

const BASE_IS_MOOF: u32 = 0x02_0000;
/// Duration, length and flags of samples that do not say otherwise.
const DEFAULTS: u32 = 0x38;
const DATA_OFFSET: u32 = 1;
const FIRST_FLAGS: u32 = 4;
const DURATION: u32 = 0x100;
const LEN: u32 = 0x200;
const FLAGS: u32 = 0x400;
const OFFSET: u32 = 0x800;
const NON_SYNC_BIT: u32 = 0x0001_0000;
/// `sample_depends_on` 2: on none; 1: on others, and no sync sample (§8.8.3.1).
const SYNC: u32 = 0x0200_0000;
const NO_SYNC: u32 = 0x0101_0000;
