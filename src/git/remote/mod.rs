//! The world outside the repository, through the user's own `git`: what the remotes hold, pushing the clean history,
//! what a server still serves afterwards, and whether the old history came back.
//!
//! Must not know: how the clean history was made. Nothing here moves a local ref but remote-tracking ones.
//!
//! `ask` talks to a remote, `there` sorts its refs, `survey` looks before a rewrite, `push` (calls in
//! `send`, read by `verdict`) moves refs, `after` looks again. What is not here is fetched
//! into a throw-away repository (`room`) and looked into there (`strange`); `forks` looks beside a remote on this machine.
//! `outline` keeps the plan's own words for all that comes later.

mod after;
mod ask;
mod forks;
pub(super) mod outline;
mod push;
mod room;
mod send;
mod strange;
mod survey;
mod there;
mod verdict;

pub(super) use after::after;
pub(super) use ask::remotes;
pub(super) use push::{look, push};
pub(super) use survey::{look_at, survey};
