//! Find the leaked key's row: every project, archived ones too, every owner, every page, and the admin keys.
//!
//! Must not know: the key. The shell holds each row's redacted value against it and says which rows fit.

use serde_json::Value;

use super::answer::{misshapen, text};
use super::ask::{ADMIN_KEYS, PROJECTS, get, list_keys};
use super::pages::{Cursor, Pages, items, walk};
use super::replay::{Replay, Step};
use super::rows::{self, Home};
use crate::base::fault::Result;
use crate::base::{FaultKind, SecretRef};
use crate::effect::ProviderReply;
use crate::effect::provider::{KeyReport, KeyRow, Owner};
use crate::providers::{Compare, Request};

/// Pages of 100 taken of one list.
pub(super) const MOST_PAGES: usize = 50;

/// A project as listed: id and name.
struct Project<'a> {
    id: &'a str,
    name: &'a str,
}

pub(super) fn locate(replay: &mut Replay<'_>) -> Step<ProviderReply> {
    let what = "list the projects";
    let first = get(PROJECTS).with("limit", 100).with("include_archived", true);
    let pages = walk(replay, &first, Cursor::After, MOST_PAGES, what)?.whole()?;
    let listed = pages.iter().flat_map(|page| items(page));
    let projects: Vec<Project<'_>> = listed
        .map(|json| Ok(Project { id: rows::id(json, what)?, name: text(json, "name") }))
        .collect::<Result<_>>()?;

    let mut lists = Vec::with_capacity(projects.len() + 1);
    for project in &projects {
        let pages = keys(replay, list_keys(project.id)?, "list the project's keys")?;
        lists.push((Home::Project { id: project.id, name: project.name }, pages));
    }
    let admin = keys(replay, get(ADMIN_KEYS).with("limit", 100), "list the admin keys")?;
    lists.push((Home::Organisation, admin));
    Ok(ProviderReply::Located(report(lists, projects.len())?))
}

fn keys<'a>(replay: &mut Replay<'a>, request: Request, what: &str) -> Step<Pages<'a>> {
    let compare = Compare { list: "/data".into(), field: "redacted_value".into(), with: SecretRef::Leaked };
    walk(replay, &Request { compare: Some(compare), ..request }, Cursor::After, MOST_PAGES, what)
}

/// Puts the lists together. A list that OpenAI refuses (an archived project, a permission the admin key lacks) is named and
/// hides no other; one that could not be read for any other reason ends the search, since it can be read by trying again.
fn report(lists: Vec<(Home<'_>, Pages<'_>)>, projects: usize) -> Result<KeyReport> {
    let mut all: Vec<(KeyRow, bool)> = Vec::new();
    let mut not_searched = Vec::new();
    let nothing_read = lists.iter().all(|(_, pages)| pages.got.is_empty());
    for (home, pages) in lists {
        if let Some(fault) = pages.fault {
            if nothing_read || fault.kind != FaultKind::Refused || fault.why.contains("invalid_api_key") {
                return Err(fault);
            }
            let place = match home {
                Home::Project { id, name: "" } => format!("project {id}"),
                Home::Project { name, .. } => format!("project {name}"),
                Home::Organisation => "the admin keys".to_owned(),
            };
            not_searched.push(format!("{place}: {}", fault.why));
        }
        for page in &pages.got {
            for (index, json) in items(page).iter().enumerate() {
                let row = key_row(json, home)?;
                // a page that shifted between two requests can show a row twice
                if !all.iter().any(|(known, _)| known.id == row.id && known.project_id == row.project_id) {
                    all.push((row, page.matched.contains(&index)));
                }
            }
        }
    }
    let keys_seen = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let (fitting, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, fits)| *fits);
    let matches: Vec<KeyRow> = fitting.into_iter().map(|(row, _)| row).collect();
    let same_owner = |a: &Owner, b: &Owner| !a.id.is_empty() && a.id == b.id && a.kind == b.kind;
    let siblings = others
        .into_iter()
        .map(|(row, _)| row)
        .filter(|row| matches.iter().any(|fit| same_owner(&fit.owner, &row.owner)))
        .collect();
    let projects = u32::try_from(projects).unwrap_or(u32::MAX);
    Ok(KeyReport { matches, siblings, projects, keys_seen, not_searched })
}

fn key_row(json: &Value, home: Home<'_>) -> Result<KeyRow> {
    let what = "list the keys";
    if !json.is_object() {
        return Err(misshapen(what, "an object in every item", 200));
    }
    rows::key(json, home, what)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{drive, ok, refused};
    use super::*;
    use crate::effect::ProviderOp;
    use crate::providers::Turn;

    fn key(id: &str, account: &str) -> Value {
        json!({"id": id, "name": id, "redacted_value": "sk-proj-ab...wxyz", "created_at": 1,
            "owner": {"type": "service_account", "service_account": {"id": account, "name": "CI"}}})
    }

    #[test]
    fn walks_all_projects_and_pages_and_the_admin_keys() {
        let mut asked = Vec::new();
        let turn = drive(&ProviderOp::Locate, |request| {
            asked.push(format!("{} {:?}", request.path, request.query));
            let after = request.query.iter().find(|(name, _)| name == "after").map(|(_, value)| value.as_str());
            match (request.path.as_str(), after) {
                (PROJECTS, None) => ok(json!({"data":[{"id":"p1","name":"one"}],"has_more":true,"last_id":"p1"})),
                (PROJECTS, Some("p1")) => ok(json!({"data":[{"id":"p2"}],"has_more":false})),
                ("/organization/projects/p1/api_keys", None) => ok(json!({"data":[key("k1","a")],"has_more":true})),
                ("/organization/projects/p1/api_keys", Some("k1")) => {
                    let mut answer = ok(json!({"data":[key("k2","a"), key("k3","b")],"has_more":false}));
                    answer.as_mut().unwrap().matched = vec![0];
                    answer
                }
                ("/organization/projects/p2/api_keys", None) => refused(404, "The project p2 was not found"),
                (ADMIN_KEYS, None) => ok(json!({"data":[]})),
                other => panic!("unexpected {other:?}"),
            }
        });
        let Turn::Done(ProviderReply::Located(report)) = turn else { panic!("{turn:?}") };
        assert_eq!(report.matches.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["k2"]);
        assert_eq!(report.siblings.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["k1"]);
        assert_eq!((report.projects, report.keys_seen), (2, 3));
        assert_eq!(report.not_searched.len(), 1, "{:?}", report.not_searched);
        assert!(report.not_searched[0].starts_with("project p2: "), "{:?}", report.not_searched);
        assert!(asked[0].contains("include_archived") && asked[2].contains("owner_project_access"), "{asked:?}");
    }

    #[test]
    fn a_server_without_end_is_stopped() {
        for same_cursor in [true, false] {
            let mut page = 0;
            let turn = drive(&ProviderOp::Locate, |_| {
                page += 1;
                let cursor = if same_cursor { "x".into() } else { format!("x{page}") };
                ok(json!({"data":[{"id":cursor}],"has_more":true,"last_id":cursor}))
            });
            let Turn::Fail(fault) = turn else { panic!("{turn:?}") };
            assert_eq!(fault.kind, FaultKind::Malformed);
            assert!(fault.why.contains("no end"), "{fault}");
            assert_eq!(page, if same_cursor { 2 } else { MOST_PAGES });
        }
    }

    #[test]
    fn trouble_that_may_pass_ends_the_search_and_says_where() {
        let turn = drive(&ProviderOp::Locate, |request| match request.path.as_str() {
            PROJECTS => ok(json!({"data":[{"id":"p1"}],"has_more":false})),
            _ => refused(503, "The server is overloaded"),
        });
        let Turn::Fail(fault) = turn else { panic!("{turn:?}") };
        assert_eq!((fault.kind, fault.what.as_str()), (FaultKind::Unreachable, "could not list the project's keys"));
    }

    #[test]
    fn a_wrong_shape_says_what_was_expected() {
        let turn = drive(&ProviderOp::Locate, |_| ok(json!({"projects": []})));
        let Turn::Fail(fault) = turn else { panic!("{turn:?}") };
        assert!(
            fault.kind == FaultKind::Malformed && fault.why.contains("\"data\"") && fault.why.contains("200"),
            "{fault}"
        );
    }
}
