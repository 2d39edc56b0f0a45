//! Hidden values on their way into the vault: given by a person, or made by a colleague.
//!
//! Must not know: who typed them.

use std::collections::BTreeSet;

use crate::app::Msg;
use crate::base::fault::Result;
use crate::base::{Fault, Secret, SecretRef};
use crate::incident::Event;
use crate::shell::input::{ANYWAY, Given, Taken, foreign};
use crate::shell::writer::Command;

use super::{Engine, FrontOrder, In};

/// What is said when [`Engine::ask_colleague`] asked somebody.
pub const ASKED: &str = "asked your colleague for a new key; it comes by itself";

impl Engine {
    /// Something was typed or pasted into a hidden line. What does not look like a key of the provider is taken only
    /// when the person insists.
    pub fn given(&mut self, role: SecretRef, given: Result<Given>) -> Vec<FrontOrder> {
        let doubted = self.doubted.take().filter(|(of, _)| *of == role);
        let taken = match (given, doubted) {
            (Ok(Given::Key(taken)), _) => match foreign(&taken.secret, self.app.setup.provider) {
                None => taken,
                Some(fault) => {
                    self.doubted = Some((role, taken));
                    let way = format!("paste again, or type `{ANYWAY}` to take it all the same");
                    return self.put(Msg::NotTaken(fault.hint(way)));
                }
            },
            (Ok(Given::Anyway), Some((_, taken))) => taken,
            (Ok(Given::Anyway), None) => {
                let why = format!("`{ANYWAY}` takes the key before it, and there is none");
                return self.put(Msg::NotTaken(Fault::input("this is not a key", why)));
            }
            (Err(fault), _) => return self.put(Msg::NotTaken(fault)),
        };
        let Taken { secret, cut, .. } = taken;
        self.app.took_as = cut;
        self.took(role, secret)
    }

    pub fn drop_doubted(&mut self) {
        self.doubted = None;
    }

    pub fn doubts(&self) -> bool {
        self.doubted.is_some()
    }

    /// A hidden value was given: it goes to the vault, its print to the journal.
    pub fn took(&mut self, role: SecretRef, secret: Secret) -> Vec<FrontOrder> {
        let print = secret.fingerprint(self.vault.salt());
        if role == SecretRef::Replacement && print.hash == self.app.incident.opened.key.hash {
            let fault = Fault::input("this key was not taken", "it is the leaked one")
                .hint("make a new key on the provider's page and paste that");
            return self.put(Msg::NotTaken(fault));
        }
        let print = self.vault.put(role, secret);
        let mut asked = self.put(Msg::Held(self.held()));
        self.send(Command::Append(Event::Took { role, print }));
        asked.extend(self.put(Msg::Now(self.clock.now())));
        asked
    }

    /// Asks the colleague of a drill for a key, instead of a paste. `false`: there is nobody to ask.
    pub fn ask_colleague(&mut self) -> bool {
        let Some(beside) = &mut self.beside else { return false };
        let name = crate::stages::issue::name(&self.app.view("issue"));
        let made = beside.made_key(name);
        self.app.asked = Some(self.app.now);
        let out = self.sender.clone();
        self.helpers += 1;
        tokio::spawn(async move {
            let _ = out.send(In::Made(made.await));
        });
        true
    }

    pub fn held(&self) -> BTreeSet<SecretRef> {
        [SecretRef::Leaked, SecretRef::Replacement, SecretRef::Admin]
            .into_iter()
            .filter(|r| self.vault.has(*r))
            .collect()
    }
}
