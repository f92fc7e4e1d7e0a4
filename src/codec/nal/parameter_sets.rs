//! The parameter sets in force, kept as the byte stream that goes before an access point.
//!
//! Sets from a decoder configuration record and from access units meet here; the later one of a
//! kind and id wins, as it does in a decoder. They are compared without trailing zero bytes,
//! because writers disagree on those.

use super::trim_zeros;
use crate::codec::video::VideoCoding;
use crate::crc::digest;

/// Parameter sets by kind and id, in the order in which decoders want them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParameterSets {
    coding: VideoCoding,
    bytes: [u8; CAPACITY],
    len: usize,
    entries: [Entry; MAX_ENTRIES],
    count: usize,
    /// There are sets of every kind that a decoder needs.
    complete: bool,
}

/// One set: its bytes follow those of the entries before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    key: SetKey,
    /// Bytes with what stands before it.
    len: u16,
}

/// Kind and id of a parameter set: their order is the order of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SetKey {
    pub(crate) kind: SetKind,
    id: u8,
}

/// Kinds of parameter sets, in the order of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SetKind {
    Video,
    #[default]
    Sequence,
    Picture,
    /// A message that holds for the whole stream, as parameter sets do.
    Message,
}

/// There is no room for another parameter set: all of them would have so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SetsFull {
    pub(crate) len: usize,
}

/// What a parameter set did to those in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It was there already.
    Same,
    /// It is new, or has new contents.
    New,
    /// The same, and it is a message, which nothing is decoded by.
    NewMessage,
    /// The same, and it is a sequence parameter set: the pictures have another format from here on.
    NewSequence,
}

impl ParameterSets {
    /// Makes an empty collection for parameter sets of one coding.
    pub(crate) const fn new(coding: VideoCoding) -> Self {
        let vacant = SetKey { kind: SetKind::Sequence, id: 0 };
        Self {
            coding,
            bytes: [0; CAPACITY],
            len: 0,
            entries: [Entry { key: vacant, len: 0 }; MAX_ENTRIES],
            count: 0,
            complete: false,
        }
    }

    /// Returns how the pictures are coded that these sets are for.
    pub(crate) const fn coding(&self) -> VideoCoding {
        self.coding
    }

    /// Returns whether there are no sets.
    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns all sets as a byte stream: in Annex B, or open bitstream units of AV1.
    pub(crate) fn byte_stream(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Iterates over the sequence parameter sets.
    pub(crate) fn sps(&self) -> impl Iterator<Item = &[u8]> {
        self.of_kind(SetKind::Sequence)
    }

    /// Iterates over the sets of a kind.
    pub(crate) fn of_kind(&self, kind: SetKind) -> impl Iterator<Item = &[u8]> + Clone {
        self.iter().filter(move |(key, _)| key.kind == kind).map(|(_, unit)| unit)
    }

    /// Returns whether there are sets of every kind, without which nothing can be decoded.
    #[inline]
    pub(crate) const fn are_complete(&self) -> bool {
        self.complete
    }

    /// Notes that pictures are coded otherwise from now on: nothing can be decoded with these sets.
    pub(crate) const fn suspend(&mut self) {
        self.complete = false;
    }

    /// Enters `nal_unit` under its kind and id; anything but a parameter set changes nothing.
    ///
    /// # Errors
    ///
    /// [`SetsFull`] when there is no room left; the sets stay as they were.
    pub(crate) fn update(&mut self, nal_unit: &[u8]) -> Result<Change, SetsFull> {
        // What says its size has no zeros behind it that are not its own.
        let start_code = self.coding.start_code();
        let nal_unit = if start_code.is_empty() { nal_unit } else { trim_zeros(nal_unit) };
        let Some(key) = self.coding.set_key(nal_unit) else {
            return Ok(Change::Same);
        };
        let (mut at, mut index) = (0, 0);
        let mut old_len = 0;
        for (entry, (_, unit)) in self.entries().iter().zip(self.iter()) {
            if entry.key == key {
                if unit == nal_unit {
                    return Ok(Change::Same);
                }
                old_len = usize::from(entry.len);
            }
            if entry.key >= key {
                break;
            }
            at += usize::from(entry.len);
            index += 1;
        }
        let new_len = start_code.len() + nal_unit.len();
        let len = self.len - old_len + new_len;
        let count = self.count + usize::from(old_len == 0);
        if len > CAPACITY || count > MAX_ENTRIES {
            return Err(SetsFull { len });
        }
        self.bytes.copy_within(at + old_len..self.len, at + new_len);
        if let Some(room) = self.bytes.get_mut(at..at + new_len) {
            let (before, body) = room.split_at_mut(start_code.len());
            before.copy_from_slice(start_code);
            body.copy_from_slice(nal_unit);
        }
        if old_len == 0 {
            self.entries.copy_within(index..self.count, index + 1);
        }
        if let Some(entry) = self.entries.get_mut(index) {
            *entry = Entry { key, len: new_len as u16 };
        }
        (self.len, self.count) = (len, count);
        let has = |kind: &SetKind| self.entries().iter().any(|entry| entry.key.kind == *kind);
        self.complete = self.coding.needed_sets().iter().all(has);
        Ok(match key.kind {
            SetKind::Sequence => Change::NewSequence,
            SetKind::Video | SetKind::Picture => Change::New,
            SetKind::Message => Change::NewMessage,
        })
    }

    /// Returns whether every set in force has one of its kind and id among `nal_units`.
    pub(crate) fn all_among<'n>(&self, nal_units: impl Iterator<Item = &'n [u8]>) -> bool {
        let mut seen = [false; MAX_ENTRIES];
        for key in nal_units.filter_map(|unit| self.coding.set_key(unit)) {
            for (entry, seen) in self.entries().iter().zip(&mut seen) {
                *seen |= entry.key == key;
            }
        }
        seen.iter().take(self.count).all(|&seen| seen)
    }

    /// Returns a number that differs between contents.
    pub(crate) fn digest(&self) -> u64 {
        digest(self.byte_stream())
    }

    fn entries(&self) -> &[Entry] {
        self.entries.get(..self.count).unwrap_or_default()
    }

    fn iter(&self) -> impl Iterator<Item = (SetKey, &[u8])> + Clone {
        let mut rest = self.byte_stream();
        let before = self.coding.start_code().len();
        self.entries().iter().map_while(move |entry| {
            let (unit, later) = rest.split_at_checked(usize::from(entry.len))?;
            rest = later;
            Some((entry.key, unit.get(before..)?))
        })
    }
}

impl SetKey {
    pub(crate) const fn new(kind: SetKind, id: u8) -> Self {
        Self { kind, id }
    }

    /// Reads the id that stands at the front of `bytes`.
    pub(crate) fn read(kind: SetKind, bytes: &[u8]) -> Option<Self> {
        let id = exp_golomb(bytes)?;
        Some(Self { kind, id })
    }
}

/// Reads a leading ue(v) of at most 255 (§9.1).
fn exp_golomb(bytes: &[u8]) -> Option<u8> {
    let mut head = [0; 4];
    for (to, from) in head.iter_mut().zip(bytes) {
        *to = *from;
    }
    let bits = u32::from_be_bytes(head);
    let zeros = bits.leading_zeros();
    if zeros > 8 {
        return None;
    }
    u8::try_from((bits >> (31 - 2 * zeros)) - 1).ok()
}

/// Room for all parameter sets with their start codes. Records of real encoders have 30 to 120
/// bytes; a set with every scaling list spelled out has about 600.
const CAPACITY: usize = 1024;
/// Room for entries: encoders send one or two, conformance streams up to a dozen.
const MAX_ENTRIES: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::nal::START_CODE;
    use std::vec;

    // Ids in ue(v): 0 is `1`, 1 is `010`, 2 is `011`.
    const SPS_0: &[u8] = &[0x67, 0x64, 0, 30, 0b1000_0001];
    const SPS_1: &[u8] = &[0x67, 0x64, 0, 30, 0b0100_0001];
    const PPS_0: &[u8] = &[0x68, 0b1000_0001];
    const PPS_2: &[u8] = &[0x68, 0b0110_0001, 5];

    #[test]
    fn f_34_sets_are_kept_by_kind_and_id_and_sps_stand_before_pps() {
        let mut sets = ParameterSets::new(VideoCoding::Avc);
        for unit in [PPS_2, SPS_1, PPS_0, SPS_0] {
            assert_ne!(sets.update(unit), Ok(Change::Same));
        }
        let units: vec::Vec<_> = sets.iter().map(|(_, unit)| unit).collect();
        assert_eq!(units, [SPS_0, SPS_1, PPS_0, PPS_2]);
        assert_eq!(sets.byte_stream().len(), 4 * 4 + 5 + 5 + 2 + 3);
    }

    #[test]
    fn f_33_the_later_set_of_an_id_wins() {
        let mut sets = ParameterSets::new(VideoCoding::Avc);
        for unit in [SPS_0, PPS_0, PPS_2] {
            sets.update(unit).unwrap();
        }
        let longer = [0x67, 66, 0, 31, 0b1000_0001, 9, 9];
        assert_eq!(sets.update(&longer), Ok(Change::NewSequence));
        let units: vec::Vec<_> = sets.iter().map(|(_, unit)| unit).collect();
        assert_eq!(units, [&longer[..], PPS_0, PPS_2]);
    }

    #[test]
    fn f_08_sets_of_one_kind_are_not_enough() {
        let mut sets = ParameterSets::new(VideoCoding::Avc);
        sets.update(SPS_0).unwrap();
        assert!(!sets.are_complete());
        sets.update(PPS_2).unwrap();
        assert!(sets.are_complete());
    }

    #[test]
    fn f_49_sets_are_compared_without_trailing_zero_bytes() {
        let mut sets = ParameterSets::new(VideoCoding::Avc);
        sets.update(PPS_2).unwrap();
        let digest = sets.digest();
        assert_eq!(sets.update(&[PPS_2, &[0, 0]].concat()), Ok(Change::Same));
        assert_eq!(sets.digest(), digest);
    }

    #[test]
    fn f_27_sets_in_the_access_unit_are_known_by_kind_and_id() {
        let mut sets = ParameterSets::new(VideoCoding::Avc);
        sets.update(SPS_0).unwrap();
        sets.update(PPS_0).unwrap();
        assert!(sets.all_among([PPS_0, &[9, 0xf0], SPS_0].into_iter()));
        assert!(!sets.all_among([SPS_0, PPS_2].into_iter()));
    }

    #[test]
    fn sets_that_do_not_fit_are_refused_and_those_in_force_stay() {
        let mut sets = ParameterSets::new(VideoCoding::Avc);
        sets.update(SPS_0).unwrap();
        let mut large = vec![1; CAPACITY - 12];
        large[..2].copy_from_slice(PPS_0);
        assert_eq!(sets.update(&large), Err(SetsFull { len: CAPACITY + 1 }));
        assert_eq!(sets.byte_stream(), [0, 0, 0, 1, 0x67, 0x64, 0, 30, 0b1000_0001]);
        large.pop();
        assert_eq!(sets.update(&large), Ok(Change::New));
    }

    #[test]
    fn f_34_ids_are_read_as_exp_golomb() {
        for (byte, want) in [(0x80, 0), (0x40, 1), (0x60, 2), (0x20, 3), (0x38, 6), (0x10, 7)] {
            assert_eq!(exp_golomb(&[byte, 0xff]), Some(want), "{byte:#x}");
        }
        assert_eq!(exp_golomb(&[0, 0x80, 0, 0]), Some(255));
        assert_eq!(exp_golomb(&[0, 0x40, 0, 0]), None);
        assert_eq!(exp_golomb(&[]), None);
    }

    #[test]
    fn f_33_a_set_that_takes_another_ones_place_leaves_nothing_of_it() {
        let mut sets = ParameterSets::new(VideoCoding::Avc);
        sets.update(&[SPS_0, &[1, 2, 3]].concat()).unwrap();
        sets.update(PPS_0).unwrap();
        sets.update(SPS_0).unwrap();
        let want = [&START_CODE[..], SPS_0, &START_CODE, PPS_0].concat();
        assert_eq!(sets.byte_stream(), want);
    }

    #[test]
    fn sets_fit_that_fill_all_the_room() {
        let mut sets = ParameterSets::new(VideoCoding::Avc);
        let mut large = vec![1; CAPACITY - 4];
        large[..5].copy_from_slice(SPS_0);
        assert_eq!(sets.update(&large), Ok(Change::NewSequence));
        assert_eq!(sets.byte_stream().len(), CAPACITY);
        assert!(sets.update(PPS_0).is_err());
        large.push(1);
        assert!(ParameterSets::new(VideoCoding::Avc).update(&large).is_err());
    }

    #[test]
    fn sets_that_differ_in_one_byte_have_other_digests() {
        let digests: std::collections::BTreeSet<_> = (1..=255)
            .map(|byte| {
                let mut sets = ParameterSets::new(VideoCoding::Avc);
                sets.update(&[0x68, 0x80, byte]).unwrap();
                sets.digest()
            })
            .collect();
        assert_eq!(digests.len(), 255);
    }

    #[test]
    fn f_34_ids_beyond_255_are_none() {
        for (bytes, want) in [
            (&[0b0000_0000, 0b1000_0000, 0][..], Some(255)),
            (&[0b0000_0000, 0b1000_0000, 0b1000_0000], None),
            (&[0, 0b0100_0000, 0, 0], None),
            (&[0, 0, 0b1000_0000, 0], None),
            (&[0, 0, 0, 0], None),
            (&[], None),
        ] {
            assert_eq!(exp_golomb(bytes), want, "{bytes:x?}");
        }
    }

    #[test]
    fn as_many_sets_fit_as_there_are_entries() {
        let mut sets = ParameterSets::new(VideoCoding::Avc);
        for id in 0..=MAX_ENTRIES as u32 {
            let code = id + 1;
            let bits = code << (31 - 2 * code.ilog2()) | 1;
            let unit = [&[0x68][..], &bits.to_be_bytes()].concat();
            let key = VideoCoding::Avc.set_key(&unit).unwrap();
            assert_eq!((key.kind, key.id), (SetKind::Picture, id as u8));
            let fits = sets.update(&unit).is_ok();
            assert_eq!(fits, id < MAX_ENTRIES as u32, "{id}");
        }
    }
}
