//! An RTMP encoder of the tests: somebody else's client session, and messages of captures.

use core::time::Duration;
use std::io;

use livechannel::Server;
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::sessions::{
    ClientSession, ClientSessionConfig, ClientSessionEvent, ClientSessionResult, PublishRequestType,
};
use rml_rtmp::time::RtmpTimestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Message;

pub(crate) struct Publisher {
    pub(crate) socket: TcpStream,
    session: ClientSession,
    received: Vec<u8>,
}

impl Publisher {
    /// Publishes to `rtmp://…/app/name`.
    ///
    /// # Errors
    ///
    /// What the server had sent when it refused.
    pub(crate) async fn start(server: &Server, app: &str, name: &str) -> Result<Self, String> {
        let (socket, rest) = shake_hands(server).await;
        let (session, results) = ClientSession::new(ClientSessionConfig::new()).unwrap();
        let received = Vec::new();
        let mut publisher = Self { socket, session, received };
        publisher.send(results).await.map_err(|error| error.to_string())?;
        let connect = publisher.session.request_connection(app.to_owned()).unwrap();
        publisher.send(vec![connect]).await.map_err(|error| error.to_string())?;
        let accepted = ClientSessionEvent::ConnectionRequestAccepted;
        publisher.wait_for(&accepted, &rest).await?;
        let publish = publisher
            .session
            .request_publishing(name.to_owned(), PublishRequestType::Live)
            .unwrap();
        publisher.send(vec![publish]).await.map_err(|error| error.to_string())?;
        publisher.wait_for(&ClientSessionEvent::PublishRequestAccepted, &[]).await?;
        Ok(publisher)
    }

    /// Sends messages as fast as they are taken; what comes back is passed over.
    pub(crate) async fn push(&mut self, messages: &[Message], shift: u32) -> io::Result<()> {
        for (kind, time, data) in messages {
            let time = RtmpTimestamp::new(time.wrapping_add(shift));
            let data = data.clone().into();
            let result = match kind {
                8 => self.session.publish_audio_data(data, time, false),
                9 => self.session.publish_video_data(data, time, false),
                _ => continue,
            };
            self.send(vec![result.unwrap()]).await?;
        }
        Ok(())
    }

    /// Ends the publication as encoders do.
    pub(crate) async fn finish(mut self) {
        let results = self.session.stop_publishing().unwrap();
        let _ = self.send(results).await;
        let mut told = Vec::new();
        let mut buffer = [0; 4096];
        let unpublished = b"NetStream.Unpublish.Success";
        while !told.windows(unpublished.len()).any(|part| part == unpublished) {
            let read = timeout(Duration::from_secs(15), self.socket.read(&mut buffer)).await;
            let len = read.expect("an answer").unwrap();
            assert_ne!(len, 0, "the end is confirmed before the connection is closed");
            told.extend_from_slice(&buffer[..len]);
        }
        // The last words of an encoder are heard, too.
        self.socket.write_all(&[0xc3]).await.unwrap();
        self.socket.shutdown().await.unwrap();
        self.wait_for_end().await;
    }

    /// Waits until the server closes the connection; returns what it has said before, as text.
    pub(crate) async fn wait_for_words(&mut self) -> String {
        let mut told = Vec::new();
        let mut buffer = [0; 4096];
        let reading = async {
            while let Ok(len @ 1..) = self.socket.read(&mut buffer).await {
                told.extend_from_slice(&buffer[..len]);
            }
        };
        timeout(Duration::from_secs(15), reading).await.expect("the server closes the connection");
        String::from_utf8_lossy(&told).into_owned()
    }

    /// Waits until the server closes the connection.
    pub(crate) async fn wait_for_end(&mut self) {
        let mut buffer = [0; 4096];
        let ended = async { while matches!(self.socket.read(&mut buffer).await, Ok(1..)) {} };
        timeout(Duration::from_secs(15), ended).await.expect("the server closes the connection");
    }

    async fn send(&mut self, results: Vec<ClientSessionResult>) -> io::Result<()> {
        for result in results {
            if let ClientSessionResult::OutboundResponse(packet) = result {
                self.socket.write_all(&packet.bytes).await?;
            }
        }
        Ok(())
    }

    async fn wait_for(&mut self, wanted: &ClientSessionEvent, first: &[u8]) -> Result<(), String> {
        let mut input = first.to_vec();
        loop {
            self.received.extend_from_slice(&input);
            let results = self.session.handle_input(&input).unwrap();
            let (mut outbound, mut found, mut refused) = (Vec::new(), false, false);
            for result in results {
                match result {
                    ClientSessionResult::RaisedEvent(event) => {
                        found |= event == *wanted;
                        refused |=
                            matches!(event, ClientSessionEvent::UnhandleableOnStatusCode { .. });
                    }
                    other => outbound.push(other),
                }
            }
            self.send(outbound).await.map_err(|error| error.to_string())?;
            if refused {
                return Err(String::from_utf8_lossy(&self.received).into_owned());
            }
            if found {
                return Ok(());
            }
            input = vec![0; 4096];
            let read = timeout(Duration::from_secs(15), self.socket.read(&mut input)).await;
            match read.expect("an answer") {
                Ok(0) | Err(_) => return Err(String::from_utf8_lossy(&self.received).into_owned()),
                Ok(len) => input.truncate(len),
            }
        }
    }
}

/// Connects and shakes hands; returns what came behind the handshake.
pub(crate) async fn shake_hands(server: &Server) -> (TcpStream, Vec<u8>) {
    let mut socket = TcpStream::connect(server.rtmp()).await.unwrap();
    let mut handshake = Handshake::new(PeerType::Client);
    let first = handshake.generate_outbound_p0_and_p1().unwrap();
    socket.write_all(&first).await.unwrap();
    let mut buffer = [0; 4096];
    loop {
        let len = socket.read(&mut buffer).await.unwrap();
        assert_ne!(len, 0, "the server shakes hands");
        match handshake.process_bytes(&buffer[..len]).unwrap() {
            HandshakeProcessResult::InProgress { response_bytes } => {
                socket.write_all(&response_bytes).await.unwrap();
            }
            HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                socket.write_all(&response_bytes).await.unwrap();
                return (socket, remaining_bytes);
            }
        }
    }
}
