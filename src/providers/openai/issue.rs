//! Make a key: a service account with the wanted name, in the leaked key's project. And find or delete what was made.
//!
//! Must not know: the new key. The shell takes it out of the answer into the vault; only its print comes here. The vendor
//! has no idempotency key: a repeated POST makes a second account with a live key, so the name is looked for first.

use serde_json::{Value, json};

use super::answer::{gone, good, misshapen, text};
use super::ask::{accounts_path, delete, get, post, segment};
use super::locate::MOST_PAGES;
use super::pages::{Cursor, items, walk};
use super::replay::{Replay, Step};
use super::revoke::{changed, deleted};
use super::rows;
use crate::base::{Fault, SecretRef};
use crate::effect::ProviderReply;
use crate::effect::provider::Issued;
use crate::providers::{Capture, Request};

/// Accounts of exactly this name. Their keys' ids are not listed with them, so `key_id` is empty.
fn of_name(replay: &mut Replay<'_>, project: &str, name: &str) -> Step<Vec<Issued>> {
    let what = "list the service accounts";
    let first = get(accounts_path(project)?).with("limit", 100);
    let pages = walk(replay, &first, Cursor::After, MOST_PAGES, what)?.whole()?;
    let mut found = Vec::new();
    for json in pages.iter().flat_map(|page| items(page)) {
        if text(json, "name") == name {
            found.push(Issued {
                key_id: String::new(),
                account_id: rows::id(json, what)?.to_owned(),
                name: name.to_owned(),
                project_id: project.to_owned(),
                created: rows::stamp(json, "created_at"),
                print: None,
            });
        }
    }
    Ok(found)
}

pub(super) fn find(replay: &mut Replay<'_>, project: &str, name: &str) -> Step<ProviderReply> {
    Ok(ProviderReply::IssuedFound { found: of_name(replay, project, name)? })
}

/// `print` is `None` when the account was made but no key value came with it: then there is nothing to put anywhere.
pub(super) fn issue(replay: &mut Replay<'_>, project: &str, name: &str) -> Step<ProviderReply> {
    if let Some(there) = of_name(replay, project, name)?.first() {
        let why = format!("service account {name} ({}) already exists in {project}", there.account_id);
        return Err(Fault::refused("no key was issued", why)
            .hint("if an interrupted run made it, its key's value is lost: delete it, then issue again")
            .hint("or issue under another name")
            .into());
    }
    let capture = Capture { pointer: "/api_key/value".into(), role: SecretRef::Replacement };
    let request = Request { capture: Some(capture), ..post(accounts_path(project)?, json!({ "name": name })) };
    let answer = replay.ask(request)?;
    let what = "issue the key";
    let made = good(answer, what)?;
    let captured = answer.as_ref().ok().and_then(|answer| answer.captured.clone());
    let key = made.get("api_key").unwrap_or(&Value::Null);
    let account_id = rows::id(made, what)?.to_owned();
    if captured.is_some() && text(key, "id").is_empty() {
        return Err(misshapen(what, "the new key's id", answer.as_ref().map_or(0, |answer| answer.status)).into());
    }
    Ok(ProviderReply::Issued(Issued {
        key_id: text(key, "id").to_owned(),
        account_id,
        name: name.to_owned(),
        project_id: project.to_owned(),
        created: rows::stamp(made, "created_at"),
        print: captured,
    }))
}

/// Delete an account made here, after a look that it still is the one.
pub(super) fn discard(replay: &mut Replay<'_>, project: &str, issued: &Issued) -> Step<ProviderReply> {
    let path = format!("{}/{}", accounts_path(project)?, segment(&issued.account_id)?);
    let discarded = || ProviderReply::Discarded { id: issued.account_id.clone() };
    let seen = replay.ask(get(path.clone()))?;
    if gone(seen) {
        return Ok(discarded());
    }
    let name = text(good(seen, "look at the service account before deleting it")?, "name");
    if name != issued.name {
        return Err(changed("the service account", &format!("it was named {}, now it is {name}", issued.name)).into());
    }
    let answer = replay.ask(delete(path))?;
    if !gone(answer) {
        deleted(answer, "delete the service account")?;
    }
    Ok(discarded())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer, drive, ok, refused};
    use super::*;
    use crate::base::{Fingerprint, KeyKind, Stamp};
    use crate::effect::ProviderOp;
    use crate::providers::{Answer, Method, Turn};

    const ACCOUNTS: &str = "/organization/projects/p/service_accounts";

    fn op() -> ProviderOp {
        ProviderOp::Issue { project: "p".into(), name: "stanch-x".into() }
    }

    fn print() -> Fingerprint {
        let (prefix, last4, hash) = ("sk-svcacct-".into(), "9f3a".into(), "00".into());
        Fingerprint { prefix, last4, hash, kind: KeyKind::OpenAiServiceAccount, length: 60 }
    }

    #[test]
    fn looks_for_the_name_then_makes_it() {
        let turn = drive(&op(), |request| match request.method {
            Method::Get => ok(json!({"data":[{"id":"s0","name":"stanch-xy"}],"has_more":false})),
            Method::Post | Method::Delete => {
                assert_eq!((request.path.as_str(), &request.body), (ACCOUNTS, &Some(json!({"name":"stanch-x"}))));
                assert_eq!(request.capture.as_ref().unwrap().pointer, "/api_key/value");
                let made = json!({"id":"s1","name":"stanch-x","created_at":7,"api_key":{"id":"key_n","value":"[replacement]"}});
                Ok(Answer { captured: Some(print()), ..answer(200, Some(made)) })
            }
        });
        let Turn::Done(ProviderReply::Issued(issued)) = turn else { panic!("{turn:?}") };
        assert_eq!((issued.key_id.as_str(), issued.account_id.as_str()), ("key_n", "s1"));
        assert_eq!((issued.created, issued.print), (Some(Stamp(7000)), Some(print())));
    }

    #[test]
    fn an_account_without_a_key_is_said_so() {
        let turn = drive(&op(), |request| match request.method {
            Method::Get => ok(json!({"data":[]})),
            _ => ok(json!({"id":"s1","api_key":null})),
        });
        let Turn::Done(ProviderReply::Issued(issued)) = turn else { panic!("{turn:?}") };
        assert!(issued.print.is_none() && issued.key_id.is_empty() && issued.account_id == "s1");
    }

    #[test]
    fn never_makes_a_second_of_the_same_name() {
        let there = json!({"data":[{"id":"s0","name":"stanch-x","created_at":3}],"has_more":false});
        let turn = drive(&op(), |request| {
            assert_eq!(request.method, Method::Get);
            ok(there.clone())
        });
        let Turn::Fail(fault) = turn else { panic!("{turn:?}") };
        assert!(fault.why.contains("already exists") && fault.why.contains("s0"), "{fault}");

        let turn =
            drive(&ProviderOp::FindIssued { project: "p".into(), name: "stanch-x".into() }, |_| ok(there.clone()));
        let Turn::Done(ProviderReply::IssuedFound { found }) = turn else { panic!("{turn:?}") };
        assert_eq!((found.len(), found[0].account_id.as_str()), (1, "s0"));
    }

    #[test]
    fn discards_only_what_was_made() {
        let issued = |name: &str| Issued {
            key_id: String::new(),
            account_id: "s1".into(),
            name: name.into(),
            project_id: "p".into(),
            created: None,
            print: None,
        };
        let run = |name: &str, there: bool| {
            drive(&ProviderOp::Discard { project: "p".into(), issued: issued(name) }, |request| {
                match (request.method, there) {
                    (Method::Get, true) => ok(json!({"id":"s1","name":"stanch-x"})),
                    (Method::Get, false) => refused(404, "No such service account"),
                    _ => ok(json!({"id":"s1","deleted":true})),
                }
            })
        };
        assert_eq!(run("stanch-x", true), Turn::Done(ProviderReply::Discarded { id: "s1".into() }));
        assert_eq!(run("stanch-x", false), Turn::Done(ProviderReply::Discarded { id: "s1".into() }));
        assert!(matches!(run("other", true), Turn::Fail(_)));
    }
}
