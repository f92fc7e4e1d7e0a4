//! What is promised of stored records, whatever lies in the store.

#![expect(clippy::expect_used, reason = "a fuzz target panics where a promise is broken")]

use hls_segmenter::Options;

use super::records::{json, parse_config, parse_state};
use crate::channel::engine;
use crate::store::{ChannelState, MediaName};

/// A record, of a configuration behind a `c`, of a state behind anything else: it is understood or
/// not. What is understood is stored as it was read, and can be gone on with.
pub fn fuzz_records(data: &[u8]) {
    let (kind, body) = data.split_first().unwrap_or((&b's', &[]));
    if *kind == b'c' {
        if let Some(stored) = parse_config(body) {
            let again = json(&stored).ok().and_then(|body| parse_config(&body));
            assert_eq!(again.map(|again| again.channel), Some(stored.channel.clone()));
            if let Some(channel) = stored.channel
                && channel.config(Options::default()).is_ok()
            {
                assert!(engine(&channel, None).is_ok());
            }
        }
        return;
    }
    let Some(state) = parse_state(body) else {
        return;
    };
    let again = json(&state).ok().and_then(|body| parse_state(&body));
    assert_eq!(again.as_ref(), Some(&state));
    go_on(&state);
    go_on(&state.after_loss());
}

/// Makes the engine that would go on with a state, and every name in it.
fn go_on(state: &ChannelState) {
    let record = parse_config(CONFIGURATION).and_then(|stored| stored.channel);
    let record = record.expect("a good configuration");
    assert!(engine(&record, state.list.as_ref()).is_ok());
    let listed = state.list.iter().flat_map(|list| &list.segments);
    for segment in listed.chain(&state.tail) {
        for name in [Some(segment.name()), segment.init_name()].into_iter().flatten() {
            assert!(MediaName::parse(&name).is_some() || segment.wall > LAST_WALL, "{name}");
            assert!(!name.contains('/'), "{name}");
        }
    }
}

/// The last time that has thirteen digits.
const LAST_WALL: i64 = 9_999_999_999_999;
const CONFIGURATION: &[u8] = br#"{"description":"","enabled":true,"frag_duration":5,"frag_count":3,"playlist_name":"playlist.m3u8","snapshot":null,"modified":0}"#;
