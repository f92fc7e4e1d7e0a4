//! One encoder: somebody else's RTMP session, in real time.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;

use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::sessions::{
    ClientSession, ClientSessionConfig, ClientSessionEvent, ClientSessionResult, PublishRequestType,
};
use rml_rtmp::time::RtmpTimestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use crate::Message;

/// Publishes for ever.
pub(crate) async fn publish(
    server: SocketAddr,
    channel: &str,
    messages: &[Message],
) -> io::Result<()> {
    let mut socket = TcpStream::connect(server).await?;
    let rest = shake_hands(&mut socket).await?;
    let mut config = ClientSessionConfig::new();
    config.chunk_size = 65_536;
    config.tc_url = Some(format!("rtmp://{server}/live"));
    let (mut session, results) = ClientSession::new(config).map_err(io::Error::other)?;
    send(&mut socket, results).await?;
    let connect = session.request_connection("live".to_owned()).map_err(io::Error::other)?;
    send(&mut socket, vec![connect]).await?;
    let connected = ClientSessionEvent::ConnectionRequestAccepted;
    wait_for(&mut socket, &mut session, &connected, &rest).await?;
    let publish = session
        .request_publishing(channel.to_owned(), PublishRequestType::Live)
        .map_err(io::Error::other)?;
    send(&mut socket, vec![publish]).await?;
    let accepted = ClientSessionEvent::PublishRequestAccepted;
    wait_for(&mut socket, &mut session, &accepted, &[]).await?;
    let (mut answers, mut socket) = socket.into_split();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while matches!(answers.read(&mut buffer).await, Ok(1..)) {}
    });

    let begun = Instant::now();
    // As long as a frame lasts longer than the last one's time.
    let length = messages.iter().map(|(_, time, _)| *time).max().unwrap_or(0) + 40;
    for round in 0_u32.. {
        for (kind, time, data) in messages {
            if round > 0 && data.get(1) == Some(&0) {
                continue; // sequence headers are sent once
            }
            let time = time + round * length;
            sleep_until(begun + Duration::from_millis(time.into())).await;
            let stamp = RtmpTimestamp::new(time);
            let result = match kind {
                8 => session.publish_audio_data(data.clone(), stamp, false),
                9 => session.publish_video_data(data.clone(), stamp, false),
                _ => continue,
            };
            if let ClientSessionResult::OutboundResponse(packet) =
                result.map_err(io::Error::other)?
            {
                socket.write_all(&packet.bytes).await?;
            }
        }
    }
    Ok(())
}

async fn shake_hands(socket: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut handshake = Handshake::new(PeerType::Client);
    let first = handshake.generate_outbound_p0_and_p1().map_err(io::Error::other)?;
    socket.write_all(&first).await?;
    let mut buffer = [0; 4096];
    loop {
        let len = socket.read(&mut buffer).await?;
        match handshake.process_bytes(&buffer[..len]).map_err(io::Error::other)? {
            HandshakeProcessResult::InProgress { response_bytes } if len > 0 => {
                socket.write_all(&response_bytes).await?;
            }
            HandshakeProcessResult::InProgress { .. } => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                socket.write_all(&response_bytes).await?;
                return Ok(remaining_bytes);
            }
        }
    }
}

async fn wait_for(
    socket: &mut TcpStream,
    session: &mut ClientSession,
    wanted: &ClientSessionEvent,
    first: &[u8],
) -> io::Result<()> {
    let mut input = first.to_vec();
    loop {
        let (mut out, mut found) = (Vec::new(), false);
        for result in session.handle_input(&input).map_err(io::Error::other)? {
            match result {
                ClientSessionResult::RaisedEvent(event) => found |= event == *wanted,
                other => out.push(other),
            }
        }
        send(socket, out).await?;
        if found {
            return Ok(());
        }
        input = vec![0; 4096];
        match socket.read(&mut input).await? {
            0 => return Err(io::ErrorKind::ConnectionRefused.into()),
            len => input.truncate(len),
        }
    }
}

async fn send(socket: &mut TcpStream, results: Vec<ClientSessionResult>) -> io::Result<()> {
    for result in results {
        if let ClientSessionResult::OutboundResponse(packet) = result {
            socket.write_all(&packet.bytes).await?;
        }
    }
    Ok(())
}
