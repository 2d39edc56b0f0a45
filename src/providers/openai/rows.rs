//! Keys, their owners and service accounts as the API lists them, in our own words.
//!
//! Must not know: how they were fetched. Fields the vendor calls optional, or that older servers leave out, may be missing.

use serde_json::Value;

use super::answer::{misshapen, text};
use crate::base::Stamp;
use crate::base::fault::Result;
use crate::effect::provider::{KeyRow, Owner, OwnerKind};

/// Where a row was found: a project, or the organisation's admin keys.
#[derive(Debug, Clone, Copy)]
pub(super) enum Home<'a> {
    Project { id: &'a str, name: &'a str },
    Organisation,
}

impl<'a> Home<'a> {
    pub(super) fn of(row: &'a KeyRow) -> Self {
        if row.admin { Self::Organisation } else { Self::Project { id: &row.project_id, name: &row.project_name } }
    }
}

/// `ProjectApiKey` or `AdminApiKey` of the spec. Only the id is indispensable.
pub(super) fn key(json: &Value, home: Home<'_>, what: &str) -> Result<KeyRow> {
    let (project_id, project_name, admin) = match home {
        Home::Project { id, name } => (id, name, false),
        Home::Organisation => ("", "", true),
    };
    Ok(KeyRow {
        id: id(json, what)?.to_owned(),
        name: text(json, "name").to_owned(),
        redacted: text(json, "redacted_value").to_owned(),
        project_id: project_id.to_owned(),
        project_name: project_name.to_owned(),
        created: stamp(json, "created_at"),
        last_used: stamp(json, "last_used_at"),
        owner: owner(json.get("owner").unwrap_or(&Value::Null)),
        admin,
    })
}

/// A project key nests its owner under the type's name, an admin key does not. The type itself is optional.
fn owner(json: &Value) -> Owner {
    let (user, account) = (json.get("user"), json.get("service_account"));
    let kind = match (text(json, "type"), user.is_some(), account.is_some()) {
        ("user", ..) | ("", true, false) => OwnerKind::User,
        ("service_account", ..) | ("", false, true) => OwnerKind::ServiceAccount,
        _ => OwnerKind::Unknown,
    };
    let inner = match kind {
        OwnerKind::User => user.unwrap_or(json),
        OwnerKind::ServiceAccount => account.unwrap_or(json),
        OwnerKind::Unknown => json,
    };
    let names = [text(inner, "email"), text(inner, "name"), text(inner, "id")];
    let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    Owner { kind, id: text(inner, "id").to_owned(), name: name.to_owned() }
}

pub(super) fn id<'a>(json: &'a Value, what: &str) -> Result<&'a str> {
    match text(json, "id") {
        "" => Err(misshapen(what, "an \"id\" in every item", 200)),
        id => Ok(id),
    }
}

/// Unix seconds; a float is forgiven.
pub(super) fn stamp(json: &Value, name: &str) -> Option<Stamp> {
    let value = json.get(name)?;
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are wanted, and the cast saturates")]
    value.as_i64().or_else(|| value.as_f64().map(|secs| secs as i64)).map(Stamp::from_secs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn owners_in_every_form() {
        let cases = [
            (json!({"type":"user","user":{"id":"u1","email":"a@b.c","name":"A"}}), OwnerKind::User, "u1", "a@b.c"),
            (
                json!({"type":"service_account","service_account":{"id":"s1","name":"CI"}}),
                OwnerKind::ServiceAccount,
                "s1",
                "CI",
            ),
            (json!({"service_account":{"id":"s1","name":"CI"}}), OwnerKind::ServiceAccount, "s1", "CI"),
            (json!({"type":"user","object":"organization.user","id":"u2","name":"Bo"}), OwnerKind::User, "u2", "Bo"),
            (json!({"type":"robot","id":"r"}), OwnerKind::Unknown, "r", "r"),
            (Value::Null, OwnerKind::Unknown, "", ""),
        ];
        for (json, kind, id, name) in cases {
            assert_eq!(owner(&json), Owner { kind, id: id.into(), name: name.into() }, "{json}");
        }
    }

    #[test]
    fn only_the_id_is_indispensable() {
        let home = Home::Project { id: "p", name: "P" };
        let row = key(&json!({"id":"key_1","extra":{"x":[1]}}), home, "x").unwrap();
        assert_eq!((row.id.as_str(), row.last_used, row.admin), ("key_1", None, false));
        assert!(key(&json!({"name":"n"}), home, "list keys").unwrap_err().why.contains("\"id\""));
    }
}
