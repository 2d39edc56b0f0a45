//! Admin keys of the organisation: list, one, create (with an end, if asked), delete.
//!
//! Must not know: project keys.

use axum::body::Bytes;
use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, body, note};
use super::problem::Problem;
use super::{Answer, Shared, lists};
use crate::base::Stamp;
use crate::drill::state::{Class, Key, NewKey, Origin, State};

pub(super) async fn list(Extract(sim): Extract<Shared>, call: Call) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        let mut rows: Vec<Value> = state.keys.iter().filter(|k| admin(k) && k.listed(now)).map(row).collect();
        if call.query.one("order") == Some("desc") {
            rows.reverse();
        }
        Ok(lists::page(rows, &call.query, 100)?.into())
    })
}

pub(super) async fn one(Extract(sim): Extract<Shared>, Path(id): Path<String>, call: Call) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        Ok(row(known(state, &id, now)?).into())
    })
}

#[derive(Deserialize)]
struct New {
    name: String,
    #[serde(default)]
    expires_in_seconds: Option<u32>,
}

pub(super) async fn create(Extract(sim): Extract<Shared>, call: Call, bytes: Bytes) -> Answer {
    sim.answer(|state, now| {
        let by = call.admin(&sim, state, now)?;
        let new: New = body(&bytes)?;
        let mut key = state.mint(NewKey {
            name: new.name,
            class: Class::Admin,
            origin: Origin::Made,
            project: String::new(),
            owner: by.owner.clone(),
            hidden: false,
            created: now,
        });
        key.expires = new.expires_in_seconds.map(|secs| now.plus_secs(i64::from(secs)));
        if let Some(kept) = state.keys.iter_mut().find(|k| k.id == key.id) {
            kept.expires = key.expires;
        }
        note(state, &by, now, "api_key.created", None, json!({"id": key.id, "data": {"scopes": []}}));
        let mut answer = row(&key);
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("value".into(), Value::String(state.token(&key).to_string()));
        }
        Ok(answer.into())
    })
}

pub(super) async fn delete(Extract(sim): Extract<Shared>, Path(id): Path<String>, call: Call) -> Answer {
    sim.answer(|state, now| {
        let by = call.admin(&sim, state, now)?;
        known(state, &id, now)?;
        let delay = sim.scenario.propagation.delay_s;
        if let Some(key) = state.keys.iter_mut().find(|key| key.id == id) {
            key.delete(now, delay, false);
        }
        note(state, &by, now, "api_key.deleted", None, json!({"id": id}));
        Ok(json!({"id": id, "object": "organization.admin_api_key.deleted", "deleted": true}).into())
    })
}

fn admin(key: &Key) -> bool {
    key.class == Class::Admin
}

fn known<'a>(state: &'a State, id: &str, now: Stamp) -> Result<&'a Key, Problem> {
    let key = state.key(id).filter(|key| admin(key) && key.listed(now));
    key.ok_or_else(|| Problem::not_found("Admin API key", id))
}

fn row(key: &Key) -> Value {
    json!({
        "object": "organization.admin_api_key",
        "id": key.id,
        "name": key.name,
        "redacted_value": key.redacted,
        "created_at": key.created.secs(),
        "expires_at": key.expires.map(Stamp::secs),
        "last_used_at": key.used.map(Stamp::secs),
        "owner": {
            "type": "user",
            "object": "organization.user",
            "id": key.owner.id,
            "name": key.owner.name,
            "created_at": key.owner.created.secs(),
            "role": "owner",
        },
    })
}
