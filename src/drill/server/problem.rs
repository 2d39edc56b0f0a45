//! Error answers in the vendor's shape: `{"error":{message,type,param,code}}`, all four always present.
//!
//! Must not know: which endpoint is asked.

use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) error: Error,
    pub(super) retry_after: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(super) struct Error {
    pub(super) message: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) param: Option<String>,
    pub(super) code: Option<&'static str>,
}

#[derive(Serialize)]
struct Body {
    error: Error,
}

impl Problem {
    pub(super) fn new(status: StatusCode, kind: &'static str, code: Option<&'static str>, message: String) -> Self {
        Self { status, error: Error { message, kind, param: None, code }, retry_after: None }
    }

    pub(super) fn bad_request(message: impl Into<String>, param: Option<&str>) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", None, message.into());
        problem.error.param = param.map(str::to_owned);
        problem
    }

    pub(super) fn not_found(what: &str, id: &str) -> Self {
        let message = format!("{what} with ID {id} not found.");
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", Some("not_found"), message)
    }

    pub(super) fn unauthorized(code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", code, message.into())
    }

    pub(super) fn internal(why: &str) -> Self {
        let message = format!("The server had an error while processing your request. {why}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", None, message.trim().to_owned())
    }

    /// The answer to a key that is no key (any more): it echoes its first characters and its last four.
    pub(super) fn incorrect_key(token: &str) -> Self {
        let shown = masked(token);
        let message = format!(
            "Incorrect API key provided: {shown}. You can find your API key at \
             https://platform.openai.com/account/api-keys."
        );
        Self::unauthorized(Some("invalid_api_key"), message)
    }
}

/// `sk-proj-****…****9f3a`, as long as the value itself.
fn masked(token: &str) -> String {
    let chars: Vec<char> = token.chars().collect();
    if chars.len() < 20 {
        return "*".repeat(chars.len());
    }
    let last = chars.len() - 4;
    let keep = |(i, c): (usize, &char)| if i < 8 || i >= last { *c } else { '*' };
    chars.iter().enumerate().map(keep).collect()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(Body { error: self.error })).into_response();
        if let Some(secs) = self.retry_after {
            response.headers_mut().insert("retry-after", secs.into());
        }
        response
    }
}

pub(super) async fn no_such_url(method: Method, uri: Uri) -> Problem {
    let message = format!("Invalid URL ({method} {})", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "invalid_request_error", None, message)
}

pub(super) async fn no_such_method(method: Method, uri: Uri) -> Problem {
    let message = format!("Not allowed to {method} on {}.", uri.path());
    let code = Some("method_not_supported");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request_error", code, message)
}
