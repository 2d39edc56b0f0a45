//! The simulated dashboard: what the colleague with access sees and does when no admin key is at hand.
//!
//! Two doors to the same acts: [`Desk`] inside the process (a script, the screen's by-hand dialog) and a plain page with
//! two forms for a person with a browser or `curl`. It asks for no login: it exists in drills, on loopback, alone.
//!
//! Must not know: the admin endpoints.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::problem::Problem;
use super::{Reply, Shared, Sim};
use crate::base::Stamp;
use crate::drill::org;
use crate::drill::state::{Actor, AuditEntry, Class, Key, NewKey, Origin, State};

/// The acts of the dashboard, on the state.
#[derive(Debug)]
pub struct Desk;

impl Desk {
    /// Deletes the one living key that ends in `last4`; its id, or why not.
    pub fn revoke(sim: &Sim, state: &mut State, now: Stamp, last4: &str) -> Result<String, String> {
        let last4 = last4.trim();
        if last4.chars().count() != 4 {
            return Err("give the last four characters of the key".into());
        }
        let mut fits = state.keys.iter_mut().filter(|key| key.listed(now) && key.redacted.ends_with(last4));
        let (first, second) = (fits.next(), fits.next());
        let key = match (first, second) {
            (Some(key), None) => key,
            (None, _) => return Err(format!("no key on the page ends in {last4}")),
            (Some(_), Some(_)) => return Err(format!("several keys end in {last4}; look at their names")),
        };
        key.delete(now, sim.scenario.propagation.delay_s, false);
        let (id, project) = (key.id.clone(), key.project.clone());
        note(state, now, "api_key.deleted", &project, json!({"id": id}));
        Ok(id)
    }

    /// Makes a key in the leaked key's project, owned by a new service account called `name`.
    pub fn issue(state: &mut State, now: Stamp, name: &str) -> Result<Key, String> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err("give the new key a name of 1 to 100 characters".into());
        }
        let project = state.leaked().map(|key| key.project.clone()).unwrap_or_default();
        let account = org::account(state, &project, name, now);
        let key = state.mint(NewKey {
            name: name.to_owned(),
            class: Class::ServiceAccount,
            origin: Origin::Made,
            project: project.clone(),
            owner: org::owned_by(&account),
            hidden: false,
            created: now,
        });
        note(state, now, "service_account.created", &project, json!({"id": account.id, "data": {"role": "member"}}));
        note(state, now, "api_key.created", &project, json!({"id": key.id, "data": {"scopes": []}}));
        Ok(key)
    }
}

fn note(state: &mut State, at: Stamp, what: &str, project: &str, details: Value) {
    let (id, user) = (state.id("audit_log-", 24), state.id("user-", 24));
    let email = "colleague@drill.example".to_owned();
    let actor = Actor::Session { user, email, ip: "192.0.2.77".into(), country: "NL".into() };
    state.audit.push(AuditEntry { id, at, what: what.into(), actor, project: Some(project.to_owned()), details });
}

pub(super) async fn page(Extract(sim): Extract<Shared>) -> Response {
    match sim.with(|state, now| table(state, now)) {
        Ok(table) => html(
            StatusCode::OK,
            &format!(
                "<p>You play the colleague who may sign in here.</p>\
                 <form method=post action=/_drill/dashboard/revoke>Delete the key that ends in \
                 <input name=last4 size=4 maxlength=4 autofocus> <button>Delete</button></form>\
                 <form method=post action=/_drill/dashboard/issue>Make a key named <input name=name> \
                 <button>Create</button></form>{table}"
            ),
        ),
        Err(fault) => Problem::internal(&fault.why).into_response(),
    }
}

pub(super) async fn revoke(Extract(sim): Extract<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    let last4 = field(&headers, &bytes, "last4");
    let done = sim.with(|state, now| Desk::revoke(&sim, state, now, &last4));
    answer(&headers, done, |id| (json!({"id": id, "deleted": true}), format!("<p>Key {} is deleted.</p>", esc(id))))
}

pub(super) async fn issue(Extract(sim): Extract<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    let name = field(&headers, &bytes, "name");
    let done = sim.with(|state, now| Desk::issue(state, now, &name).map(|key| (state.token(&key), key.id)));
    answer(&headers, done, |(value, id): &(Zeroizing<String>, String)| {
        let text = format!("<p>Key {} is made. Its value is shown once:</p><pre>{}</pre>", esc(id), esc(value));
        (json!({"id": id, "value": value.as_str()}), text)
    })
}

fn answer<T>(
    headers: &HeaderMap,
    done: crate::base::fault::Result<Result<T, String>>,
    show: impl Fn(&T) -> (Value, String),
) -> Response {
    match done {
        Err(fault) => Problem::internal(&fault.why).into_response(),
        Ok(Err(why)) if is_json(headers) => Problem::bad_request(why, None).into_response(),
        Ok(Err(why)) => html(StatusCode::BAD_REQUEST, &format!("<p>Nothing was changed: {}.</p>", esc(&why))),
        Ok(Ok(done)) if is_json(headers) => Reply::from(show(&done).0).into_response(),
        Ok(Ok(done)) => html(StatusCode::OK, &show(&done).1),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// A field of a JSON object or a form; empty when it isn't there.
fn field(headers: &HeaderMap, bytes: &[u8], name: &str) -> String {
    if is_json(headers) {
        let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
        return body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    let mut pairs = url::form_urlencoded::parse(bytes);
    pairs.find(|(n, _)| n == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn table(state: &State, now: Stamp) -> String {
    let mut rows = String::from("<table><tr><th>Name<th>Key<th>Project<th>Owner<th>Created");
    for key in state.keys.iter().filter(|key| key.class != Class::Admin && key.listed(now)) {
        let project = state.project(&key.project).map_or("", |project| &project.name);
        let cells =
            [&key.name, &key.redacted, project, &key.owner.name, &key.created.date()].map(|text: &str| esc(text));
        let _ = write!(rows, "<tr><td>{}", cells.join("<td>"));
    }
    rows + "</table>"
}

fn html(status: StatusCode, body: &str) -> Response {
    let page = format!(
        "<!doctype html><meta charset=utf-8><title>DRILL: API keys</title><h1>DRILL: API keys</h1>{body}\
         <p><a href=/_drill/dashboard>All keys</a></p>"
    );
    (status, Html(page)).into_response()
}

fn esc(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
