//! A sink that fails at any call: one segment is lost, the stream goes on, and no number is used
//! twice.

use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{AbortedSegment, End, Error, Segment, SegmentSink, SegmentStart, Segmenter};

use crate::engine::{auditor, make};
use crate::ledger::Ledger;
use crate::script::{Call, Script};

/// What a failing sink says: which of its calls this was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(usize);

/// Fails at the calls whose distances are given, one behind the other.
#[derive(Debug)]
pub struct Faulty {
    /// Calls that go well before the next fault.
    distances: Vec<u8>,
    left: usize,
    calls: usize,
}

impl Faulty {
    /// Makes a sink that never fails where there are no distances.
    pub fn new(distances: &[u8]) -> Self {
        let mut faulty =
            Self { distances: distances.iter().rev().copied().collect(), left: 0, calls: 0 };
        faulty.wind();
        faulty
    }

    fn wind(&mut self) {
        // A long distance is longer still: faults in the middle of a stream.
        self.left = self.distances.pop().map_or(usize::MAX, |distance| match distance {
            0..=200 => usize::from(distance),
            _ => usize::from(distance) * 10,
        });
    }

    /// Counts a call, which may fail.
    ///
    /// # Errors
    ///
    /// When its time has come.
    pub fn call(&mut self) -> Result<(), Fault> {
        self.calls += 1;
        if self.left == 0 {
            self.wind();
            return Err(Fault(self.calls));
        }
        self.left -= 1;
        Ok(())
    }
}

impl SegmentSink for Faulty {
    type Error = Fault;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Fault> {
        self.call()
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Fault> {
        self.call()
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Fault> {
        self.call()
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), Fault> {
        self.call()
    }

    fn abort_segment(&mut self, _: &AbortedSegment) {}
}

/// The first eight bytes say when the sink fails; the rest is a script.
pub fn check(data: &[u8]) {
    let (faults, data) = data.split_at(data.len().min(8));
    let script = Script::read(data);
    let mut segmenter = Segmenter::new(script.config);
    let mut ledger = Ledger::new(script.config, Faulty::new(faults));
    let mut ended = false;
    for call in script.calls.iter().chain([&Call::Finish(End::List)]) {
        let before = ledger.failed;
        let mut sink = &mut ledger;
        let result = make(call, &mut segmenter, &mut sink);
        let sunk = matches!(result, Err(Error::Sink(_)));
        assert_eq!(
            sunk,
            ledger.failed > before,
            "a failed call is told, and nothing else is: {result:?}"
        );
        ledger.assert_dutiful();
        ended |= *call == Call::Finish(End::List);
        if ended {
            ledger.assert_idle();
        }
    }

    // The same faults again, under the Auditor.
    let mut segmenter = Segmenter::new(script.config);
    let mut sink = auditor(script.config, Ledger::new(script.config, Faulty::new(faults)));
    for call in script.calls.iter().chain([&Call::Finish(End::List)]) {
        let _ = make(call, &mut segmenter, &mut sink);
        sink.assert_clean();
    }
    assert_eq!(sink.into_inner().closed, ledger.closed, "the same calls give the same segments");
}
