//! What lies over the pane, and what it means for typing and scrolling.
//!
//! Must not know: how it is drawn.

use crate::base::SecretRef;

use super::{App, Asking, Palette, Reading, view};

/// What lies over the pane.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Overlay {
    #[default]
    None,
    Help {
        top: usize,
    },
    Palette(Palette),
    Log {
        top: usize,
    },
    Timeline {
        top: usize,
    },
    Reading(Box<Reading>),
    Asking(Box<Asking>),
}

impl App {
    /// A hidden line is open: what is typed now goes to the vault, not here.
    pub fn wants_secret(&self) -> Option<SecretRef> {
        match &self.overlay {
            Overlay::Asking(asking) => asking.wants_secret(),
            _ => None,
        }
    }

    /// What was drawn, and how far down it goes: nobody scrolls into the void, and has to scroll back out of it.
    pub fn drawn(&mut self, extent: view::Extent) {
        self.top = self.top.min(extent.pane);
        match &mut self.overlay {
            Overlay::Help { top } | Overlay::Log { top } | Overlay::Timeline { top } => *top = (*top).min(extent.over),
            Overlay::Reading(reading) => reading.top = reading.top.min(extent.over),
            Overlay::None | Overlay::Palette(_) | Overlay::Asking(_) => {}
        }
    }
}
