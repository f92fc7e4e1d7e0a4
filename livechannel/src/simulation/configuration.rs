//! Is the configuration of a channel linearisable? Calls of several nodes overlap at random; then an
//! order of them is searched that explains every answer.

use core::time::Duration;
use std::collections::HashSet;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use tokio::time::{Instant, sleep};
use tower::ServiceExt as _;

use super::cluster::Cluster;
use super::store::{Dice, PutBack, World};
use super::{in_memory, seeds, virtual_time};
use crate::api;
use crate::store::Form;

/// What a channel is: nothing, or its FragDuration and whether it is enabled.
type Channel = Option<(u32, bool)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Put(u32),
    Status(bool),
    Delete,
    Info,
}

/// A call that has come to an end.
#[derive(Clone, Debug)]
struct Done {
    call: Call,
    begun: Instant,
    ended: Instant,
    status: u16,
    /// What the call returned.
    channel: Channel,
}

impl Call {
    fn any(dice: &mut Dice, nth: u32) -> Self {
        match dice.below(6) {
            0 | 1 => Self::Put(nth + 1),
            2 => Self::Status(true),
            3 => Self::Status(false),
            4 => Self::Delete,
            _ => Self::Info,
        }
    }

    fn request(self) -> Request<Body> {
        let (method, path, body) = match self {
            Self::Put(frag_duration) => (
                "PUT",
                "/live/ch?live",
                format!(
                    "<LiveChannelConfiguration><Target><Type>HLS</Type><FragDuration>{frag_duration}\
                     </FragDuration><FragCount>3</FragCount></Target></LiveChannelConfiguration>"
                ),
            ),
            Self::Status(true) => ("PUT", "/live/ch?live&status=enabled", String::new()),
            Self::Status(false) => ("PUT", "/live/ch?live&status=disabled", String::new()),
            Self::Delete => ("DELETE", "/live/ch?live", String::new()),
            Self::Info => ("GET", "/live/ch?live", String::new()),
        };
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        request.body(body.into()).unwrap()
    }

    async fn make(self, node: Router) -> Done {
        let begun = Instant::now();
        let response = node.oneshot(self.request()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let value = |name: &str| {
            let (_, rest) = body.split_once(&format!("<{name}>"))?;
            Some(rest.split_once('<')?.0.to_owned())
        };
        let channel = value("FragDuration")
            .map(|frag| (frag.parse().unwrap(), value("Status").as_deref() == Some("enabled")));
        Done { call: self, begun, ended: Instant::now(), status, channel }
    }
}

impl Done {
    /// Returns what the channel is after this call if it was made when the channel was `before`;
    /// `None` where the answer would have been another.
    fn explained(&self, before: Channel) -> Option<Channel> {
        match (self.call, self.status, before) {
            (Call::Put(frag_duration), 200, _) => Some(Some((frag_duration, true))),
            (Call::Status(enabled), 200, Some((frag, _))) => Some(Some((frag, enabled))),
            (Call::Delete, 204, Some(_)) => Some(None),
            (Call::Info, 200, _) if self.channel == before => Some(before),
            (Call::Status(_) | Call::Delete | Call::Info, 404, None) => Some(None),
            // A busy node has done nothing.
            (_, 503, _) => Some(before),
            _ => None,
        }
    }
}

/// Returns whether some order of the calls, in which none comes before one that had ended when it
/// began, explains all answers.
fn is_linearisable(calls: &[Done]) -> bool {
    let mut tried = HashSet::new();
    let mut open = vec![(0_u32, None)];
    while let Some((made, channel)) = open.pop() {
        if made.count_ones() as usize == calls.len() {
            return true;
        }
        let rest = || calls.iter().enumerate().filter(|(nth, _)| made & (1 << nth) == 0);
        let first_end = rest().map(|(_, call)| call.ended).min();
        for (nth, call) in rest().filter(|(_, call)| first_end.is_some_and(|end| call.begun <= end))
        {
            if let Some(after) = call.explained(channel) {
                let next = (made | 1 << nth, after);
                if tried.insert(next) {
                    open.push(next);
                }
            }
        }
    }
    false
}

/// Lets calls overlap; returns them where no order explains them.
fn simulate(seed: u64, put_back: PutBack) -> Option<Vec<Done>> {
    virtual_time().block_on(async {
        let mut dice = Dice::new(seed);
        let world = Arc::new(World::new(seed, 3, put_back));
        for node in 0..3 {
            world.change(node, |faults| faults.latency = 400);
        }
        let cluster = Cluster::new(world, 3, in_memory(), Form::default());
        let nodes: Vec<Router> = cluster.services().into_iter().map(api::router).collect();
        let calls = (0..CALLS).map(|nth| {
            let call = Call::any(&mut dice, nth);
            let node = nodes[dice.below(3) as usize].clone();
            let wait = Duration::from_millis(dice.below(3000));
            tokio::spawn(async move {
                sleep(wait).await;
                call.make(node).await
            })
        });
        let mut done = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            done.push(call.await.unwrap());
        }
        // What is there when all is over.
        done.push(Call::Info.make(nodes[0].clone()).await);
        (!is_linearisable(&done)).then_some(done)
    })
}

#[test]
fn configurations_are_linearisable() {
    for seed in seeds(60) {
        if let Some(calls) = simulate(seed, PutBack::Nothing) {
            panic!("seed {seed}: no order explains {calls:#?}");
        }
    }
}

#[test]
fn a_change_without_a_condition_is_found() {
    let found = (0..60).any(|seed| simulate(seed, PutBack::UnconditionalChange).is_some());
    assert!(found, "the fault is not found");
}

/// Calls of one run, which an order is searched of.
const CALLS: u32 = 12;
