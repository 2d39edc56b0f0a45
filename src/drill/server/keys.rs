//! Keys of a project: list, one, delete. Facts: a plain listing hides keys whose owner lost access; a key that a
//! service account owns can't be deleted by itself.
//!
//! Must not know: how a key is made.

use axum::extract::{Path, State as Extract};
use serde_json::{Value, json};

use super::call::{Call, note};
use super::problem::Problem;
use super::{Answer, Shared, lists, projects};
use crate::base::Stamp;
use crate::drill::attacker::{self, Stream};
use crate::drill::state::{Key, State};

pub(super) async fn list(Extract(sim): Extract<Shared>, Path(project): Path<String>, call: Call) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        projects::known(state, &project)?;
        let wanted = |key: &&Key| match call.query.one("owner_project_access") {
            Some("any") => true,
            Some("inactive") => key.hidden,
            _ => !key.hidden,
        };
        if let Some(odd) = call.query.one("owner_project_access").filter(|v| !["active", "inactive", "any"].contains(v))
        {
            let message = format!("Invalid value: '{odd}'. Supported values are: 'active', 'inactive' and 'any'.");
            return Err(Problem::bad_request(message, Some("owner_project_access")));
        }
        let streams = attacker::streams(state, &sim.scenario);
        let mine = state.keys.iter().filter(|key| key.project == project && key.listed(now)).filter(wanted);
        let rows = mine.map(|key| row(state, &streams, key, now)).collect();
        Ok(lists::page(rows, &call.query, 100)?.into())
    })
}

pub(super) async fn one(
    Extract(sim): Extract<Shared>,
    Path((project, id)): Path<(String, String)>,
    call: Call,
) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        let key = known(state, &project, &id, now)?;
        Ok(row(state, &attacker::streams(state, &sim.scenario), key, now).into())
    })
}

pub(super) async fn delete(
    Extract(sim): Extract<Shared>,
    Path((project, id)): Path<(String, String)>,
    call: Call,
) -> Answer {
    sim.answer(|state, now| {
        let by = call.admin(&sim, state, now)?;
        if known(state, &project, &id, now)?.owner.account {
            let message = "This API key belongs to a service account and cannot be deleted. Delete the service \
                           account instead.";
            return Err(Problem::bad_request(message, None));
        }
        let delay = sim.scenario.propagation.delay_s;
        if let Some(key) = state.keys.iter_mut().find(|key| key.id == id) {
            key.delete(now, delay, false);
        }
        note(state, &by, now, "api_key.deleted", Some(&project), json!({"id": id}));
        Ok(json!({"object": "organization.project.api_key.deleted", "id": id, "deleted": true}).into())
    })
}

fn known<'a>(state: &'a State, project: &str, id: &str, now: Stamp) -> Result<&'a Key, Problem> {
    projects::known(state, project)?;
    let key = state.key(id).filter(|key| key.project == project && key.listed(now));
    key.ok_or_else(|| Problem::not_found("API key", id))
}

fn row(state: &State, streams: &[Stream], key: &Key, now: Stamp) -> Value {
    let owner = if key.owner.account {
        let account = json!({
            "object": "organization.project.service_account",
            "id": key.owner.id,
            "name": key.owner.name,
            "role": "member",
            "created_at": key.owner.created.secs(),
        });
        json!({"type": "service_account", "service_account": account})
    } else {
        let user = json!({
            "object": "organization.project.user",
            "id": key.owner.id,
            "name": key.owner.name,
            "email": key.owner.email,
            "role": "member",
            "created_at": key.owner.created.secs(),
            "added_at": key.owner.created.secs(),
        });
        json!({"type": "user", "user": user})
    };
    json!({
        "object": "organization.project.api_key",
        "id": key.id,
        "name": key.name,
        "redacted_value": key.redacted,
        "created_at": key.created.secs(),
        "last_used_at": attacker::last_used(state, streams, key, now).map(Stamp::secs),
        "owner_project_access": if key.hidden { "inactive" } else { "active" },
        "owner": owner,
    })
}
