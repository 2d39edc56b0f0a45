//! A long thing in a pane of its own: a filter, and where it is scrolled to.
//!
//! Must not know: what it is.

use crate::stages::Listing;
use crate::ui::input::Input;
use crate::ui::{Code, Key};

use super::keys::scrolled;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub listing: Listing,
    pub top: usize,
    pub filter: Input,
    /// The filter is being typed.
    pub filtering: bool,
}

impl Reading {
    pub fn new(listing: Listing) -> Self {
        Self { listing, top: 0, filter: Input::default(), filtering: false }
    }

    /// `false`: it is closed. Esc drops the filter first.
    pub(super) fn key(&mut self, key: Key) -> bool {
        match key.code {
            Code::Char('c') if key.ctrl => return false,
            Code::Esc if self.filtering || !self.filter.text().is_empty() => {
                self.filtering = false;
                self.filter.clear();
                self.top = 0;
            }
            Code::Enter if self.filtering => self.filtering = false,
            _ if self.filtering => {
                if self.filter.key(&key) {
                    self.top = 0;
                }
            }
            Code::Char('/') => self.filtering = true,
            // A slip of the hand does not close what is being read.
            Code::Char(c) if !key.ctrl && !"jkgGq ".contains(c) => {}
            _ => return scrolled(key, self.top).map(|top| self.top = top).is_some(),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::Text;

    fn reading() -> Reading {
        let item = |words: &str| vec![Text::plain(words), Text::plain("remedy: rewrite")];
        Reading::new(Listing { title: "x".into(), items: vec![item("blob .env"), item("tag v0.2.0")] })
    }

    #[test]
    fn a_filter_is_typed_kept_dropped_and_only_then_it_closes() {
        let mut it = reading();
        for label in ["/", "t", "a", "g"] {
            assert!(it.key(Key::parse(label).unwrap()));
        }
        assert_eq!(it.listing.fitting(&it.filter.text()).count(), 1);
        assert!(it.key(Key::of(Code::Enter)) && !it.filtering);
        assert!(it.key(Key::char('j')) && it.top == 1);
        assert!(it.key(Key::of(Code::Esc)) && it.top == 0);
        assert_eq!(it.listing.fitting(&it.filter.text()).count(), 2);
        assert!(it.key(Key::char('m')), "another key does nothing");
        assert!(!it.key(Key::of(Code::Esc)));
        assert!(!reading().key(Key::char('q')));
    }
}
