//! The audit log: who was refused, and who changed what. Lines of tracing with the target `audit`;
//! the program writes them to its log and, with `--audit`, to a file of their own.
//!
//! > Every change has a line, also one whose outcome is not known because the request ended first.
//! > Refusals have one each, up to fifty a second; how many were left out, the next one says.

use core::net::SocketAddr;
use core::num::NonZeroU32;

use crate::limits::Notes;
use crate::name::ChannelKey;

/// Writes the lines of one node.
#[derive(Debug)]
pub(crate) struct Audit {
    refusals: Notes,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) peer: Option<SocketAddr>,
    /// The AccessKeyId that the request names, if it names one.
    pub(crate) key: Option<String>,
}

/// A change that is being made; dropped without an outcome, it says so.
#[derive(Debug)]
pub(crate) struct Change {
    actor: Actor,
    action: &'static str,
    object: String,
    is_over: bool,
}

impl Audit {
    pub(crate) fn new() -> Self {
        Self { refusals: Notes::new(REFUSALS) }
    }

    /// Notes that somebody was not let in, and why.
    pub(crate) fn refused(&self, actor: &Actor, action: &str, object: &str, code: &str) {
        if let Some(left_out) = self.refusals.allow() {
            let (peer, key) = actor.fields();
            tracing::warn!(target: TARGET, peer, key, action, ?object, code, left_out, "refused");
        }
    }

    /// Notes that an encoder was let in.
    pub(crate) fn publishes(&self, actor: &Actor, channel: &ChannelKey) {
        let (peer, key) = actor.fields();
        let object = channel.to_string();
        tracing::info!(target: TARGET, peer, key, action = "publish", ?object, "allowed");
    }

    /// Begins a change that the actor may make.
    pub(crate) fn change(&self, actor: Actor, action: &'static str, object: String) -> Change {
        Change { actor, action, object, is_over: false }
    }
}

impl Actor {
    /// Puts the fields into a form that no name and no key can break out of.
    fn fields(&self) -> (String, String) {
        let peer = self.peer.map(|peer| peer.to_string()).unwrap_or_default();
        let key = self.key.as_deref().unwrap_or_default();
        let key = key.chars().take(LONGEST_KEY).flat_map(char::escape_debug).collect();
        (peer, key)
    }
}

impl Change {
    /// Notes what came of it: a code of an error, or nothing.
    pub(crate) fn ends(mut self, error: Option<&str>) {
        self.is_over = true;
        self.note(error.map_or("done", |_| "failed"), error.unwrap_or_default());
    }

    fn note(&self, outcome: &str, code: &str) {
        let (peer, key) = self.actor.fields();
        let (action, object) = (self.action, &self.object);
        tracing::info!(target: TARGET, peer, key, action, ?object, code, "{outcome}");
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        if !self.is_over {
            self.note("unknown", "");
        }
    }
}

const TARGET: &str = "audit";
/// Enough for a person at the keyboard and for a script that tries, and no flood of the disk.
const REFUSALS: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// Real ones have 16 to 30.
const LONGEST_KEY: usize = 64;
