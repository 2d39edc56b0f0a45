//! Liveness: `/v1/models` and `/v1/me`, the endpoints any working key may ask.
//!
//! Must not know: what the asker concludes.

use axum::extract::State as Extract;
use serde_json::{Value, json};

use super::call::Call;
use super::problem::Problem;
use super::{Answer, Reply, Shared};
use crate::drill::prices;
use crate::drill::state::{Class, Key};
use axum::http::StatusCode;

pub(super) async fn list(Extract(sim): Extract<Shared>, call: Call) -> Answer {
    sim.answer(|state, now| {
        let key = ordinary(call.key(&sim, state, now)?)?;
        let row = |id: &str| json!({"id": id, "object": "model", "created": 1_686_935_002, "owned_by": "openai"});
        let data: Vec<Value> = prices::models().map(row).collect();
        let request = state.id("req_", 32);
        Ok(Reply {
            body: json!({"object": "list", "data": data}),
            headers: vec![
                ("x-request-id", request),
                ("openai-organization", "drill-org".into()),
                ("openai-project", key.project),
                ("openai-processing-ms", "12".into()),
            ],
        })
    })
}

/// For a service account's key there is an organisation and no person.
pub(super) async fn me(Extract(sim): Extract<Shared>, call: Call) -> Answer {
    sim.answer(|state, now| {
        let key = ordinary(call.key(&sim, state, now)?)?;
        let orgs = json!({"object": "list", "data": [{"object": "organization", "id": "org-drill", "title": "Drill"}]});
        let body = if key.owner.account {
            json!({"object": "user", "id": key.owner.id, "email": null, "name": null, "orgs": orgs})
        } else {
            let (id, email, name) = (&key.owner.id, &key.owner.email, &key.owner.name);
            json!({"object": "user", "id": id, "email": email, "name": name, "orgs": orgs})
        };
        Ok(body.into())
    })
}

fn ordinary(key: Key) -> Result<Key, Problem> {
    if key.class != Class::Admin {
        return Ok(key);
    }
    let message = "Admin API keys cannot be used for non-administration endpoints.";
    Err(Problem::new(StatusCode::FORBIDDEN, "invalid_request_error", None, message.into()))
}
