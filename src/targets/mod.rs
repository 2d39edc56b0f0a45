//! L3: the kinds of place that hold a key. Sans-io: a target says what to do with a file or a service and reads the answer.
//!
//! Must not know: the disk, sockets, secrets' bytes, screens, incidents.
//!
//! To add one: 1. write `src/targets/<id>.rs` with a `static` that implements [`Target`]; 2. add its `mod` line;
//! 3. add it to [`ALL`].

pub mod dotenv;

use std::ops::Range;

use crate::base::Fault;
use crate::effect::TargetOp;

/// Every kind of target there is.
pub static ALL: [&dyn Target; 1] = [&dotenv::DOTENV];

pub fn by_id(id: &str) -> Option<&'static dyn Target> {
    ALL.iter().copied().find(|t| t.id() == id)
}

pub trait Target: Sync {
    fn id(&self) -> &'static str;

    /// For people: `env file`.
    fn name(&self) -> &'static str;

    /// Can `op` be done by the program, by hand, or not at all?
    fn support(&self, op: &TargetOp) -> Support;

    /// How the shell goes about it. A file target yields a file plan; a service will yield requests with slots.
    fn plan(&self, op: &TargetOp) -> Result<Job, Fault>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Support {
    Automatic,
    ByHand(Vec<String>),
    Never(String),
}

/// What the shell is to do.
#[derive(Clone, Copy)]
pub enum Job {
    /// Work on files of this format.
    File(&'static dyn FileFormat),
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(_) => f.write_str("File"),
        }
    }
}

/// How values stand in a kind of file. Pure lexing over bytes it is handed; it keeps nothing.
pub trait FileFormat: Sync {
    /// Is a file of this name (without directories) worth opening?
    fn claims(&self, file_name: &str) -> bool;

    /// Every assignment, in order.
    fn spans(&self, content: &[u8]) -> Result<Vec<Span>, Fault>;

    /// `value` written the way `like` is quoted, or why it can't be.
    fn encode(&self, value: &[u8], like: Quote) -> Result<zeroize::Zeroizing<Vec<u8>>, Fault>;

    /// What a program that loads the file gets for the bytes of a span's value.
    fn decode(&self, raw: &[u8], quote: Quote) -> zeroize::Zeroizing<Vec<u8>>;

    /// What a person should know before a new key goes to the spans of `spans` that `holding` counts.
    fn judge(&self, file_name: &str, spans: &[Span], holding: &[usize]) -> Judgement;
}

/// A format's word on whether a new key belongs there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// Why a new key must not be written there.
    pub blocked: Option<String>,
    pub warnings: Vec<String>,
}

/// One assignment: `export NAME="value" # comment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub name: String,
    /// 1-based line of the name.
    pub line: u32,
    /// The value's bytes, without its quotes.
    pub value: Range<usize>,
    pub quote: Quote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    None,
    Single,
    Double,
    Backtick,
}
