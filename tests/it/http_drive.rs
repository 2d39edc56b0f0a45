//! The HTTP driver against servers that misbehave: loopback only, no waiting on real time where a clock can be stepped.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use stanch::base::{Clock, FaultKind, Secret, SecretRef, Stamp};
use stanch::effect::provider::{Issued, KeyRow, Owner, OwnerKind};
use stanch::effect::{LogLine, Outcome, Progress, ProviderOp, ProviderReply, Reply, Verdict};
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
enum Act {
    Say(u16, Vec<(&'static str, String)>, String),
    /// Reads it, then closes without a word.
    Close,
    /// Announces more than it sends, then closes.
    Half(u16, String),
    /// Never answers.
    Hang,
}

fn say(status: u16, json: &Value) -> Act {
    Act::Say(status, vec![], json.to_string())
}

fn error(status: u16, message: &str, code: &Value) -> Act {
    say(status, &json!({"error":{"message":message,"type":"x","param":null,"code":code}}))
}

/// A request as it came: `GET /v1/models?x=y`, its head in full, its body.
#[derive(Clone, Debug)]
struct Seen {
    line: String,
    head: String,
}

struct Server {
    base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// `world` gets the request and how many came before it.
    fn start(world: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
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

    fn seen(&self) -> Vec<Seen> {
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
fn key(kind: &str, fill: char) -> String {
    format!("sk-{kind}-{}", fill.to_string().repeat(32)) + "9f3a"
}

fn secret(text: &str) -> Secret {
    Secret::new(&Zeroizing::new(text.as_bytes().to_vec())).unwrap()
}

struct Run {
    finish: Finish,
    log: Vec<LogLine>,
    progress: Vec<Progress>,
    vault: Vault,
    /// Milliseconds that passed on the stepped clock.
    waited: i64,
}

impl Run {
    /// Everything a person or a file could get to see.
    fn visible(&self) -> String {
        format!("{:?}\n{:?}\n{:?}\n{:?}", self.finish, self.log, self.progress, self.vault)
    }

    fn reply(&self) -> &ProviderReply {
        match &self.finish {
            Finish::Outcome(Outcome::Done { reply: Reply::Provider { reply } }) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn fault(&self) -> &stanch::base::Fault {
        match &self.finish {
            Finish::Outcome(Outcome::Refused { fault } | Outcome::Failed { fault }) => fault,
            other => panic!("{other:?}"),
        }
    }

    fn lost(&self) -> &str {
        match &self.finish {
            Finish::Lost(why) => why,
            other @ Finish::Outcome(_) => panic!("{other:?}"),
        }
    }
}

fn vault() -> Vault {
    let vault = Vault::new("salt");
    vault.put(SecretRef::Leaked, secret(&key("proj", 'a')));
    vault.put(SecretRef::Admin, secret(&key("admin", 'b')));
    vault
}

/// Nine seconds before a Saturday.
const START: Stamp = Stamp(1_795_219_191_000);

fn wire(cancel: CancellationToken) -> (Wire, UnboundedReceiver<Progress>, UnboundedReceiver<LogLine>) {
    let ((progress, said), (log, logged)) = (unbounded_channel(), unbounded_channel());
    (Wire { cancel, progress, log }, said, logged)
}

async fn run_with(base: &str, op: &ProviderOp, vault: Vault, cancel: CancellationToken) -> Run {
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

async fn run(server: &Server, op: &ProviderOp) -> Run {
    run_with(&server.base, op, vault(), CancellationToken::new()).await
}

fn find() -> ProviderOp {
    ProviderOp::FindIssued { project: "p".into(), name: "n".into() }
}

fn issue() -> ProviderOp {
    ProviderOp::Issue { project: "p".into(), name: "n".into() }
}

fn probe() -> ProviderOp {
    ProviderOp::Probe { key: SecretRef::Leaked }
}

fn empty() -> Act {
    say(200, &json!({"data":[],"has_more":false}))
}

/// Lists are empty; `write` is what happens to anything that writes.
fn writes_meet(write: impl Fn(usize) -> Act + Send + Sync + 'static) -> Server {
    Server::start(move |seen, before| if seen.line.starts_with("GET") { empty() } else { write(before) })
}

#[tokio::test]
async fn waits_as_long_as_it_is_told() {
    let date = || "Sat, 21 Nov 2026 00:00:00 GMT".to_owned();
    for (header, waited) in [("7".to_owned(), 7000), (date(), 9000), ("99999".into(), 120_000)] {
        let server = Server::start(move |_, before| match before {
            0 => Act::Say(429, vec![("retry-after", header.clone())], "{}".into()),
            _ => empty(),
        });
        let run = run(&server, &find()).await;
        assert_eq!(run.reply(), &ProviderReply::IssuedFound { found: vec![] });
        assert_eq!(run.waited, waited);
        assert_eq!(run.log.len(), 2);
        assert!(run.log[0].note.contains("again in") && run.log[1].note == "attempt 2", "{:?}", run.log);
        assert!(run.progress.iter().any(|one| one.attempt == 2), "{:?}", run.progress);
    }
}

#[tokio::test]
async fn a_read_is_tried_four_times() {
    let server = Server::start(|_, _| error(500, "boom", &Value::Null));
    let run = run(&server, &find()).await;
    assert_eq!((server.seen().len(), run.waited), (4, 500 + 1000 + 2000));
    let fault = run.fault();
    assert!(
        fault.kind == FaultKind::Unreachable && fault.why.contains("500: boom") && !fault.hints.is_empty(),
        "{fault}"
    );
}

#[tokio::test]
async fn a_slow_or_broken_answer_is_told_in_plain_words() {
    for (act, words) in [
        (Box::new(|| Act::Hang) as Box<dyn Fn() -> Act + Send + Sync>, "timed out after 0.25 s"),
        (Box::new(|| Act::Close), "broke before the whole answer"),
        (Box::new(|| Act::Half(200, "{\"data\":".into())), "broke before the whole answer"),
    ] {
        let server = Server::start(move |_, _| act());
        let run = run(&server, &find()).await;
        assert!(run.fault().why.contains(words), "{}", run.fault());
        assert_eq!((run.fault().kind, server.seen().len()), (FaultKind::Unreachable, 4));
    }
}

#[tokio::test]
async fn nobody_there() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", closed.local_addr().unwrap());
    drop(closed);
    let run = run_with(&base, &find(), vault(), CancellationToken::new()).await;
    assert!(run.fault().why.contains("127.0.0.1 can't be reached"), "{}", run.fault());
    assert_eq!(run.log.len(), 4);
    let run = run_with(&base, &probe(), vault(), CancellationToken::new()).await;
    let ProviderReply::Probed(probe) = run.reply() else { panic!("{:?}", run.finish) };
    assert_eq!((probe.verdict, probe.status, run.log.len()), (Verdict::Unknown, None, 1));
}

#[tokio::test]
async fn a_write_without_a_clear_answer_is_lost_and_never_repeated() {
    type Make = fn() -> Act;
    let acts: [(Make, &str); 6] = [
        (|| Act::Close, "broke"),
        (|| Act::Hang, "timed out"),
        (|| Act::Half(200, "{".into()), "broke"),
        (|| error(503, "overloaded", &Value::Null), "503"),
        (|| say(200, &json!({})), "went through"),
        (|| Act::Say(200, vec![], "<html>".into()), "went through"),
    ];
    for (act, words) in acts {
        let server = writes_meet(move |_| act());
        let run = run(&server, &issue()).await;
        assert!(run.lost().contains(words), "{words}: {}", run.lost());
        let writes = server.seen().iter().filter(|seen| seen.line.starts_with("POST")).count();
        assert_eq!(writes, 1, "{words}");
    }
}

#[tokio::test]
async fn a_write_that_was_turned_away_may_be_repeated() {
    let made = json!({"id":"svc","name":"n","created_at":1,"api_key":null});
    let server =
        writes_meet(move |before| if before == 1 { error(429, "slow", &Value::Null) } else { say(200, &made) });
    let run = run(&server, &issue()).await;
    assert!(matches!(run.reply(), ProviderReply::Issued(Issued { print: None, .. })));
    let server = writes_meet(|_| error(403, "Missing scopes: api.management.write.", &Value::Null));
    let run = run_with(&server.base, &issue(), vault(), CancellationToken::new()).await;
    assert!(matches!(run.finish, Finish::Outcome(Outcome::Refused { .. })), "{:?}", run.finish);
    assert!(run.fault().why.contains("api.management.write"), "{}", run.fault());
}

#[tokio::test]
async fn what_is_not_json_or_not_the_shape_is_said_so() {
    for (act, words) in [
        (
            Act::Say(200, vec![], "<html>\n Sign in to the Wi-Fi</html>".into()),
            "\"<html> Sign in to the Wi-Fi</html>\"",
        ),
        (Act::Say(200, vec![], String::new()), "200 without a reason"),
        (say(200, &json!({"data":{}})), "a list under \"data\""),
        (say(200, &json!([1])), "a list under \"data\""),
    ] {
        let act = Mutex::new(Some(act));
        let server = Server::start(move |_, _| act.lock().unwrap().take().unwrap());
        let run = run(&server, &find()).await;
        assert_eq!(run.fault().kind, FaultKind::Malformed);
        assert!(run.fault().why.contains(words), "{words}: {}", run.fault());
    }
}

#[tokio::test]
async fn an_endless_list_ends() {
    let server = Server::start(|_, before| say(200, &json!({"data":[{"id":format!("s{before}")}],"has_more":true})));
    let run = run(&server, &find()).await;
    assert!(run.fault().why.contains("no end") && server.seen().len() == 50, "{}", run.fault());
    assert!(run.progress.iter().any(|one| one.words == "page 3 of service accounts"), "{:?}", run.progress);
    assert!(run.log[1].what.ends_with("/service_accounts?limit&after"), "{:?}", run.log[1]);
}

#[tokio::test]
async fn a_monstrous_answer_is_not_read() {
    let server = Server::start(|_, _| Act::Say(200, vec![], "x".repeat(17 << 20)));
    let endpoints = Endpoints::new(Mode::Drill, &server.base, false).unwrap();
    let http = Http::new(endpoints, vault(), Clock::stepped(START)).unwrap();
    let (wire, _said, _logged) = wire(CancellationToken::new());
    let Finish::Outcome(Outcome::Failed { fault }) = http.drive(&OPENAI, &find(), &wire).await else { panic!() };
    assert!(fault.kind == FaultKind::Malformed && fault.why.contains("16 MB"), "{fault}");
}

#[tokio::test]
async fn an_echoed_key_is_seen_nowhere() {
    let (leaked, admin, stranger) = (key("proj", 'a'), key("admin", 'b'), key("proj", 'z'));
    let echo = move |seen: &Seen| {
        let bearer = seen.head.lines().find_map(|line| line.strip_prefix("authorization: Bearer ")).unwrap();
        bearer.to_owned()
    };
    let shapes: [fn(&str, &str) -> Act; 6] = [
        |key, _| error(401, &format!("Incorrect API key provided: {key}"), &Value::String(key.into())),
        |key, _| say(400, &json!({key: {"x": key}, "error": key})),
        |key, other| Act::Say(403, vec![("x-request-id", key.into())], format!("<p>{key} {other}")),
        |key, other| Act::Say(200, vec![("x-request-id", key.into())], format!("{}{key}{other}", "x ".repeat(20))),
        |key, other| error(418, &format!("{key} {other}"), &Value::Null),
        |key, _| say(200, &json!({"data":[{"id":key,"name":key}],"has_more":true,"last_id":key})),
    ];
    for (number, shape) in shapes.into_iter().enumerate() {
        for op in [ProviderOp::Locate, probe(), issue(), find()] {
            let stranger = stranger.clone();
            let server = Server::start(move |seen, _| shape(&echo(seen), &stranger));
            let run = run(&server, &op).await;
            let visible = run.visible();
            assert!(server.seen()[0].head.contains("Bearer sk-"), "the key was sent");
            for key in [&leaked, &admin] {
                assert!(!visible.contains(key.as_str()), "shape {number}, {op:?}: {visible}");
            }
        }
    }
    // A key nobody knows, in a text that is shown, goes by its shape.
    let server = Server::start(move |_, _| Act::Say(200, vec![], format!("<p>{stranger}")));
    let run = run(&server, &find()).await;
    assert!(run.fault().why.contains("<p>[key]"), "{}", run.fault());
}

#[tokio::test]
async fn a_new_key_goes_to_the_vault_and_nowhere_else() {
    let fresh = key("svcacct", 'n');
    let value = fresh.clone();
    let server = writes_meet(move |_| {
        say(
            200,
            &json!({"id":"svc","name":"n","created_at":1,"copy":value,
            "api_key":{"id":"key_n","value":value,"name":"n","created_at":1}}),
        )
    });
    let run = run(&server, &issue()).await;
    let ProviderReply::Issued(issued) = run.reply() else { panic!("{:?}", run.finish) };
    assert_eq!((issued.key_id.as_str(), issued.account_id.as_str()), ("key_n", "svc"));
    assert_eq!(issued.print, run.vault.print(SecretRef::Replacement));
    assert_eq!(issued.print.as_ref().unwrap().to_string(), "sk-svcacct-…9f3a");
    assert!(!run.visible().contains(&fresh), "{}", run.visible());

    // At another place than expected it is not taken, but not shown either.
    let value = fresh.clone();
    let server =
        writes_meet(move |_| say(200, &json!({"id":"svc","api_key":{"id":"key_n","secret":value,"note":[value]}})));
    let run = run_with(&server.base, &issue(), vault(), CancellationToken::new()).await;
    assert!(!run.vault.has(SecretRef::Replacement) && !run.visible().contains(&fresh), "{}", run.visible());
    let value = fresh.clone();
    let server = writes_meet(move |_| Act::Say(200, vec![], format!("{{\"api_key\":{{\"value\":\"{value}\"")));
    let run = run_with(&server.base, &issue(), vault(), CancellationToken::new()).await;
    assert!(run.lost().contains("went through") && !run.visible().contains(&fresh), "{}", run.visible());
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let trap = Server::start(|_, _| empty());
    for status in [301, 302, 307, 308] {
        let to = format!("{}/organization/projects", trap.base);
        let server = Server::start(move |_, _| Act::Say(status, vec![("location", to.clone())], String::new()));
        let located = run(&server, &ProviderOp::Locate).await;
        assert!(located.fault().why.contains("redirect"), "{}", located.fault());
        let probed = run(&server, &probe()).await;
        let ProviderReply::Probed(probe) = probed.reply() else { panic!("{:?}", probed.finish) };
        assert_eq!(probe.verdict, Verdict::Unknown);
    }
    assert!(trap.seen().is_empty(), "the key must not follow a redirect");
}

#[test]
fn a_drill_talks_to_this_machine_only() {
    for base in
        ["https://api.openai.com/v1", "http://192.0.2.1/v1", "http://localhost:1/v1", "http://127.0.0.1.example.com/v1"]
    {
        assert!(Endpoints::new(Mode::Drill, base, true).is_err(), "{base}");
    }
}

#[tokio::test]
async fn a_probe_asks_once() {
    for (act, verdict) in [
        (error(503, "overloaded", &Value::Null), Verdict::Unknown),
        (error(401, "Incorrect API key provided", &json!("invalid_api_key")), Verdict::Dead),
        (error(429, "quota", &json!("insufficient_quota")), Verdict::Live),
        (Act::Say(429, vec![], "<html>".into()), Verdict::Unknown),
        (Act::Hang, Verdict::Unknown),
    ] {
        let act = Mutex::new(Some(act));
        let server = Server::start(move |_, _| act.lock().unwrap().take().unwrap());
        let run = run(&server, &probe()).await;
        let ProviderReply::Probed(probe) = run.reply() else { panic!("{:?}", run.finish) };
        assert_eq!((probe.verdict, server.seen().len(), run.waited), (verdict, 1, 0), "{probe:?}");
        assert_eq!(server.seen()[0].line, "GET /v1/models");
        assert!(server.seen()[0].head.contains(&format!("user-agent: stanch/{}", env!("CARGO_PKG_VERSION"))));
    }
}

#[tokio::test]
async fn cancel_before_during_a_read_and_during_a_write() {
    let server = Server::start(|seen, _| {
        if seen.line.contains("service_accounts") && seen.line.starts_with("GET") { empty() } else { Act::Hang }
    });
    let before = CancellationToken::new();
    before.cancel();
    let stopped = run_with(&server.base, &issue(), vault(), before).await;
    assert_eq!((stopped.fault().kind, server.seen().len()), (FaultKind::Cancelled, 0));
    for (op, at) in [(probe(), 1), (issue(), 3)] {
        let cancel = CancellationToken::new();
        let (button, seen) = (cancel.clone(), Arc::clone(&server.seen));
        let press = tokio::spawn(async move {
            while seen.lock().unwrap().len() < at {
                tokio::task::yield_now().await;
            }
            button.cancel();
        });
        let stopped = run_with(&server.base, &op, vault(), cancel).await;
        press.await.unwrap();
        match op {
            ProviderOp::Probe { .. } => assert_eq!(stopped.fault().kind, FaultKind::Cancelled),
            _ => assert!(stopped.lost().contains("may have been carried out"), "{}", stopped.lost()),
        }
    }
}

#[tokio::test]
async fn a_secret_that_is_not_at_hand_is_asked_for() {
    let server = Server::start(|_, _| empty());
    let run = run_with(&server.base, &find(), Vault::new("salt"), CancellationToken::new()).await;
    assert!(run.fault().what.contains("the admin key") && !run.fault().hints.is_empty(), "{}", run.fault());
    let vault = Vault::new("salt");
    vault.put(SecretRef::Admin, secret(&key("admin", 'b')));
    let run = run_with(&server.base, &ProviderOp::Locate, vault, CancellationToken::new()).await;
    assert!(run.fault().what.contains("the leaked key"), "{}", run.fault());
    assert!(matches!(run.finish, Finish::Outcome(Outcome::Refused { .. })));
}

#[tokio::test]
async fn finds_the_row_and_revokes_it() {
    let listed = |id: &str, redacted: &str| json!({"id":id,"name":"CI","redacted_value":redacted,"created_at":1,"owner":{"type":"user","user":{"id":"u","email":"a@b.c"}}});
    let server = Server::start(move |seen, _| match seen.line.split('?').next().unwrap() {
        "GET /v1/organization/projects" => say(200, &json!({"data":[{"id":"p","name":"P"}]})),
        "GET /v1/organization/projects/p/api_keys" => {
            say(200, &json!({"data":[listed("key_0", "sk-proj-...0000"), listed("key_1", "sk-proj-aa...9f3a")]}))
        }
        "GET /v1/organization/projects/p/api_keys/key_1" => say(200, &listed("key_1", "sk-proj-aa...9f3a")),
        "DELETE /v1/organization/projects/p/api_keys/key_1" => say(200, &json!({"id":"key_1","deleted":true})),
        "GET /v1/organization/admin_api_keys" => empty(),
        other => panic!("{other}"),
    });
    let located = run(&server, &ProviderOp::Locate).await;
    let ProviderReply::Located(report) = located.reply() else { panic!("{:?}", located.finish) };
    let owner = Owner { kind: OwnerKind::User, id: "u".into(), name: "a@b.c".into() };
    let (row, others) = (report.matches[0].clone(), &report.siblings);
    assert_eq!(
        (report.matches.len(), row.id.as_str(), &row.owner, others[0].id.as_str()),
        (1, "key_1", &owner, "key_0")
    );
    let revoked = run(&server, &ProviderOp::Revoke { row: KeyRow { last_used: Some(Stamp(1)), ..row } }).await;
    assert_eq!(revoked.reply(), &ProviderReply::Revoked { id: "key_1".into() });
}
