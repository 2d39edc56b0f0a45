//! L0: words everybody uses. Ids, instants, secrets and their fingerprints, faults.
//!
//! Must not know: anything above it. No file, no socket, no screen.

pub mod clock;
pub mod fault;
pub mod fingerprint;
pub mod id;
pub mod paste;
pub mod secret;
pub mod stamp;
pub mod words;

pub use clock::Clock;
pub use fault::{Fault, FaultKind};
pub use fingerprint::{Fingerprint, KeyKind};
pub use secret::{Scrubber, Secret, SecretRef};
pub use stamp::Stamp;
