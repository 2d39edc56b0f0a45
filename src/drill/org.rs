//! The organisation before the drill begins: projects, people, accounts, keys, and the audit log they left.
//!
//! Must not know: files, HTTP, traffic.

use serde_json::json;

use super::scenario::{OwnerSpec, Scenario};
use super::seed::Seed;
use super::state::{Account, Actor, AuditEntry, Class, NewKey, Origin, Owner, Project, State};
use crate::base::Stamp;

const DAY: i64 = 86_400;
const PEOPLE: [&str; 5] = ["mika", "tomasz", "aisha", "ren", "lucia"];
const USES: [&str; 8] = ["notebook", "eval", "ci", "search", "support-bot", "batch", "demo", "playground"];

/// The state of a fresh world.
pub fn build(scenario: &Scenario, seed: &Seed, start: Stamp, machine_start: Stamp) -> State {
    let mut state = State::empty(seed, start, machine_start, scenario.faults.len());
    for (i, spec) in (0_i64..).zip(&scenario.projects) {
        let created = start.plus_secs(-DAY * (400 - 20 * i));
        let id = state.id("proj_", 24);
        let archived = spec.archived.then(|| start.plus_secs(-30 * DAY));
        state.projects.push(Project { id, name: spec.name.clone(), created, archived });
    }
    let root = person(&mut state, "owner", start);
    state.mint(NewKey {
        name: "on-call admin".into(),
        class: Class::Admin,
        origin: Origin::Admin,
        project: String::new(),
        owner: root,
        hidden: false,
        created: start.plus_secs(-90 * DAY),
    });
    bystanders(scenario, &mut state, start);
    leaked(scenario, &mut state, start);
    audit(scenario, &mut state, start);
    state
}

fn person(state: &mut State, name: &str, start: Stamp) -> Owner {
    Owner {
        id: state.id("user-", 24),
        name: name.to_owned(),
        email: format!("{name}@drill.example"),
        account: false,
        created: start.plus_secs(-380 * DAY),
    }
}

fn bystanders(scenario: &Scenario, state: &mut State, start: Stamp) {
    let people: Vec<Owner> = PEOPLE.iter().map(|name| person(state, name, start)).collect();
    let mut use_of = USES.iter().cycle();
    let mut next = people.iter().cycle();
    for (spec, project) in scenario.projects.iter().zip(state.projects.clone()) {
        for i in 0..spec.keys + spec.hidden_keys {
            let (Some(owner), Some(purpose)) = (next.next(), use_of.next()) else { continue };
            state.mint(NewKey {
                name: format!("{}-{purpose}-{}", owner.name, i + 1),
                class: Class::Project,
                origin: Origin::Bystander,
                project: project.id.clone(),
                owner: owner.clone(),
                hidden: i >= spec.keys,
                created: start.plus_secs(-DAY * (200 - i64::from(i) % 150)),
            });
        }
    }
}

fn leaked(scenario: &Scenario, state: &mut State, start: Stamp) {
    let key = &scenario.key;
    let created = start.plus_secs(-DAY * i64::from(key.age_days));
    let project = state.projects.iter().find(|p| p.name == key.project).map(|p| p.id.clone()).unwrap_or_default();
    let (owner, class) = match key.owner {
        OwnerSpec::User => {
            let person = person(state, &key.owner_name, start);
            (Owner { email: key.email.clone(), ..person }, Class::Project)
        }
        OwnerSpec::ServiceAccount => {
            let account = account(state, &project, &key.owner_name, created);
            (owned_by(&account), Class::ServiceAccount)
        }
    };
    let all = std::iter::once((&key.name, Origin::Leaked)).chain(key.siblings.iter().map(|s| (s, Origin::Sibling)));
    for (name, origin) in all {
        let (project, owner) = (project.clone(), owner.clone());
        state.mint(NewKey { name: name.clone(), class, origin, project, owner, hidden: false, created });
    }
}

/// A new service account in `project`.
pub fn account(state: &mut State, project: &str, name: &str, created: Stamp) -> Account {
    let id = state.id("svc_acct_", 20);
    let (name, project) = (name.to_owned(), project.to_owned());
    let account = Account { id, name, project, role: "member".into(), created, deleted: None };
    state.accounts.push(account.clone());
    account
}

pub fn owned_by(account: &Account) -> Owner {
    Owner {
        id: account.id.clone(),
        name: account.name.clone(),
        email: String::new(),
        account: true,
        created: account.created,
    }
}

/// The leaked key's making, the scenario's own lines and an ordinary week of logins; oldest first.
fn audit(scenario: &Scenario, state: &mut State, start: Stamp) {
    let mut entries = Vec::new();
    let mut session = |state: &mut State, at, what: &str, email: &str, ip: &str, country: &str, details| {
        let user = state.id("user-", 24);
        let id = state.id("audit_log-", 24);
        let actor = Actor::Session { user, email: email.to_owned(), ip: ip.to_owned(), country: country.to_owned() };
        entries.push(AuditEntry { id, at, what: what.to_owned(), actor, project: None, details });
    };
    for day in (1..=7).rev() {
        for (i, name) in (0_i64..).zip(PEOPLE) {
            let at = start.plus_secs(-DAY * day + 1800 * i);
            let email = format!("{name}@drill.example");
            session(state, at, "login.succeeded", &email, &format!("192.0.2.{}", 10 + i), "NL", json!({}));
        }
    }
    for spec in &scenario.audit {
        let at = start.plus_secs(-60 * i64::from(spec.minutes_before));
        session(state, at, &spec.what, &spec.email, &spec.ip, &spec.country, json!({}));
    }
    if let Some(key) = state.leaked().cloned() {
        let email = if key.owner.account { "owner@drill.example" } else { &key.owner.email };
        let details = json!({"id": key.id, "data": {"scopes": []}});
        session(state, key.created, "api_key.created", email, "192.0.2.10", "NL", details);
    }
    entries.sort_by_key(|entry| entry.at);
    state.audit = entries;
}
