//! Stands between the program and the simulated provider, and notes when the provider had the turn. What is left of a
//! span of time is the program's own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One request: its first line, when it came, when the last piece of the answer left.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) line: String,
    pub(crate) came: Instant,
    pub(crate) over: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    turns: Arc<Mutex<Vec<Turn>>>,
}

impl Relay {
    pub(crate) fn to(provider: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let turns = Arc::new(Mutex::new(Vec::new()));
        let noted = turns.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(provider) else { return };
                carry(&client, &server, &noted);
            }
        });
        Self { address, turns }
    }

    pub(crate) fn turns(&self) -> Vec<Turn> {
        self.turns.lock().unwrap().clone()
    }

    /// How long, between two instants, at least one request was with the provider.
    pub(crate) fn provider_had_it(&self, from: Instant, to: Instant) -> Duration {
        let turns = self.turns();
        let mut spans: Vec<(Instant, Instant)> =
            turns.iter().map(|t| (t.came.clamp(from, to), t.over.unwrap_or(to).clamp(from, to))).collect();
        spans.sort_unstable();
        let (mut sum, mut seen) = (Duration::ZERO, from);
        for (came, over) in spans {
            sum += over.saturating_duration_since(came.max(seen));
            seen = seen.max(over);
        }
        sum
    }
}

/// Requests follow each other on a connection, so the first bytes after an answer begin the next one.
fn carry(client: &TcpStream, server: &TcpStream, turns: &Arc<Mutex<Vec<Turn>>>) {
    for stream in [client, server] {
        stream.set_nodelay(true).unwrap();
    }
    // The number of the turn that is open on this connection.
    let open = Arc::new(Mutex::new(None::<usize>));
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (noted, mine) = (turns.clone(), open.clone());
    std::thread::spawn(move || {
        let mut chunk = [0; 16 << 10];
        while let Ok(n @ 1..) = from.read(&mut chunk) {
            let mut turns = noted.lock().unwrap();
            let mut open = mine.lock().unwrap();
            if open.is_none_or(|n| turns[n].over.is_some()) {
                let line = String::from_utf8_lossy(&chunk[..n]).lines().next().unwrap_or_default().to_owned();
                *open = Some(turns.len());
                turns.push(Turn { line, came: Instant::now(), over: None });
            }
            drop((turns, open));
            if to.write_all(&chunk[..n]).is_err() {
                return;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let noted = turns.clone();
    std::thread::spawn(move || {
        let mut chunk = [0; 16 << 10];
        while let Ok(n @ 1..) = from.read(&mut chunk) {
            // One lock at a time: the other direction holds both.
            let turn = *open.lock().unwrap();
            if let Some(turn) = turn {
                noted.lock().unwrap()[turn].over = Some(Instant::now());
            }
            if to.write_all(&chunk[..n]).is_err() {
                return;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}
