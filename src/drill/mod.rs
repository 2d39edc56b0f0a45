//! L6: the drill. A simulator on loopback that speaks the vendor's endpoints from its own reading of the published facts,
//! the seeded world around it (repository, remote, env files, services), the attacker, the scenarios and the score.
//!
//! Must not know: `providers`, `targets`, `shell`, `git`. The product under test meets the drill over real HTTP and real
//! files only; were the two to share code, a misreading would pass unseen. They share one clock handle.
//!
//! To add a scenario: 1. write `assets/drills/<id>.toml`; 2. add its line to [`scenario::SHIPPED`].
//! To add an endpoint: 1. write a handler in a file of `server/`; 2. add its route in `server/mod.rs`.

pub mod attacker;
pub mod checks;
pub mod key;
pub mod org;
pub mod places;
pub mod prices;
pub mod repo;
pub mod scenario;
pub mod score;
pub mod script;
pub mod seed;
pub mod server;
pub mod spec;
pub mod state;
pub mod truth;
pub mod world;

pub use scenario::Scenario;
pub use score::{Sheet, score};
pub use script::Script;
pub use truth::Truth;
pub use world::{Brief, Colleague, Inject, World, open_clock};
