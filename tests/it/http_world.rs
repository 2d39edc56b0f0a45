//! A loopback server that answers, misbehaves or hangs as told, and a run of the HTTP driver against it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use stanch::base::{Clock, Secret, SecretRef, Stamp};
use stanch::effect::{LogLine, Outcome, Progress, ProviderOp, ProviderReply, Reply};
use stanch::incident::Mode;
use stanch::providers::openai::OPENAI;
use stanch::shell::endpoints::Endpoints;
use stanch::shell::finish::{Finish, Wire};
use stanch::shell::http::{Http, Limits};
use stanch::shell::vault::Vault;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// What a server does with a request.
pub(crate) enum Act {
    Say(u16, Vec<(&'static str, String)>, String),
    /// Reads it, then closes without a word.
    Close,
    /// Announces more than it sends, then closes.
    Half(u16, String),
    /// Never answers.
    Hang,
}

pub(crate) fn say(status: u16, json: &Value) -> Act {
    Act::Say(status, vec![], json.to_string())
}

pub(crate) fn error(status: u16, message: &str, code: &Value) -> Act {
    say(status, &json!({"error":{"message":message,"type":"x","param":null,"code":code}}))
}

/// A request as it came: `GET /v1/models?x=y`, its head in full, its body.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) head: String,
}

pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// `world` gets the request and how many came before it.
    pub(crate) fn start(world: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (world, all) = (Arc::new(world), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (world, all) = (Arc::clone(&world), Arc::clone(&all));
                std::thread::spawn(move || serve(stream.unwrap(), &*world, &all));
            }
        });
        Self { base, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, world: &(impl Fn(&Seen, usize) -> Act + ?Sized), all: &Mutex<Vec<Seen>>) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let head = loop {
        let read = stream.read(&mut chunk).unwrap_or(0);
        if read == 0 {
            return;
        }
        bytes.extend_from_slice(&chunk[..read]);
        if bytes[0] == 0x16 {
            // a TLS greeting: no server here speaks it
            let _ = stream.write_all(b"HTTP/1.1 400 X\r\n\r\n");
            return;
        }
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break String::from_utf8_lossy(&bytes[..at]).into_owned();
        }
    };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
    let mut got = bytes.len() - head.len() - 4;
    while got < length {
        got += stream.read(&mut chunk).unwrap();
    }
    let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let seen = Seen { line, head };
    let before = {
        let mut all = all.lock().unwrap();
        all.push(seen.clone());
        all.len() - 1
    };
    let mut send = |status: u16, headers: &[(&str, String)], length: usize, body: &str| {
        let extra: String = headers.iter().flat_map(|(name, value)| [*name, ": ", value, "\r\n"]).collect();
        let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{extra}\r\n");
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    };
    match world(&seen, before) {
        Act::Say(status, headers, body) => send(status, &headers, body.len(), &body),
        Act::Half(status, body) => send(status, &[], body.len() + 100, &body),
        Act::Close => {}
        Act::Hang => while stream.read(&mut chunk).is_ok_and(|read| read > 0) {},
    }
}

/// A key made at run time, so that no source holds anything of a key's shape.
pub(crate) fn key(kind: &str, fill: char) -> String {
    format!("sk-{kind}-{}", fill.to_string().repeat(32)) + "9f3a"
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(&Zeroizing::new(text.as_bytes().to_vec())).unwrap()
}

pub(crate) struct Run {
    pub(crate) finish: Finish,
    pub(crate) log: Vec<LogLine>,
    pub(crate) progress: Vec<Progress>,
    pub(crate) vault: Vault,
    /// Milliseconds that passed on the stepped clock.
    pub(crate) waited: i64,
}

impl Run {
    /// Everything a person or a file could get to see.
    pub(crate) fn visible(&self) -> String {
        format!("{:?}\n{:?}\n{:?}\n{:?}", self.finish, self.log, self.progress, self.vault)
    }

    pub(crate) fn reply(&self) -> &ProviderReply {
        match &self.finish {
            Finish::Outcome(Outcome::Done { reply: Reply::Provider { reply } }) => reply,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn fault(&self) -> &stanch::base::Fault {
        match &self.finish {
            Finish::Outcome(Outcome::Refused { fault } | Outcome::Failed { fault }) => fault,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn lost(&self) -> &str {
        match &self.finish {
            Finish::Lost(why) => why,
            other @ Finish::Outcome(_) => panic!("{other:?}"),
        }
    }
}

pub(crate) fn vault() -> Vault {
    let vault = Vault::new("salt");
    vault.put(SecretRef::Leaked, secret(&key("proj", 'a')));
    vault.put(SecretRef::Admin, secret(&key("admin", 'b')));
    vault
}

/// Nine seconds before a Saturday.
pub(crate) const START: Stamp = Stamp(1_795_219_191_000);

pub(crate) fn wire(cancel: CancellationToken) -> (Wire, UnboundedReceiver<Progress>, UnboundedReceiver<LogLine>) {
    let ((progress, said), (log, logged)) = (unbounded_channel(), unbounded_channel());
    (Wire { cancel, progress, log }, said, logged)
}

pub(crate) async fn run_with(base: &str, op: &ProviderOp, vault: Vault, cancel: CancellationToken) -> Run {
    let clock = Clock::stepped(START);
    let endpoints = Endpoints::new(Mode::Drill, base, false).unwrap();
    let limits = Limits { connect: Duration::from_secs(2), request: Duration::from_millis(250) };
    let http = Http::with_limits(endpoints, vault.clone(), clock.clone(), limits).unwrap();
    let (wire, mut said, mut logged) = wire(cancel);
    let finish = http.drive(&OPENAI, op, &wire).await;
    drop(wire);
    let (mut log, mut progress) = (Vec::new(), Vec::new());
    while let Some(line) = logged.recv().await {
        log.push(line);
    }
    while let Some(one) = said.recv().await {
        progress.push(one);
    }
    Run { finish, log, progress, vault, waited: clock.now().0 - START.0 }
}

pub(crate) async fn run(server: &Server, op: &ProviderOp) -> Run {
    run_with(&server.base, op, vault(), CancellationToken::new()).await
}

pub(crate) fn find() -> ProviderOp {
    ProviderOp::FindIssued { project: "p".into(), name: "n".into() }
}

pub(crate) fn issue() -> ProviderOp {
    ProviderOp::Issue { project: "p".into(), name: "n".into() }
}

pub(crate) fn probe() -> ProviderOp {
    ProviderOp::Probe { key: SecretRef::Leaked }
}

pub(crate) fn empty() -> Act {
    say(200, &json!({"data":[],"has_more":false}))
}

/// Lists are empty; `write` is what happens to anything that writes.
pub(crate) fn writes_meet(write: impl Fn(usize) -> Act + Send + Sync + 'static) -> Server {
    Server::start(move |seen, before| if seen.line.starts_with("GET") { empty() } else { write(before) })
}
