//! An initialization section: `ftyp` and a `moov` without samples (ISO/IEC 14496-12 §8.2 to §8.5,
//! §8.8.1 to §8.8.3; RFC 8216 §3.3).

use super::super::violation::{Findings, Rule};
use super::audio;
use super::av1;
use super::boxes::{Fields, Mp4Box, names};
use super::record::{self, Sets};

/// What a section says of its tracks.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Movie {
    pub(super) tracks: Vec<Track>,
}

/// A track of a section.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) timescale: u32,
    pub(super) coding: Coding,
}

/// How the samples of a track are coded, with the parameter sets of its sample entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Avc(Sets),
    Hevc(Sets),
    /// The sequence header of the record.
    Av1(Vec<u8>),
    Audio,
}

impl Coding {
    pub(super) const fn is_video(&self) -> bool {
        !matches!(self, Self::Audio)
    }
}

impl Movie {
    pub(super) fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }

    pub(super) fn has_video(&self) -> bool {
        self.tracks.iter().any(|track| track.coding.is_video())
    }
}

/// Reads a section; what it gets wrong is told, and the rest is read all the same.
pub(super) fn read(bytes: &[u8], findings: &mut Findings) -> Movie {
    let boxes = Mp4Box::all(bytes).unwrap_or_default();
    let order = names(&boxes);
    findings.expect(
        order == "ftyp moov",
        Rule::Init,
        format_args!("section of {} bytes is made of: {order}", bytes.len()),
    );
    let mut movie = Movie::default();
    for found in boxes {
        match &found.kind {
            b"ftyp" => check_brands(found.body, findings),
            b"moov" => movie = read_movie(found, findings),
            _ => {}
        }
    }
    movie
}

/// RFC 8216 §3.3: a brand that is compatible with `iso6` or higher.
fn check_brands(body: &[u8], findings: &mut Findings) {
    let brands: Vec<_> = body.as_chunks::<4>().0.iter().enumerate().collect();
    // Behind the major brand stands its minor version.
    let compatible = brands.iter().any(|(at, brand)| *at != 1 && brand.as_slice() == b"iso6");
    findings.expect(
        compatible && body.len().is_multiple_of(4),
        Rule::Init,
        format_args!("ftyp is not compatible with iso6: {body:02x?}"),
    );
}

fn read_movie(moov: Mp4Box<'_>, findings: &mut Findings) -> Movie {
    let boxes = Mp4Box::all(moov.body).unwrap_or_default();
    let (order, count) = (names(&boxes), boxes.len().saturating_sub(2));
    let want = format!("mvhd {}mvex", "trak ".repeat(count));
    findings.expect(
        order == want && count > 0,
        Rule::Init,
        format_args!("moov is made of: {order}"),
    );
    let mut tracks: Vec<Track> = Vec::new();
    for found in &boxes {
        match &found.kind {
            b"mvhd" => check_movie_header(*found, findings),
            b"trak" => match read_track(*found, findings) {
                Some(track) if tracks.iter().all(|other| other.id != track.id) => {
                    tracks.push(track);
                }
                _ => findings.add(Rule::Init, format_args!("a trak is not whole, or comes twice")),
            },
            b"mvex" => check_extends(*found, &tracks, findings),
            _ => {}
        }
    }
    Movie { tracks }
}

/// There is no sample, so no duration (§8.2.2).
fn check_movie_header(mvhd: Mp4Box<'_>, findings: &mut Findings) {
    let duration = duration_of(mvhd, 8);
    findings.expect(
        duration == Some((0, 100)),
        Rule::Init,
        format_args!("mvhd has duration and length {duration:?}, not 0 and 100"),
    );
}

/// Returns a duration that stands behind so many bytes of version 0, and the length of the box.
fn duration_of(found: Mp4Box<'_>, before: usize) -> Option<(u32, usize)> {
    let (version, _, mut fields) = found.full()?;
    fields.bytes(before + 4)?;
    (version == 0).then_some((fields.u32()?, found.body.len()))
}

/// Every track has its defaults, and no other has (§8.8.3).
fn check_extends(mvex: Mp4Box<'_>, tracks: &[Track], findings: &mut Findings) {
    let boxes = Mp4Box::all(mvex.body).unwrap_or_default();
    let ids: Option<Vec<_>> = boxes.iter().map(|trex| extended_track(*trex)).collect();
    let want: Vec<_> = tracks.iter().map(|track| track.id).collect();
    findings.expect(
        ids.as_ref() == Some(&want),
        Rule::Init,
        format_args!("mvex has defaults of {ids:?}, not of {want:?}"),
    );
}

/// Returns the track of a `trex` of the only sample entry, whose other defaults are 0.
fn extended_track(trex: Mp4Box<'_>) -> Option<u32> {
    let (version, flags, mut fields) = trex.full()?;
    let id = fields.u32()?;
    let defaults = [fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?];
    let fits = trex.kind == *b"trex"
        && (version, flags, defaults) == (0, 0, [1, 0, 0, 0])
        && fields.0.is_empty();
    fits.then_some(id)
}

/// The first box of a type, and whether the boxes are these in this order.
struct Nested<'a> {
    boxes: Vec<Mp4Box<'a>>,
}

impl<'a> Nested<'a> {
    fn of(body: &'a [u8], want: &str, findings: &mut Findings) -> Self {
        let boxes = Mp4Box::all(body).unwrap_or_default();
        let order = names(&boxes);
        findings.expect(
            order == want,
            Rule::Init,
            format_args!("there is {order:?} where {want:?} should be"),
        );
        Self { boxes }
    }

    fn get(&self, kind: &[u8; 4]) -> Option<Mp4Box<'a>> {
        self.boxes.iter().find(|found| found.kind == *kind).copied()
    }
}

fn read_track(trak: Mp4Box<'_>, findings: &mut Findings) -> Option<Track> {
    let trak = Nested::of(trak.body, "tkhd mdia", findings);
    let mdia = Nested::of(trak.get(b"mdia")?.body, "mdhd hdlr minf", findings);
    let (_, _, mut hdlr) = mdia.get(b"hdlr")?.full()?;
    hdlr.u32()?;
    let handler = hdlr.bytes(4)?;
    let (media, header): (&str, &[u8; 4]) = match handler {
        b"vide" => ("vmhd dinf stbl", b"vmhd"),
        b"soun" => ("smhd dinf stbl", b"smhd"),
        _ => return None,
    };
    let minf = Nested::of(mdia.get(b"minf")?.body, media, findings);
    let (_, header_flags, _) = minf.get(header)?.full()?;
    let is_self_contained = minf.get(b"dinf").is_some_and(|dinf| {
        // One reference, of type `url `, whose flag says: in the same file (§8.7.2).
        dinf.body.get(8..)
            == Some(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 12, b'u', b'r', b'l', b' ', 0, 0, 0, 1])
    });
    findings.expect(
        is_self_contained && header_flags == u32::from(header == b"vmhd"),
        Rule::Init,
        format_args!("media is elsewhere, or {media:?} begins with flags {header_flags}"),
    );
    let stbl = Nested::of(minf.get(b"stbl")?.body, "stsd stts stsc stco stsz", findings);
    for table in stbl.boxes.iter().filter(|table| table.kind != *b"stsd") {
        let is_empty = table.body.iter().all(|byte| *byte == 0)
            && table.body.len() == if table.kind == *b"stsz" { 12 } else { 8 };
        findings.expect(is_empty, Rule::Init, format_args!("{} has samples", table.name()));
    }
    let (entry, rest) =
        Mp4Box::split(stbl.get(b"stsd")?.body.strip_prefix(&[0, 0, 0, 0, 0, 0, 0, 1])?)?;
    findings.expect(
        rest.is_empty(),
        Rule::Init,
        format_args!("{} bytes are behind the only sample entry", rest.len()),
    );
    let (id, size) = track_header(trak.get(b"tkhd")?, header == b"vmhd", findings)?;
    let timescale = timescale(mdia.get(b"mdhd")?, findings)?;
    let size = (header == b"vmhd").then_some(size);
    let coding = read_entry(entry, (timescale, size), findings)?;
    Some(Track { id, timescale, coding })
}

/// Reads the id of a track, and its width and height (§8.3.2).
fn track_header(
    tkhd: Mp4Box<'_>,
    is_video: bool,
    findings: &mut Findings,
) -> Option<(u32, (u16, u16))> {
    let (version, flags, mut fields) = tkhd.full()?;
    fields.bytes(8)?;
    let id = fields.u32()?;
    let (_reserved, duration) = (fields.u32()?, fields.u32()?);
    fields.bytes(12)?;
    let volume = fields.u16()?;
    fields.bytes(2 + 36)?;
    let (width, height) = (fields.u32()?, fields.u32()?);
    let fits = version == 0 && flags & 1 == 1 && id > 0 && duration == 0 && fields.0.is_empty();
    let want = if is_video { 0 } else { 0x0100 };
    findings.expect(
        fits && volume == want && width & 0xffff == 0 && height & 0xffff == 0,
        Rule::Init,
        format_args!("tkhd of track {id}: flags {flags}, duration {duration}, volume {volume:#x}"),
    );
    Some((id, ((width >> 16) as u16, (height >> 16) as u16)))
}

/// Reads how many units a second has (§8.4.2).
fn timescale(mdhd: Mp4Box<'_>, findings: &mut Findings) -> Option<u32> {
    let duration = duration_of(mdhd, 8);
    findings.expect(
        duration == Some((0, 24)),
        Rule::Init,
        format_args!("mdhd has duration and length {duration:?}, not 0 and 24"),
    );
    let (_, _, mut fields) = mdhd.full()?;
    fields.bytes(8)?;
    fields.u32()
}

/// Reads the sample entry (§8.5.2, §12.1.3); `size` is that of the track, if it is video.
fn read_entry(
    entry: Mp4Box<'_>,
    (timescale, size): (u32, Option<(u16, u16)>),
    findings: &mut Findings,
) -> Option<Coding> {
    let mut fields = Fields(entry.body);
    let reference = fields.bytes(8)?;
    findings.expect(
        reference == [0, 0, 0, 0, 0, 0, 0, 1],
        Rule::Init,
        format_args!("a sample entry begins with {reference:02x?}"),
    );
    let Some(size) = size else {
        return audio::read_entry(entry.kind, fields, timescale, findings);
    };
    fields.bytes(16)?;
    let stated = (fields.u16()?, fields.u16()?);
    fields.bytes(50)?;
    let (codec, rest) = Mp4Box::split(fields.0)?;
    findings.expect(
        rest.is_empty() && stated == size,
        Rule::Init,
        format_args!(
            "a sample entry says {stated:?}, tkhd {size:?}, and {} bytes follow",
            rest.len()
        ),
    );
    findings.expect(
        timescale == 90_000,
        Rule::Timescale,
        format_args!("video counts in 1/{timescale} s"),
    );
    match (&entry.kind, &codec.kind) {
        (b"avc1", b"avcC") => Some(Coding::Avc(record::avc(codec.body, findings))),
        (b"hvc1", b"hvcC") => Some(Coding::Hevc(record::hevc(codec.body, findings))),
        (b"av01", b"av1C") => Some(Coding::Av1(av1::record(codec.body, findings))),
        _ => None,
    }
}
