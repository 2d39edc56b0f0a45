//! What does not change while the program runs.
//!
//! Must not know: where it was read from.

use crate::incident::playbook::Playbook;
use crate::providers::Provider;
use crate::providers::prices::Prices;

/// What does not change while the program runs.
#[derive(Debug, Clone)]
pub struct Setup {
    pub provider: &'static dyn Provider,
    pub playbooks: Vec<Playbook>,
    pub prices: Prices,
    /// What stands in the header: `friday-push`, or nothing.
    pub label: String,
    /// Only looking: another process holds the journal.
    pub observe: bool,
    /// How many of the incident's seconds pass in one of the reader's; 1 but in a drill.
    pub pace: u32,
}

impl std::fmt::Debug for dyn Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}
