//! Projects: list, one, create, archive. Fact: a project can be archived, never deleted.
//!
//! Must not know: keys and accounts.

use axum::body::Bytes;
use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, body, note};
use super::problem::Problem;
use super::{Answer, Shared, lists};
use crate::drill::state::{Project, State};

pub(super) async fn list(Extract(sim): Extract<Shared>, call: Call) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        let archived = call.query.flag("include_archived");
        let rows = state.projects.iter().filter(|p| archived || p.archived.is_none()).map(row).collect();
        Ok(lists::page(rows, &call.query, 100)?.into())
    })
}

pub(super) async fn one(Extract(sim): Extract<Shared>, Path(id): Path<String>, call: Call) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        Ok(row(known(state, &id)?).into())
    })
}

#[derive(Deserialize)]
struct New {
    name: String,
}

pub(super) async fn create(Extract(sim): Extract<Shared>, call: Call, bytes: Bytes) -> Answer {
    sim.answer(|state, now| {
        let by = call.admin(&sim, state, now)?;
        let new: New = body(&bytes)?;
        let id = state.id("proj_", 24);
        let project = Project { id, name: new.name, created: now, archived: None };
        state.projects.push(project.clone());
        let details = json!({"id": project.id, "data": {"name": project.name, "title": project.name}});
        note(state, &by, now, "project.created", Some(&project.id), details);
        Ok(row(&project).into())
    })
}

pub(super) async fn archive(Extract(sim): Extract<Shared>, Path(id): Path<String>, call: Call) -> Answer {
    sim.answer(|state, now| {
        let by = call.admin(&sim, state, now)?;
        let project =
            state.projects.iter_mut().find(|p| p.id == id).ok_or_else(|| Problem::not_found("Project", &id))?;
        project.archived.get_or_insert(now);
        let answer = row(project);
        note(state, &by, now, "project.archived", Some(&id), json!({"id": id}));
        Ok(answer.into())
    })
}

/// The project of that id, or the vendor's 404.
pub(super) fn known<'a>(state: &'a State, id: &str) -> Result<&'a Project, Problem> {
    state.project(id).ok_or_else(|| Problem::not_found("Project", id))
}

fn row(project: &Project) -> Value {
    json!({
        "id": project.id,
        "object": "organization.project",
        "name": project.name,
        "created_at": project.created.secs(),
        "archived_at": project.archived.map(crate::base::Stamp::secs),
        "status": if project.archived.is_some() { "archived" } else { "active" },
    })
}
