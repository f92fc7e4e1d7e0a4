//! How pictures are coded: sequence headers and parameter sets, those in force and those that wait
//! for a key frame.

use crate::codec::nal::{AccessUnit, Change, NalUnits, Packing, ParameterSets};
use crate::codec::video::{PictureFormat, VideoCoding, VideoConfiguration};
use crate::mux::Headers;

/// What sequence headers and access units have said of the pictures.
#[derive(Clone, Debug)]
pub(super) struct VideoHeaders {
    packing: Packing,
    /// Parameter sets in force; empty until the first sequence header.
    sets: ParameterSets,
    /// Those of a sequence header that takes effect at the next key frame.
    next_sets: Option<ParameterSets>,
    /// Digest of the last sequence header: one that comes again changes nothing.
    digest: u64,
    place: Headers,
}

/// What a sequence header is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The first one.
    First,
    /// It changes nothing, or waits for a key frame.
    Further,
}

impl VideoHeaders {
    pub(super) fn new(place: Headers) -> Self {
        Self {
            packing: Packing::default(),
            sets: ParameterSets::new(VideoCoding::default()),
            next_sets: None,
            digest: 0,
            place,
        }
    }

    /// Returns whether a sequence header has come.
    pub(super) const fn are_there(&self) -> bool {
        !self.sets.is_empty()
    }

    /// Returns how NAL units are packed since the last header.
    #[inline(always)]
    pub(super) const fn packing(&self) -> Packing {
        self.packing
    }

    /// Returns the parameter sets in force.
    #[inline(always)]
    pub(super) const fn sets(&self) -> &ParameterSets {
        &self.sets
    }

    /// Returns whether a header waits for a key frame.
    pub(super) const fn wait(&self) -> bool {
        self.next_sets.is_some()
    }

    /// Takes a sequence header. Lengths change with it; pictures change with the next key frame.
    pub(super) fn take(&mut self, configuration: VideoConfiguration) -> Arrival {
        let VideoConfiguration { length_len, sets, .. } = configuration;
        let coding = sets.coding();
        if coding != self.packing.coding() {
            self.leave();
        }
        self.packing = Packing::new(coding, length_len);
        let digest = sets.digest();
        let mut arrival = Arrival::Further;
        if !self.are_there() {
            self.sets = sets;
            arrival = Arrival::First;
        } else if digest == self.sets.digest() {
            self.sets = sets;
            self.next_sets = None;
        } else if digest != self.digest {
            self.next_sets = Some(sets);
        }
        self.digest = digest;
        arrival
    }

    /// Takes how the pictures that come are coded, where no header says so.
    pub(super) fn expect(&mut self, coding: VideoCoding) {
        if coding != self.packing.coding() {
            self.leave();
            self.packing = Packing::new(coding, 4);
            self.next_sets = Some(ParameterSets::new(coding));
        }
    }

    /// Notes that pictures are coded otherwise from now on: nothing can be decoded with the sets in
    /// force, and a header that has come before is no repetition.
    #[cold]
    const fn leave(&mut self) {
        self.sets.suspend();
        self.digest = 0;
    }

    /// Puts those in force that have waited for a key frame; returns whether there were any.
    pub(super) fn begin_at_key_frame(&mut self) -> bool {
        let next = self.next_sets.take();
        let has_changed = next.is_some();
        self.sets = next.unwrap_or(self.sets);
        has_changed
    }

    /// Takes the parameter sets among NAL units; returns whether the pictures have another format
    /// from here on.
    pub(super) fn take_in_band(&mut self, carried: &[u8], units: NalUnits<'_>) -> bool {
        // Pictures may be coded otherwise since the last header, and no key frame has come yet.
        if self.packing.coding() != self.sets.coding() {
            return false;
        }
        let carried = AccessUnit::of_byte_stream(carried, self.sets.coding());
        let mut changed = false;
        for nal_unit in carried.nal_units().chain(units) {
            changed |= match self.sets.update(nal_unit) {
                Ok(Change::NewSequence) => true,
                // It has its place in an initialization section, and that is another one now.
                Ok(Change::New) => self.place == Headers::InInit,
                Ok(Change::NewMessage | Change::Same) | Err(_) => false,
            };
        }
        changed
    }

    /// Reads what the first sequence parameter set says of the pictures.
    pub(super) fn picture_format(&self) -> Option<PictureFormat> {
        self.sets.coding().picture_format(self.sets.sps().next()?)
    }
}
