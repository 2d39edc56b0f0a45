//! Administrative acts since the window began. Not model calls: those are in no log the API shows. Event types are an open set.
//!
//! Must not know: which acts are an attacker's.

use serde_json::Value;

use super::super::answer::{shorten, text};
use super::super::ask::get;
use super::super::pages::{Cursor, Pages, items, walk as walk_pages};
use super::super::replay::{Replay, Step};
use super::super::rows::stamp;
use crate::effect::provider::{AuditRow, KeyRow, Window};

pub(super) const PART: &str = "audit_logs";

/// Pages of 100.
const MOST_PAGES: usize = 30;

/// Unlike usage, the spec writes these array names with brackets. An admin key belongs to no project: then the whole
/// organisation's acts are read.
pub(super) fn walk<'a>(replay: &mut Replay<'a>, row: &KeyRow, window: Window) -> Step<Pages<'a>> {
    let mut first = get("/organization/audit_logs").with("effective_at[gte]", window.from.secs()).with("limit", 100);
    if !row.project_id.is_empty() {
        first = first.with("project_ids[]", &row.project_id);
    }
    walk_pages(replay, &first, Cursor::After, MOST_PAGES, "read the audit log")
}

pub(super) fn read(pages: &Pages<'_>) -> (Vec<AuditRow>, Option<String>) {
    let mut rows = Vec::new();
    let mut undated = 0;
    for entry in pages.got.iter().flat_map(|page| items(page)) {
        let Some(at) = stamp(entry, "effective_at") else {
            undated += 1;
            continue;
        };
        let what = text(entry, "type").to_owned();
        let (actor, ip) = actor(entry.get("actor").unwrap_or(&Value::Null));
        let about = about(entry, &what);
        rows.push(AuditRow { at, what, actor, ip, about });
    }
    let trouble = (undated > 0).then(|| format!("{undated} entries without \"effective_at\" were left out"));
    (rows, trouble)
}

/// Who, and from where if it was a person at the dashboard: an API key carries no address.
fn actor(actor: &Value) -> (String, Option<String>) {
    let user = |json: &Value| {
        let user = json.get("user").unwrap_or(&Value::Null);
        [text(user, "email"), text(user, "id")].into_iter().find(|name| !name.is_empty()).map(str::to_owned)
    };
    if let Some(session) = actor.get("session") {
        let ip = text(session, "ip_address");
        let details = session.get("ip_address_details").unwrap_or(&Value::Null);
        let place: Vec<&str> =
            [text(details, "city"), text(details, "country")].into_iter().filter(|name| !name.is_empty()).collect();
        let name = user(session).unwrap_or_else(|| "somebody at the dashboard".into());
        let name = if place.is_empty() { name } else { format!("{name} ({})", place.join(", ")) };
        return (name, Some(ip).filter(|ip| !ip.is_empty()).map(str::to_owned));
    }
    if let Some(key) = actor.get("api_key") {
        let account = key.get("service_account").map(|account| text(account, "id").to_owned());
        let owner = user(key).or(account).unwrap_or_else(|| "unknown owner".into());
        return match text(key, "id") {
            "" => (format!("an API key of {owner}"), None),
            id => (format!("API key {id} of {owner}"), None),
        };
    }
    let kind = text(actor, "type");
    (if kind.is_empty() { "unknown".into() } else { kind.to_owned() }, None)
}

/// The details stand under a key named like the event type, dots included: its id, and whatever else is plain.
fn about(entry: &Value, what: &str) -> String {
    let details = entry.get(what).unwrap_or(&Value::Null);
    let mut said = vec![text(details, "id").to_owned()];
    for place in
        [details, details.get("data").unwrap_or(&Value::Null), details.get("changes_requested").unwrap_or(&Value::Null)]
    {
        for (name, value) in place.as_object().into_iter().flatten() {
            match value {
                Value::Object(_) | Value::Null => {}
                _ if name == "id" => {}
                Value::String(value) => said.push(format!("{name} {value}")),
                value => said.push(format!("{name} {value}")),
            }
        }
    }
    let project = entry.get("project").map(|project| text(project, "name")).filter(|name| !name.is_empty());
    said.extend(project.map(|name| format!("in project {name}")));
    said.retain(|part| !part.is_empty());
    shorten(&said.join(", "))
}
