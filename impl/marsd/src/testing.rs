//! What tests, the demo and the soak share: a folder that goes away, and loopback addresses that nobody else uses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A folder of this process, removed at the end.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new empty folder.
    ///
    /// # Panics
    /// Where there is no room for one.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without it there is nothing to test")]
    pub fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("marsd-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder under the system's one for such things");
        Self(path)
    }

    /// A file in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A loopback socket address that is free, and stays so: on Linux each has an IP address of its own, made from
/// the process id, that no other process picks; elsewhere only the port is free, now.
///
/// # Panics
/// Where nothing can be bound.
#[must_use]
#[expect(clippy::expect_used, reason = "without it there is nothing to test")]
pub fn free_socket() -> SocketAddr {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let ip = if cfg!(target_os = "linux") {
        let [.., a, b] = std::process::id().to_be_bytes();
        let number = u8::try_from(1 + number % 250).unwrap_or(1);
        // Never 127.0.0.x, where services live.
        Ipv4Addr::new(127, a.wrapping_rem(200) + 20, b, number)
    } else {
        Ipv4Addr::LOCALHOST
    };
    let listener = TcpListener::bind((IpAddr::V4(ip), 0)).expect("a loopback address to bind");
    listener.local_addr().expect("it is bound")
}
