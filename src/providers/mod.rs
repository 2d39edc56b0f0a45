//! L3: the vendors of keys. Sans-io: a provider says which request comes next and reads the answers.
//!
//! Must not know: sockets, secrets' bytes, screens, incidents, clocks, other providers.
//!
//! To add one: 1. write `src/providers/<id>.rs` with a `static` that implements [`Provider`];
//! 2. add its `mod` line; 3. add it to [`ALL`]. Its stand-in for drills is a file of the simulator.

pub mod openai;
pub mod prices;

use std::ops::Range;

use serde_json::Value;

use crate::base::{Fault, Fingerprint, KeyKind, SecretRef, Stamp};
use crate::effect::{ProviderOp, ProviderReply};

/// Every provider there is.
pub static ALL: [&dyn Provider; 1] = [&openai::OPENAI];

pub fn by_id(id: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|p| p.id() == id)
}

pub trait Provider: Sync {
    fn id(&self) -> &'static str;

    /// For people: `OpenAI`.
    fn name(&self) -> &'static str;

    /// Where keys of this provider's shape stand in `text`.
    fn spot(&self, text: &[u8]) -> Vec<Range<usize>>;

    /// Can `op` be done through the API, by hand, or not at all?
    fn support(&self, op: &ProviderOp, has_admin: bool) -> Support;

    /// The next request of `op`, given the exchanges so far; or its result. Pure: the same input gives the same turn.
    /// A transport failure is an exchange too: the provider decides whether it ends the whole.
    fn turn(&self, op: &ProviderOp, so_far: &[Exchange]) -> Turn;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Support {
    Api,
    ByHand(Instructions),
    Never(String),
}

/// How a person does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions {
    /// The page to open.
    pub page: String,
    pub steps: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    Send(Request),
    Done(ProviderReply),
    Fail(Fault),
}

/// A request without any secret in it: the shell fills the slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub method: Method,
    /// Below the provider's base URL, starting with `/`, path segments already encoded.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub auth: Auth,
    pub body: Option<Value>,
    /// A secret in the answer: taken to the vault and cut out before the provider sees the answer.
    pub capture: Option<Capture>,
    /// Compare each list item's redacted value with a secret: [`Answer::matched`].
    pub compare: Option<Compare>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// Who signs. More ways come with the platforms that want them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    Bearer(SecretRef),
}

/// `pointer` (RFC 6901) to the value in the answer; it goes to the vault as `role`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    pub pointer: String,
    pub role: SecretRef,
}

/// For each item of the array at `list`, its string `field` is held against the secret: the part before the first
/// run of dots, ellipses or asterisks must start it, the part after the last must end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    pub list: String,
    pub field: String,
    pub with: SecretRef,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    pub request: Request,
    pub answer: Result<Answer, Fault>,
}

/// An answer, scrubbed.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// `None` when the body is not JSON.
    pub json: Option<Value>,
    /// Start of a body that is not JSON, for a fault's words; never of an answer that was to carry a secret.
    pub snippet: Option<String>,
    pub request_id: Option<String>,
    /// Indices of the items that matched [`Request::compare`].
    pub matched: Vec<usize>,
    /// Print of the value taken by [`Request::capture`].
    pub captured: Option<Fingerprint>,
    /// The form of the key that signed: some endpoints take only one kind.
    pub signer: KeyKind,
    pub at: Stamp,
}
