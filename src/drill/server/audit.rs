//! The audit log, newest first. Facts: list parameters carry brackets; details stand under a key named like the event;
//! only session actors have an address.
//!
//! Must not know: inference calls; the real one doesn't record them either.

use axum::extract::State as Extract;
use serde_json::{Map, Value, json};

use super::call::{Call, Query};
use super::problem::Problem;
use super::{Answer, Shared, lists};
use crate::drill::state::{Actor, AuditEntry, State};

pub(super) async fn list(Extract(sim): Extract<Shared>, call: Call) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        let query = &call.query;
        let span = Span::read(query)?;
        let passes = |name: &str, values: &[&str]| {
            let asked = query.bracketed(name);
            asked.is_empty() || values.iter().any(|value| asked.contains(value))
        };
        let tenant = query.flag("tenant_only");
        let mut rows: Vec<&AuditEntry> = state
            .audit
            .iter()
            .filter(|entry| {
                let (actor, email) = match &entry.actor {
                    Actor::Session { user, email, .. } => (user, email.as_str()),
                    Actor::ApiKey { owner, .. } => (owner, ""),
                };
                let about = entry.details.get("id").and_then(Value::as_str).unwrap_or_default();
                span.holds(entry.at.secs())
                    && entry.what.starts_with("tenant.") == tenant
                    && passes("event_types", &[&entry.what])
                    && passes("project_ids", &[entry.project.as_deref().unwrap_or_default()])
                    && passes("actor_ids", &[actor])
                    && passes("actor_emails", &[email])
                    && passes("resource_ids", &[about])
            })
            .collect();
        rows.reverse();
        let rows = rows.into_iter().map(|entry| row(state, entry)).collect();
        Ok(lists::page(rows, query, 100)?.into())
    })
}

/// Bounds on `effective_at`, seconds.
struct Span([Option<i64>; 4]);

impl Span {
    fn read(query: &Query) -> Result<Self, Problem> {
        let bound = |name: &str| query.number(&format!("effective_at[{name}]"));
        Ok(Self([bound("gt")?, bound("gte")?, bound("lt")?, bound("lte")?]))
    }

    fn holds(&self, at: i64) -> bool {
        let [gt, gte, lt, lte] = self.0;
        gt.is_none_or(|b| at > b)
            && gte.is_none_or(|b| at >= b)
            && lt.is_none_or(|b| at < b)
            && lte.is_none_or(|b| at <= b)
    }
}

fn row(state: &State, entry: &AuditEntry) -> Value {
    let mut row = Map::new();
    row.insert("id".into(), json!(entry.id));
    row.insert("type".into(), json!(entry.what));
    row.insert("effective_at".into(), json!(entry.at.secs()));
    if let Some(project) = entry.project.as_deref().and_then(|id| state.project(id)) {
        row.insert("project".into(), json!({"id": project.id, "name": project.name}));
    }
    row.insert("actor".into(), actor(&entry.actor));
    row.insert(entry.what.clone(), entry.details.clone());
    Value::Object(row)
}

fn actor(actor: &Actor) -> Value {
    match actor {
        Actor::Session { user, email, ip, country } => json!({
            "type": "session",
            "session": {
                "user": {"id": user, "email": email},
                "ip_address": ip,
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
                "ip_address_details": {"country": country},
            },
        }),
        Actor::ApiKey { key, owner } => json!({
            "type": "api_key",
            "api_key": {"id": key, "type": "user", "user": {"id": owner}},
        }),
    }
}
