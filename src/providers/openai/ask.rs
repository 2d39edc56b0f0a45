//! Requests: verbs, safe path segments, query names.
//!
//! Must not know: answers. Every admin request is signed by the admin key.

use serde_json::Value;

use crate::base::fault::Result;
use crate::base::{Fault, SecretRef};
use crate::providers::{Auth, Method, Request};

fn request(method: Method, path: String) -> Request {
    let auth = Auth::Bearer(SecretRef::Admin);
    Request { method, path, query: Vec::new(), auth, body: None, capture: None, compare: None }
}

pub(super) fn get(path: impl Into<String>) -> Request {
    request(Method::Get, path.into())
}

pub(super) fn delete(path: impl Into<String>) -> Request {
    request(Method::Delete, path.into())
}

pub(super) fn post(path: impl Into<String>, body: Value) -> Request {
    Request { body: Some(body), ..request(Method::Post, path.into()) }
}

impl Request {
    /// One more query pair. The same name again makes an array, the vendor's plain form.
    pub(super) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }
}

/// `id` as one path segment. An id that would name another place (empty, `.`, `..`) is refused: what is deleted
/// must be what was meant.
pub(super) fn segment(id: &str) -> Result<String> {
    use std::fmt::Write as _;
    if matches!(id, "" | "." | "..") {
        return Err(Fault::input("an id is missing", format!("{id:?} names no object at OpenAI"))
            .hint("find the key's row again, then repeat this step"));
    }
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Ok(out)
}

pub(super) const PROJECTS: &str = "/organization/projects";
pub(super) const ADMIN_KEYS: &str = "/organization/admin_api_keys";

pub(super) fn keys_path(project: &str) -> Result<String> {
    Ok(format!("{PROJECTS}/{}/api_keys", segment(project)?))
}

pub(super) fn accounts_path(project: &str) -> Result<String> {
    Ok(format!("{PROJECTS}/{}/service_accounts", segment(project)?))
}

/// Without `owner_project_access=any` the vendor may leave out keys of owners who lost the project.
pub(super) fn list_keys(project: &str) -> Result<Request> {
    Ok(get(keys_path(project)?).with("limit", 100).with("owner_project_access", "any"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_in_its_segment() {
        assert_eq!(segment("proj_a-1").unwrap(), "proj_a-1");
        assert_eq!(segment("a/../b?c#d").unwrap(), "a%2F..%2Fb%3Fc%23d");
        for bad in ["", ".", ".."] {
            assert!(segment(bad).is_err(), "{bad:?}");
        }
    }
}
