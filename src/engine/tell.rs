//! What the host is told of: counted always, said once per segment or once per run.

use crate::notice::{Notice, NoticeKind};
use crate::sink::SegmentSink;
use crate::time::{TickSpan, Ticks};

use super::Segmenter;

impl Segmenter {
    /// Counts something that is told every time.
    #[cold]
    pub(super) fn note<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        kind: NoticeKind,
        time: Ticks,
        amount: i64,
    ) {
        let count = self.counts.add(kind);
        sink.notice(&Notice {
            kind,
            time,
            amount,
            count,
        });
    }

    /// Counts something that comes with tag after tag: it is told once per segment.
    #[cold]
    pub(super) fn tally<S: SegmentSink>(&mut self, sink: &mut S, kind: NoticeKind) {
        let count = self.counts.add(kind);
        let bit = 1 << kind as u32;
        if self.told & bit == 0 {
            self.told |= bit;
            sink.notice(&Notice {
                kind,
                time: self.now,
                amount: 0,
                count,
            });
        }
    }

    /// Counts a repair, told at the beginning of its run.
    #[cold]
    pub(super) fn repaired<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        kind: NoticeKind,
        time: Ticks,
        by: TickSpan,
        run_begins: bool,
    ) {
        let count = self.counts.add(kind);
        if run_begins {
            sink.notice(&Notice {
                kind,
                time,
                amount: by.get(),
                count,
            });
        }
    }
}
