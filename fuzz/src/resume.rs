//! A host that dies at any point goes on from the last playlist: one discontinuity, no number
//! twice.

use hls_segmenter::{End, ResumeError, ResumeToken, Segmenter};

use crate::engine::{auditor, make};
use crate::ledger::{Ledger, Null};
use crate::script::{Call, Script};

/// The first four bytes say after how many calls the host dies, each time; the rest is a script.
pub fn check(data: &[u8]) {
    let (deaths, data) = data.split_at(data.len().min(4));
    let script = Script::read(data);
    let config = script.config;
    let mut segmenter = Segmenter::new(config);
    let mut sink = auditor(config, Ledger::new(config, Null));
    let mut lives = deaths.iter().map(|&calls| usize::from(calls));
    let mut left = lives.next();
    let mut has_ended = false;
    for call in script.calls.iter().chain([&Call::Finish(End::List)]) {
        let _ = make(call, &mut segmenter, &mut sink);
        has_ended |= matches!(call, Call::Finish(End::List));
        sink.assert_clean();
        if left == Some(0) {
            left = lives.next();
            let mut ledger = sink.into_inner();
            if ledger.has_ended() {
                return;
            }
            let stored = ledger.token.unwrap_or_else(|| segmenter.resume_token());
            let now = segmenter.resume_token();
            let token = restored(stored);
            restored(now);
            ledger.restart();
            segmenter = match Segmenter::resume(config, &token, ledger.listed.iter().copied()) {
                Ok(resumed) => resumed,
                // A list without a segment ends untold.
                Err(ResumeError::Ended) if has_ended => return,
                Err(error) => panic!("a token and its own segments: {error:?}"),
            };
            let listed = ledger.listed.clone();
            sink = auditor(config, ledger);
            // Where nothing was listed there is nothing to go on with: the list begins.
            if !listed.is_empty() {
                sink.resume(&token, &listed);
            }
            // What the engine could not tell of, it must not accept either.
            if let [_, rest @ ..] = &listed[..] {
                assert!(Segmenter::resume(config, &token, rest.iter().copied()).is_err());
            }
        } else {
            left = left.map(|left| left - 1);
        }
    }
    sink.into_inner().assert_idle();
    let _ = ResumeToken::from_bytes(&std::array::from_fn(|at| data.get(at).copied().unwrap_or(1)));
}

/// Stores a token and reads it back.
fn restored(token: ResumeToken) -> ResumeToken {
    let stored = token.to_bytes();
    let read = ResumeToken::from_bytes(&stored).expect("what was stored");
    assert_eq!(read, token);
    read
}
