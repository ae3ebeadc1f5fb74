//! The little of HTTP that a chat platform needs in the demo and under `plugin listen`: requests with a body of known length.

use std::io::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest request read, head and body.
pub(crate) const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// A request.
pub(crate) struct Posted {
    /// Method, path and protocol: `POST /hook HTTP/1.1`.
    pub line: String,
    /// As it came.
    pub body: Vec<u8>,
}

/// The next request of a connection; none at its end, or when it is no request that a notifier makes. What belongs to the
/// one after it stays in `buffer`.
pub(crate) async fn next(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Posted> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length = |line: &str| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            };
            let length = head.lines().find_map(length)?;
            let whole = end.checked_add(4)?.checked_add(length)?;
            if whole > REQUEST_BYTES_MAX {
                return None;
            }
            if buffer.len() >= whole {
                let body = buffer[end + 4..whole].to_vec();
                buffer.drain(..whole);
                return Some(Posted { line: head.lines().next().unwrap_or_default().to_owned(), body });
            }
        }
        if buffer.len() > REQUEST_BYTES_MAX || stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Answers with a status and JSON.
pub(crate) async fn answer(stream: &mut TcpStream, status: u16, json: &str) -> Result<()> {
    let head =
        format!("HTTP/1.1 {status} {}\r\nContent-Type: application/json\r\n", if status < 400 { "OK" } else { "No" });
    let text = format!("{head}Content-Length: {}\r\n\r\n{json}", json.len());
    stream.write_all(text.as_bytes()).await
}
