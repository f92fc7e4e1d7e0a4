//! Any calls in any order: the engine keeps its contract and tells the same story twice.

use hls_segmenter::time::WallTime;
use hls_segmenter::{Config, Container, End, Error, SegmentSink, Segmenter};
use hls_segmenter_auditor::Auditor;

use crate::ledger::{Ledger, Null};
use crate::script::{Call, Script};

/// Runs the script to the end of the list and checks after each call.
pub fn check(data: &[u8]) {
    let script = Script::read(data);
    let mut segmenter = Segmenter::new(script.config);
    let mut sink = auditor(script.config, Ledger::new(script.config, Null));
    let mut ended = false;
    for call in &script.calls {
        let result = make(call, &mut segmenter, &mut sink);
        match result {
            Err(Error::Sink(never)) => match never {},
            Err(Error::Finished) => assert!(ended, "refused before the end"),
            Err(Error::Tag(_) | Error::Codec(_)) | Ok(()) | Err(_) => {
                assert!(
                    !ended || !matches!(call, Call::Push(_) | Call::Finish(_)),
                    "taken after the end"
                );
            }
        }
        ended |= *call == Call::Finish(End::List);
        sink.assert_clean();
    }
    let finished = segmenter.finish(End::List, &mut sink);
    assert_eq!(finished.is_err(), ended);
    sink.assert_clean();
    let ledger = sink.into_inner();
    ledger.assert_idle();
    assert_eq!(ledger.has_ended(), !ledger.closed.is_empty(), "a list that began ends");
}

/// Puts an Auditor that knows what `config` promises, and nothing of the source, around a sink.
pub fn auditor<S: SegmentSink>(config: Config, sink: S) -> Auditor<S> {
    Auditor::with_options(sink, config.options()).any_input(true)
}

/// Makes one call.
pub fn make<C: Container, S: SegmentSink>(
    call: &Call,
    segmenter: &mut Segmenter<C>,
    sink: &mut S,
) -> Result<(), Error<S::Error>> {
    match call {
        Call::Push(tag) => segmenter.push(tag.borrow(), sink),
        Call::WallTime(millis) => {
            segmenter.set_wall_time(WallTime::from_unix_millis(*millis));
            Ok(())
        }
        Call::Switch(at) => {
            segmenter.request_switch(*at);
            Ok(())
        }
        Call::Finish(end) => segmenter.finish(*end, sink),
    }
}
