//! Delete a key, or the service account that owns it. The state is read again first: what is deleted must be what was shown.
//!
//! Must not know: whether the key is dead afterwards. That is what probes are for.

use std::collections::BTreeSet;

use super::answer::{ApiError, gone, good, misshapen, text};
use super::ask::{ADMIN_KEYS, accounts_path, delete, get, keys_path, list_keys, segment};
use super::locate::MOST_PAGES;
use super::pages::{Cursor, items, walk};
use super::replay::{Replay, Step};
use super::rows::{self, Home};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, Stamp};
use crate::effect::ProviderReply;
use crate::effect::provider::{KeyRow, OwnerKind};
use crate::providers::Answer;

/// Where the row's key lives in the API.
fn path_of(row: &KeyRow) -> Result<String> {
    let list = if row.admin { ADMIN_KEYS.to_owned() } else { keys_path(&row.project_id)? };
    Ok(format!("{list}/{}", segment(&row.id)?))
}

/// Look, compare, delete. A key that OpenAI says is not there counts as deleted.
pub(super) fn key(replay: &mut Replay<'_>, row: &KeyRow) -> Step<ProviderReply> {
    let path = path_of(row)?;
    let revoked = || ProviderReply::Revoked { id: row.id.clone() };
    let seen = replay.ask(get(path.clone()))?;
    if gone(seen) {
        return Ok(revoked());
    }
    let what = "look at the key before deleting it";
    let now = rows::key(good(seen, what)?, Home::of(row), what)?;
    if !now.same_as(row) {
        return Err(changed(&format!("key {}", row.id), &differences(row, &now)).into());
    }
    let answer = replay.ask(delete(path))?;
    if gone(answer) {
        return Ok(revoked());
    }
    if let Ok(answer) = answer
        && answer.status == 400
    {
        return Err(owned_by_account(row, answer).into());
    }
    deleted(answer, "delete the key")?;
    Ok(revoked())
}

/// The spec's documented 400: a key of a service account may have to die with its account.
fn owned_by_account(row: &KeyRow, answer: &Answer) -> Fault {
    let said = ApiError::of(answer).message;
    let said = if said.is_empty() {
        "OpenAI says 400 without a reason".to_owned()
    } else {
        format!("OpenAI says 400: {said}")
    };
    let fault = Fault::refused("the key was not deleted", said);
    if row.owner.kind == OwnerKind::ServiceAccount {
        fault
            .hint(format!("delete its service account {} instead: all keys of the account die with it", row.owner.name))
            .hint("give its consumers a new key first if other workloads use the account")
    } else {
        fault.hint("delete it by hand at https://platform.openai.com/api-keys")
    }
}

/// Look at the account, list the keys that die with it, compare, delete.
pub(super) fn account(replay: &mut Replay<'_>, row: &KeyRow, dies: &[KeyRow]) -> Step<ProviderReply> {
    if row.admin || row.owner.kind != OwnerKind::ServiceAccount {
        let why = format!("{} belongs to {} {}", row.id, row.owner.kind.words(), row.owner.name);
        return Err(Fault::refused("there is no service account to delete", why).hint("delete the key itself").into());
    }
    let path = format!("{}/{}", accounts_path(&row.project_id)?, segment(&row.owner.id)?);
    let expected: BTreeSet<&str> = dies.iter().chain([row]).map(|row| row.id.as_str()).collect();
    let account_gone = |ids: &BTreeSet<&str>| ProviderReply::AccountRevoked {
        account: row.owner.id.clone(),
        died: ids.iter().map(|id| (*id).to_owned()).collect(),
    };
    let seen = replay.ask(get(path.clone()))?;
    if gone(seen) {
        return Ok(account_gone(&expected));
    }
    let name = text(good(seen, "look at the service account before deleting it")?, "name");
    if name != row.owner.name {
        return Err(
            changed("the service account", &format!("it was named {}, now it is {name}", row.owner.name)).into()
        );
    }
    let what = "list the keys that die with the service account";
    let pages = walk(replay, &list_keys(&row.project_id)?, Cursor::After, MOST_PAGES, what)?.whole()?;
    let mut listed = Vec::new();
    for json in pages.iter().flat_map(|page| items(page)) {
        listed.push(rows::key(json, Home::of(row), what)?);
    }
    let own = listed.iter().filter(|key| key.owner.kind == OwnerKind::ServiceAccount && key.owner.id == row.owner.id);
    let present: BTreeSet<&str> = own.map(|key| key.id.as_str()).collect();
    if present != expected {
        let list = |ids: Vec<&&str>| ids.iter().map(|id| **id).collect::<Vec<_>>().join(", ");
        let mut why = Vec::new();
        for (words, ids) in [
            ("not shown before", present.difference(&expected).collect::<Vec<_>>()),
            ("no longer there", expected.difference(&present).collect()),
        ] {
            if !ids.is_empty() {
                why.push(format!("{words}: {}", list(ids)));
            }
        }
        return Err(changed("the set of keys that would die", &why.join("; ")).into());
    }
    let answer = replay.ask(delete(path))?;
    if !gone(answer) {
        deleted(answer, "delete the service account")?;
    }
    Ok(account_gone(&present))
}

/// The answer to a delete says so. `deleted` may be missing, but never false.
pub(super) fn deleted(answer: &Result<Answer>, what: &str) -> Result<()> {
    let json = good(answer, what)?;
    match json.get("deleted").and_then(serde_json::Value::as_bool) {
        Some(true) => Ok(()),
        None if json.is_object() => Ok(()),
        _ => Err(misshapen(what, "\"deleted\": true", answer.as_ref().map_or(0, |answer| answer.status))),
    }
}

pub(super) fn changed(what: &str, why: &str) -> Fault {
    Fault::new(FaultKind::Changed, format!("nothing was deleted: {what} changed since it was shown"), why)
        .hint("find the key's row again, look at what is different, and decide anew")
}

fn differences(shown: &KeyRow, now: &KeyRow) -> String {
    let created = |row: &KeyRow| row.created.map_or_else(|| "unknown".to_owned(), Stamp::rfc3339);
    let pairs = [
        ("id", shown.id.clone(), now.id.clone()),
        ("name", shown.name.clone(), now.name.clone()),
        ("redacted value", shown.redacted.clone(), now.redacted.clone()),
        ("created", created(shown), created(now)),
        (
            "owner",
            format!("{} ({})", shown.owner.name, shown.owner.id),
            format!("{} ({})", now.owner.name, now.owner.id),
        ),
    ];
    let differ = pairs.iter().filter(|(_, a, b)| a != b);
    let said: Vec<String> = differ.map(|(what, a, b)| format!("{what} was {a}, now it is {b}")).collect();
    if said.is_empty() { "its owner's kind is another".into() } else { said.join("; ") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{drive, ok, refused};
    use super::*;
    use crate::effect::ProviderOp;
    use crate::providers::{Method, Turn};

    fn listed(id: &str) -> Value {
        json!({"id": id, "name": "CI", "redacted_value": "sk-svcacct-ab...wxyz", "created_at": 5, "last_used_at": 9,
            "owner": {"type": "service_account", "service_account": {"id": "svc_1", "name": "ci-bot"}}})
    }

    fn row(id: &str) -> KeyRow {
        KeyRow {
            last_used: Some(Stamp(1)),
            ..rows::key(&listed(id), Home::Project { id: "p", name: "P" }, "").unwrap()
        }
    }

    #[test]
    fn looks_then_deletes() {
        let mut asked = Vec::new();
        let turn = drive(&ProviderOp::Revoke { row: row("key_1") }, |request| {
            asked.push((request.method, request.path.clone()));
            match request.method {
                Method::Get => ok(listed("key_1")),
                _ => ok(json!({"id":"key_1","deleted":true})),
            }
        });
        assert_eq!(turn, Turn::Done(ProviderReply::Revoked { id: "key_1".into() }));
        let path = "/organization/projects/p/api_keys/key_1".to_owned();
        assert_eq!(asked, [(Method::Get, path.clone()), (Method::Delete, path)]);
    }

    #[test]
    fn an_admin_key_goes_by_its_own_path() {
        let row = KeyRow { admin: true, project_id: String::new(), project_name: String::new(), ..row("key_a") };
        let turn = drive(&ProviderOp::Revoke { row }, |request| {
            assert_eq!(request.path, "/organization/admin_api_keys/key_a");
            refused(404, "No such key")
        });
        assert_eq!(turn, Turn::Done(ProviderReply::Revoked { id: "key_a".into() }), "gone already");
    }

    #[test]
    fn only_openai_itself_can_say_that_a_key_is_gone() {
        for answer in [refused(404, "The project p was not found"), Ok(super::super::testing::answer(404, None))] {
            let turn = drive(&ProviderOp::Revoke { row: row("key_1") }, |_| answer.clone());
            assert!(matches!(turn, Turn::Fail(_)), "{turn:?}");
        }
    }

    #[test]
    fn a_row_that_changed_is_left_alone() {
        let turn = drive(&ProviderOp::Revoke { row: row("key_1") }, |request| {
            assert_eq!(request.method, Method::Get, "nothing may be deleted");
            let mut json = listed("key_1");
            json["redacted_value"] = json!("sk-svcacct-ab...0000");
            ok(json)
        });
        let Turn::Fail(fault) = turn else { panic!("{turn:?}") };
        assert_eq!(fault.kind, FaultKind::Changed);
        assert!(fault.why.contains("0000"), "{fault}");
    }

    #[test]
    fn the_documented_400_names_the_way_out() {
        let turn = drive(&ProviderOp::Revoke { row: row("key_1") }, |request| match request.method {
            Method::Get => ok(listed("key_1")),
            _ => refused(400, "This API key belongs to a service account and cannot be deleted here."),
        });
        let Turn::Fail(fault) = turn else { panic!("{turn:?}") };
        assert_eq!(fault.kind, FaultKind::Refused);
        assert!(fault.why.contains("belongs to a service account"), "{fault}");
        assert!(fault.hints[0].contains("service account ci-bot"), "{fault}");
    }

    fn account_run(keys: &[&str], dies: &[&str]) -> (Turn, bool) {
        let mut deleted = false;
        let op = ProviderOp::RevokeAccount { row: row("key_1"), dies: dies.iter().map(|id| row(id)).collect() };
        let turn = drive(&op, |request| match (request.method, request.path.as_str()) {
            (Method::Get, "/organization/projects/p/service_accounts/svc_1") => {
                ok(json!({"id":"svc_1","name":"ci-bot"}))
            }
            (Method::Get, "/organization/projects/p/api_keys") => {
                let mut data: Vec<Value> = keys.iter().map(|id| listed(id)).collect();
                data.push(json!({"id":"other","owner":{"type":"user","user":{"id":"svc_1"}}}));
                ok(json!({"data":data,"has_more":false}))
            }
            (Method::Delete, "/organization/projects/p/service_accounts/svc_1") => {
                deleted = true;
                ok(json!({"id":"svc_1","deleted":true}))
            }
            other => panic!("{other:?}"),
        });
        (turn, deleted)
    }

    #[test]
    fn an_account_dies_only_with_the_keys_that_were_shown() {
        for dies in [&["key_1", "key_2"][..], &["key_2"]] {
            let (turn, deleted) = account_run(&["key_1", "key_2"], dies);
            let reply =
                ProviderReply::AccountRevoked { account: "svc_1".into(), died: vec!["key_1".into(), "key_2".into()] };
            assert_eq!((turn, deleted), (Turn::Done(reply), true));
        }
        for (keys, dies, word) in
            [(&["key_1", "key_2"][..], &["key_1"][..], "not shown"), (&["key_1"], &["key_2"], "no longer")]
        {
            let (turn, deleted) = account_run(keys, dies);
            let Turn::Fail(fault) = turn else { panic!("{turn:?}") };
            assert!(!deleted && fault.kind == FaultKind::Changed && fault.why.contains(word), "{fault}");
        }
    }
}
