//! The read-only endpoint over HTTP/1.1: `/status`, `/metrics`, `/follow`, `/health`. One request for each connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::server::Command;

const LONGEST_HEAD: usize = 8 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 64;

/// Listens, and answers until the process ends.
///
/// # Errors
/// The address cannot be taken.
pub async fn serve(listen: SocketAddr, commands: mpsc::Sender<Command>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).await?;
    let bound = listener.local_addr()?;
    tokio::spawn(async move {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        let commands = commands.clone();
                        tokio::spawn(async move {
                            let _permit = permit;
                            let _ = answer(stream, commands).await;
                        });
                    }
                }
                () = commands.closed() => return,
            }
        }
    });
    Ok(bound)
}

async fn answer(mut stream: TcpStream, commands: mpsc::Sender<Command>) -> io::Result<()> {
    let Ok(head) = timeout(PATIENCE, head(&mut stream)).await else {
        return Ok(());
    };
    let head = head?;
    let mut words = head.split_whitespace();
    let (method, path) = (words.next(), words.next());
    let (code, kind, body) = match (method, path) {
        (Some("GET"), Some("/health")) => ("200 OK", "text/plain", "ok\n".to_owned()),
        (Some("GET"), Some("/status")) => {
            let (sender, receiver) = oneshot::channel();
            let _ = commands.send(Command::Status(sender)).await;
            match receiver.await {
                Ok(status) => ("200 OK", "application/json", format!("{status:#}\n")),
                Err(_) => ending(),
            }
        }
        (Some("GET"), Some("/metrics")) => {
            let (sender, receiver) = oneshot::channel();
            let _ = commands.send(Command::Metrics(sender)).await;
            match receiver.await {
                Ok(text) => ("200 OK", "text/plain; version=0.0.4", text),
                Err(_) => ending(),
            }
        }
        (Some("GET"), Some("/follow")) => return follow(stream, commands).await,
        (Some("GET"), Some(_)) => (
            "404 Not Found",
            "text/plain",
            "/status /metrics /follow /health\n".to_owned(),
        ),
        (Some(_), Some(_)) => (
            "405 Method Not Allowed",
            "text/plain",
            "only GET\n".to_owned(),
        ),
        _ => ("400 Bad Request", "text/plain", "no request\n".to_owned()),
    };
    let text = format!(
        "HTTP/1.1 {code}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let writing = timeout(PATIENCE, stream.write_all(text.as_bytes()));
    writing.await.unwrap_or(Ok(()))?;
    stream.shutdown().await
}

fn ending() -> (&'static str, &'static str, String) {
    (
        "503 Service Unavailable",
        "text/plain",
        "ending\n".to_owned(),
    )
}

/// The request up to the empty line.
async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut octets = Vec::new();
    let mut piece = [0; 1024];
    while octets.len() < LONGEST_HEAD {
        let count = stream.read(&mut piece).await?;
        if count == 0 {
            break;
        }
        octets.extend_from_slice(piece.get(..count).unwrap_or_default());
        if octets.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

/// Lines of JSON until one side has had enough.
async fn follow(mut stream: TcpStream, commands: mpsc::Sender<Command>) -> io::Result<()> {
    let (sender, mut lines) = mpsc::channel(64);
    let _ = commands.send(Command::Follow(sender)).await;
    drop(commands);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let mut noise = [0; 64];
    loop {
        tokio::select! {
            line = lines.recv() => {
                let Some(line) = line else { return Ok(()) };
                let writing = timeout(PATIENCE, stream.write_all(line.as_bytes()));
                writing.await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))?;
            }
            // The reader went away.
            count = stream.read(&mut noise) => if count? == 0 { return Ok(()) },
        }
    }
}
