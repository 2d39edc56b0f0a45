//! Where a key may go and where it must not be seen, whatever a server answers.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};
use stanch::base::{Clock, FaultKind, SecretRef};
use stanch::effect::{Outcome, ProviderOp, ProviderReply, Verdict};
use stanch::incident::Mode;
use stanch::providers::openai::OPENAI;
use stanch::providers::{Auth, Exchange, Method, Provider, Request, Support, Turn};
use stanch::shell::endpoints::Endpoints;
use stanch::shell::finish::Finish;
use stanch::shell::http::Http;
use tokio_util::sync::CancellationToken;

use crate::http_world::*;

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
        |key, other| Act::Say(200, vec![("x-request-id", key.into())], format!("{}{key}{other}", "x".repeat(45))),
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
                // not even its start: an excerpt may cut it
                assert!(!visible.contains(&key[..14]), "shape {number}, {op:?}: {visible}");
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
    assert_eq!(issued.print.as_ref().unwrap().to_string(), "sk-svcacct-...9f3a");
    assert!(!run.visible().contains(&fresh), "{}", run.visible());

    // At another place than expected, or in an error, it is not taken, but not shown either.
    let places = [
        (200, "/id"),
        (200, "/api_key/id"),
        (200, "/api_key/secret"),
        (400, "/api_key/value"),
        (400, "/error/message"),
    ];
    for (status, place) in places {
        let mut made = json!({"id":"svc","error":{"message":""},"api_key":{"id":"key_n","value":null,"secret":""}});
        *made.pointer_mut(place).unwrap() = Value::String(fresh.clone());
        let server = writes_meet(move |_| say(status, &made));
        let run = run_with(&server.base, &issue(), vault(), CancellationToken::new()).await;
        assert!(!run.vault.has(SecretRef::Replacement), "{status} {place}");
        assert!(!run.visible().contains(&fresh), "{status} {place}: {}", run.visible());
    }
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

#[tokio::test]
async fn a_bad_tls_connection_is_barred_at_once() {
    let plain = Server::start(|_, _| empty());
    let endpoints = Endpoints::new(Mode::Live, &plain.base.replace("http://", "https://"), true).unwrap();
    let http = match Http::new(endpoints, vault(), Clock::stepped(START)) {
        Ok(http) => Arc::new(http),
        Err(fault) => {
            println!("skipped: {fault}");
            return;
        }
    };
    let (wire, _said, mut logged) = wire(CancellationToken::new());
    // the program drives operations in tasks of their own
    let finish = tokio::spawn(async move { http.drive(&OPENAI, &issue(), &wire).await }).await.unwrap();
    let Finish::Outcome(Outcome::Failed { fault }) = finish else { panic!("{finish:?}") };
    assert!(fault.why.contains("TLS connection to 127.0.0.1"), "{fault}");
    assert!(logged.recv().await.is_some() && logged.recv().await.is_none(), "one attempt");
    assert!(plain.seen().is_empty());
}

#[test]
fn a_drill_talks_to_this_machine_only() {
    for base in
        ["https://api.openai.com/v1", "http://192.0.2.1/v1", "http://localhost:1/v1", "http://127.0.0.1.example.com/v1"]
    {
        assert!(Endpoints::new(Mode::Drill, base, true).is_err(), "{base}");
    }
}

/// A provider whose first request writes.
struct Bare;
static BARE: Bare = Bare;

impl Provider for Bare {
    fn id(&self) -> &'static str {
        "openai"
    }
    fn name(&self) -> &'static str {
        "Bare"
    }
    fn spot(&self, _: &[u8]) -> Vec<Range<usize>> {
        vec![]
    }
    fn support(&self, _: &ProviderOp, _: bool) -> Support {
        Support::Api
    }
    fn turn(&self, op: &ProviderOp, so_far: &[Exchange]) -> Turn {
        if !so_far.is_empty() {
            return Turn::Done(ProviderReply::Revoked { id: "x".into() });
        }
        // An op's name stands for the path here.
        let ProviderOp::FindIssued { name, .. } = op else { panic!() };
        let (method, auth) = (Method::Delete, Auth::Bearer(SecretRef::Admin));
        Turn::Send(Request {
            method,
            path: name.clone(),
            query: vec![],
            auth,
            body: None,
            capture: None,
            compare: None,
        })
    }
}

async fn bare(base: &str, path: &str, cancel: CancellationToken) -> Finish {
    let endpoints = Endpoints::new(Mode::Drill, base, false).unwrap();
    let http = Http::new(endpoints, vault(), Clock::stepped(START)).unwrap();
    let (wire, _said, _logged) = wire(cancel);
    http.drive(&BARE, &ProviderOp::FindIssued { project: String::new(), name: path.into() }, &wire).await
}

#[tokio::test]
async fn a_write_that_was_cancelled_before_it_went_out_is_not_lost() {
    let server = Server::start(|_, _| say(200, &json!({})));
    let cancel = CancellationToken::new();
    cancel.cancel();
    let finish = bare(&server.base, "/x", cancel).await;
    assert!(
        matches!(&finish, Finish::Outcome(Outcome::Failed { fault }) if fault.kind == FaultKind::Cancelled),
        "{finish:?}"
    );
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn no_path_leads_out_of_the_base_address() {
    let server = Server::start(|_, _| say(200, &json!({})));
    for path in ["/../admin", "/%2e%2e/x", "@192.0.2.1/x", ".example.com/x", "/x?y=z", "", "/a/../../b"] {
        let finish = bare(&server.base, path, CancellationToken::new()).await;
        assert!(matches!(&finish, Finish::Outcome(Outcome::Failed { .. })), "{path}: {finish:?}");
    }
    assert!(server.seen().is_empty(), "{:?}", server.seen());
    bare(&server.base, "/a/b", CancellationToken::new()).await;
    assert_eq!(server.seen()[0].line, "DELETE /v1/a/b");
}
