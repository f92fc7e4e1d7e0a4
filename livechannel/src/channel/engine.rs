//! The engine of a publication, whatever the container: made from a channel's configuration, and from
//! the list that an earlier publication has left.

use core::fmt;

use hls_segmenter::flv::Tag;
use hls_segmenter::probe::Probe;
use hls_segmenter::time::WallTime;
use hls_segmenter::{
    Announced, Config, Container, End, Error, Fmp4, LowLatency, Options, ResumeToken, Segmenter,
    Stats, Ts,
};

use super::publication::Refusal;
use super::sink::{Sink, SinkError};
use super::wall_clock;
use crate::clock::now_millis;
use crate::store::{self, ChannelRecord, StoredList};

/// What a publication asks of its engine.
pub(crate) trait Engine: fmt::Debug + Send {
    /// As [`Segmenter::push`].
    fn push(&mut self, tag: Tag<'_>, sink: &mut Sink) -> Result<(), Error<SinkError>>;

    /// As [`Segmenter::set_wall_time`].
    fn set_wall_time(&mut self, now: WallTime);

    /// As [`Segmenter::announce`].
    fn announce(&mut self, announced: &Announced);

    /// As [`Segmenter::finish`], until the encoder comes back.
    fn pause(&mut self, sink: &mut Sink) -> Result<(), Error<SinkError>>;

    /// As [`Segmenter::stats`].
    fn stats(&self) -> Stats;
}

impl<C: Container> Engine for Segmenter<C> {
    fn push(&mut self, tag: Tag<'_>, sink: &mut Sink) -> Result<(), Error<SinkError>> {
        Self::push(self, tag, sink)
    }

    fn set_wall_time(&mut self, now: WallTime) {
        Self::set_wall_time(self, now);
    }

    fn announce(&mut self, announced: &Announced) {
        Self::announce(self, announced);
    }

    fn pause(&mut self, sink: &mut Sink) -> Result<(), Error<SinkError>> {
        self.finish(End::Pause, sink)
    }

    fn stats(&self) -> Stats {
        Self::stats(self)
    }
}

/// Makes the engine: one that goes on with the stored list, where there is one.
pub(crate) fn engine(
    channel: &ChannelRecord,
    list: Option<&StoredList>,
) -> Result<Box<dyn Engine>, Refusal> {
    let config = channel.config(Options::default());
    let config = config.map_err(|error| Refusal::Store(error.to_string()))?;
    Ok(match (channel.form.container, channel.form.part_millis) {
        (store::Container::Ts, None) => segmenter::<Ts>(config, channel, list),
        (store::Container::Ts, Some(_)) => segmenter::<LowLatency<Ts>>(config, channel, list),
        (store::Container::Fmp4, None) => segmenter::<Fmp4>(config, channel, list),
        (store::Container::Fmp4, Some(_)) => segmenter::<LowLatency<Fmp4>>(config, channel, list),
    })
}

/// Makes what looks at the beginning of a publication, for the channel's container.
pub(crate) fn probe(channel: &ChannelRecord) -> Probe {
    match channel.form.container {
        store::Container::Ts => Probe::new(),
        store::Container::Fmp4 => Probe::new().for_container::<Fmp4>(),
    }
}

fn segmenter<C: Container>(
    config: Config,
    channel: &ChannelRecord,
    list: Option<&StoredList>,
) -> Box<dyn Engine> {
    let Some(list) = list else {
        return Box::new(Segmenter::<C>::with_container(config));
    };
    let newest = list.segments.last().map(|segment| segment.wall);
    if newest.is_some_and(|newest| wall_clock::is_ahead(newest, now_millis())) {
        tracing::warn!(
            "the clock was set back: a new playlist begins after the numbers of the old one"
        );
        return new_list::<C>(config, list);
    }
    if list.form != channel.form && !list.segments.is_empty() {
        tracing::info!(
            "the segments are of another form: a new playlist begins after the numbers of the old one"
        );
        return new_list::<C>(config, list);
    }
    let resumed = <&[u8; ResumeToken::LEN]>::try_from(list.token.as_slice())
        .ok()
        .and_then(|token| ResumeToken::from_bytes(token).ok())
        .and_then(|token| {
            let listed = list.segments.iter().map(Into::into);
            Segmenter::<C>::resume_with_container(config, &token, listed).ok()
        });
    match resumed {
        Some(resumed) => Box::new(resumed),
        None => {
            tracing::warn!("a new playlist begins after the numbers of the old one");
            new_list::<C>(config, list)
        }
    }
}

/// Makes an engine that takes no segment of the list over, and none of its numbers again.
fn new_list<C: Container>(config: Config, list: &StoredList) -> Box<dyn Engine> {
    let options = Options { first_sequence: list.next, ..*config.options() };
    let config = Config::new(options).unwrap_or(config);
    Box::new(Segmenter::<C>::with_container(config))
}
