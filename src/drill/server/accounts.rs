//! Service accounts: list, one, create with a key, add a key, delete with all keys. The value is shown once, here.
//!
//! Facts: vendor's description of 2026-08-21; no idempotency key, so a repeated create makes a second account.
//! Must not know: who will use the key.

use axum::body::Bytes;
use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, body, note};
use super::problem::Problem;
use super::{Answer, Shared, lists, projects};
use crate::base::Stamp;
use crate::drill::org;
use crate::drill::state::{Account, Class, Key, NewKey, Origin, State};

pub(super) async fn list(Extract(sim): Extract<Shared>, Path(project): Path<String>, call: Call) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        projects::known(state, &project)?;
        let mine = state.accounts.iter().filter(|a| a.project == project && a.deleted.is_none());
        Ok(lists::page(mine.map(row).collect(), &call.query, 100)?.into())
    })
}

pub(super) async fn one(
    Extract(sim): Extract<Shared>,
    Path((project, id)): Path<(String, String)>,
    call: Call,
) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        Ok(row(&known(state, &project, &id)?).into())
    })
}

#[derive(Deserialize)]
struct New {
    name: String,
    #[serde(default)]
    create_service_account_only: bool,
}

pub(super) async fn create(
    Extract(sim): Extract<Shared>,
    Path(project): Path<String>,
    call: Call,
    bytes: Bytes,
) -> Answer {
    sim.answer(|state, now| {
        let by = call.admin(&sim, state, now)?;
        open_project(state, &project)?;
        let new: New = body(&bytes)?;
        if new.name.trim().is_empty() {
            return Err(Problem::bad_request("Invalid 'name': empty string.", Some("name")));
        }
        let account = org::account(state, &project, &new.name, now);
        let details = json!({"id": account.id, "data": {"role": account.role}});
        note(state, &by, now, "service_account.created", Some(&project), details);
        let key = if new.create_service_account_only {
            Value::Null
        } else {
            let key = mint(state, &account, "Secret Key", now);
            note(state, &by, now, "api_key.created", Some(&project), json!({"id": key.id, "data": {"scopes": []}}));
            shown_once(state, &key)
        };
        let mut answer = row(&account);
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("api_key".into(), key);
        }
        Ok(answer.into())
    })
}

#[derive(Deserialize)]
struct NewAccountKey {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
}

pub(super) async fn add_key(
    Extract(sim): Extract<Shared>,
    Path((project, id)): Path<(String, String)>,
    call: Call,
    bytes: Bytes,
) -> Answer {
    sim.answer(|state, now| {
        let by = call.admin(&sim, state, now)?;
        open_project(state, &project)?;
        let account = known(state, &project, &id)?;
        let new: NewAccountKey = body(if bytes.is_empty() { b"{}" } else { &bytes })?;
        let key = mint(state, &account, new.name.as_deref().unwrap_or("Secret Key"), now);
        let details = json!({"id": key.id, "data": {"scopes": new.scopes}});
        note(state, &by, now, "api_key.created", Some(&project), details);
        Ok(shown_once(state, &key).into())
    })
}

pub(super) async fn delete(
    Extract(sim): Extract<Shared>,
    Path((project, id)): Path<(String, String)>,
    call: Call,
) -> Answer {
    sim.answer(|state, now| {
        let by = call.admin(&sim, state, now)?;
        known(state, &project, &id)?;
        let delay = sim.scenario.propagation.delay_s;
        if let Some(account) = state.accounts.iter_mut().find(|account| account.id == id) {
            account.deleted = Some(now);
        }
        for key in state.keys.iter_mut().filter(|key| key.owner.id == id) {
            key.delete(now, delay, true);
        }
        note(state, &by, now, "service_account.deleted", Some(&project), json!({"id": id}));
        Ok(json!({"object": "organization.project.service_account.deleted", "id": id, "deleted": true}).into())
    })
}

fn open_project(state: &State, id: &str) -> Result<(), Problem> {
    match projects::known(state, id)?.archived {
        None => Ok(()),
        Some(_) => Err(Problem::bad_request(format!("Project {id} is archived."), None)),
    }
}

fn known(state: &State, project: &str, id: &str) -> Result<Account, Problem> {
    projects::known(state, project)?;
    let account = state.accounts.iter().find(|a| a.id == id && a.project == project && a.deleted.is_none());
    account.cloned().ok_or_else(|| Problem::not_found("Service account", id))
}

fn mint(state: &mut State, account: &Account, name: &str, now: Stamp) -> Key {
    state.mint(NewKey {
        name: name.to_owned(),
        class: Class::ServiceAccount,
        origin: Origin::Made,
        project: account.project.clone(),
        owner: org::owned_by(account),
        hidden: false,
        created: now,
    })
}

fn shown_once(state: &State, key: &Key) -> Value {
    json!({
        "object": "organization.project.service_account.api_key",
        "value": state.token(key).as_str(),
        "name": key.name,
        "created_at": key.created.secs(),
        "id": key.id,
    })
}

fn row(account: &Account) -> Value {
    json!({
        "object": "organization.project.service_account",
        "id": account.id,
        "name": account.name,
        "role": account.role,
        "created_at": account.created.secs(),
    })
}
