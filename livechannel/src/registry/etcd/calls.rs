//! The few requests that are made of etcd, none of which waits without end.

use core::future::Future;
use core::time::Duration;

use etcd_client::{
    Client, Compare, CompareOp, ConnectOptions, GetOptions, GetResponse, KeyValue, Txn, TxnOp,
    TxnOpResponse, WatchOptions, WatchStream,
};
use tokio::time::timeout;

use super::keys::end_of;

/// Why etcd did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EtcdError {
    /// A write that is not answered may have been made all the same.
    #[error("no answer from etcd within {} s", CALL.as_secs())]
    NoAnswer,
    #[error(transparent)]
    Client(#[from] etcd_client::Error),
    #[error("etcd's answer lacks the revision")]
    NoRevision,
    #[error("etcd has ended the watch: {0}")]
    WatchEnded(String),
}

impl From<EtcdError> for object_store::Error {
    fn from(error: EtcdError) -> Self {
        Self::Generic { store: "etcd", source: error.into() }
    }
}

/// A value as it was read.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) body: Vec<u8>,
    /// The revision of etcd that wrote it. No later write of any key has the same.
    pub(super) revision: i64,
}

impl From<&KeyValue> for Found {
    fn from(pair: &KeyValue) -> Self {
        Self { body: pair.value().to_vec(), revision: pair.mod_revision() }
    }
}

/// What came of a swap.
#[derive(Debug)]
pub(super) enum Swapped {
    /// The key has the new value since this revision.
    Written(i64),
    /// The key is not what was read.
    Conflict,
}

/// A new value, and the keys that take it: the second one unconditionally, with the first.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) key: String,
    pub(super) copy: Option<String>,
    pub(super) body: Vec<u8>,
}

/// A connection to a cluster, made when it is needed and again where it was lost.
#[derive(Clone)]
pub(super) struct Calls(Client);

impl core::fmt::Debug for Calls {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Calls")
    }
}

impl Calls {
    pub(super) async fn connect(endpoints: &[String]) -> Result<Self, EtcdError> {
        // A member that lost its leader answers nothing that it could not know.
        let options = ConnectOptions::new()
            .with_connect_timeout(CONNECT)
            .with_keep_alive(ALIVE, CONNECT)
            .with_keep_alive_while_idle(true)
            .with_require_leader(true);
        Ok(Self(in_time(Client::connect(endpoints, Some(options))).await?))
    }

    /// Reads a key, as the majority of the cluster has it.
    pub(super) async fn read(&self, key: &str) -> Result<Option<Found>, EtcdError> {
        let response = self.get(key.into(), GetOptions::new()).await?;
        Ok(response.kvs().first().map(Found::from))
    }

    /// Writes a key whose value was written by revision `seen`; 0 is of one that is not there.
    ///
    /// A swap whose answer was lost is recognised by its value, which therefore must differ from
    /// that of every other swap.
    pub(super) async fn swap(&self, seen: i64, write: Write) -> Result<Swapped, EtcdError> {
        let Write { key, copy, body } = write;
        let compare = Compare::mod_revision(key.as_str(), CompareOp::Equal, seen);
        let mut puts = vec![TxnOp::put(key.as_str(), body.clone(), None)];
        puts.extend(copy.map(|copy| TxnOp::put(copy, body.clone(), None)));
        let look = [TxnOp::get(key.as_str(), None)];
        let txn = Txn::new().when([compare]).and_then(puts).or_else(look);
        let mut client = self.0.kv_client();
        let response = in_time(client.txn(txn)).await?;
        if response.succeeded() {
            let header = response.header().ok_or(EtcdError::NoRevision)?;
            return Ok(Swapped::Written(header.revision()));
        }
        let there = match response.op_responses().first() {
            Some(TxnOpResponse::Get(there)) => there.kvs().first().map(Found::from),
            _ => None,
        };
        Ok(match there {
            Some(there) if there.body == body => Swapped::Written(there.revision),
            _ => Swapped::Conflict,
        })
    }

    /// Reads all that begins with `start`, which ends with a slash, in pages.
    pub(super) async fn list(
        &self,
        start: &str,
        options: GetOptions,
    ) -> Result<Vec<KeyValue>, EtcdError> {
        let options = options.with_range(end_of(start)).with_limit(PAGE);
        let mut from = start.as_bytes().to_vec();
        let mut found = Vec::new();
        loop {
            let mut page = self.get(from, options.clone()).await?;
            let more = page.more();
            found.append(&mut page.take_kvs());
            match found.last() {
                Some(last) if more => {
                    from = last.key().to_vec();
                    from.push(0); // the first key after it
                }
                _ => return Ok(found),
            }
        }
    }

    /// Reads the first key from `from` on and before `end`.
    pub(super) async fn first_key(
        &self,
        from: Vec<u8>,
        end: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, EtcdError> {
        let options = GetOptions::new().with_range(end).with_limit(1).with_keys_only();
        let response = self.get(from, options).await?;
        Ok(response.kvs().first().map(|pair| pair.key().to_vec()))
    }

    /// Begins to watch all that begins with `start`, which ends with a slash.
    pub(super) async fn watch(&self, start: &str) -> Result<WatchStream, EtcdError> {
        let options = WatchOptions::new().with_range(end_of(start));
        let mut client = self.0.watch_client();
        in_time(client.watch(start, Some(options))).await
    }

    async fn get(&self, key: Vec<u8>, options: GetOptions) -> Result<GetResponse, EtcdError> {
        let mut client = self.0.kv_client();
        in_time(client.get(key, Some(options))).await
    }
}

async fn in_time<T>(
    call: impl Future<Output = Result<T, etcd_client::Error>>,
) -> Result<T, EtcdError> {
    Ok(timeout(CALL, call).await.map_err(|_| EtcdError::NoAnswer)??)
}

/// The longest that a request may take: an election of etcd's takes one or two seconds.
const CALL: Duration = Duration::from_secs(4);
/// The longest that a connection may take to be made, and a sign of life to be answered.
const CONNECT: Duration = Duration::from_secs(2);
/// From one sign of life of a connection to the next. Etcd ends those that ask more often than
/// every 5 s.
const ALIVE: Duration = Duration::from_secs(8);
/// Records that are read at once: below the 4 MiB of a gRPC message, whatever is in them.
pub(super) const PAGE: i64 = 500;
