//! The HTTP driver against servers that are slow, broken or wrong: retries, waits, lost writes, cancel. Waits on states only.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stanch::base::{Clock, FaultKind, SecretRef, Stamp};
use stanch::effect::provider::{Issued, KeyRow, Owner, OwnerKind};
use stanch::effect::{Outcome, ProviderOp, ProviderReply, Verdict};
use stanch::incident::Mode;
use stanch::providers::openai::OPENAI;
use stanch::shell::endpoints::Endpoints;
use stanch::shell::finish::Finish;
use stanch::shell::http::Http;
use stanch::shell::vault::Vault;
use tokio_util::sync::CancellationToken;

use crate::http_world::*;

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
